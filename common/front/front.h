#ifndef WEIR_COMMON_FRONT_H
#define WEIR_COMMON_FRONT_H
/*
 * A small server of HTTP/1.1, and of HTTP/2 where it is told so. Its own thread accepts, reads whole requests within limits, and hands
 * them to a pool of threads. So slow clients hold a place among the connections, and never a thread.
 */
#include "common/front/front_config.h"

struct front;

#define FRONT_MAX_PORTS 3

struct front_port {
	struct net_addr *addr; /* where to listen, then where it listens; borrowed by front_new */
	bool is_tls;
};

/* 1 to FRONT_MAX_PORTS of them. Copies config; borrows what it points to. Negative errno. */
int front_new(const struct front_config *config, const struct front_port *ports, unsigned n_ports,
	      struct front **frontp) MUST_CHECK;
/* From now on connections are closed after an answer. Any thread. */
void front_drain(struct front *f);
/* Connections of HTTP/2 are open, which hear of the drain twice, the second time after a second. Any thread. */
bool front_has_h2(const struct front *f);
/* Waits for the requests that are being served. */
void front_free(struct front *f);

#endif
