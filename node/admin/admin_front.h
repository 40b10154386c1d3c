#ifndef WEIR_NODE_ADMIN_FRONT_H
#define WEIR_NODE_ADMIN_FRONT_H
/*
 * The admin port's own thread: it accepts, reads whole requests within limits, and hands them to
 * the pool. So slow clients hold a place among the connections, and never a thread.
 */
#include "node/admin/admin_conn.h"

struct admin_front_config {
	struct watch *watch; /* borrowed, as all of these */
	struct metrics_shard *metrics;
	/* On the front's thread, which it must not block: what becomes of the request. */
	enum admin_way (*decide)(void *arg, struct admin_request *rq);
	/* On a thread of the pool: answers it. */
	void (*serve)(void *arg, struct admin_request *rq);
	void *arg;
};

struct admin_front;
/* *addr: where to listen, then where it listens. Negative errno. */
int admin_front_new(const struct admin_front_config *config, struct net_addr *addr,
		    struct admin_front **frontp) MUST_CHECK;
void admin_front_free(struct admin_front *f);

#endif
