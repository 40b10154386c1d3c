#ifndef WEIR_NODE_ADMIN_H
#define WEIR_NODE_ADMIN_H
/*
 * The admin port, on civetweb's threads: page, API, metrics, health. Handlers read snapshots and
 * atomics; those that change the registry, and the cluster view, call Redis on a connection of
 * their own. What the dashboard shows is the watch's.
 */
#include "node/control/control.h"
#include "node/watch/watch.h"

struct admin;

struct admin_config {
	struct node_shared *shared; /* borrowed, as all of these */
	struct control *control;
	struct watch *watch;
	const struct metrics_shard *const *shards;
	unsigned n_shards;
};

/* Negative errno; the reason is logged. */
int admin_start(const struct admin_config *config, struct admin **adminp) MUST_CHECK;
void admin_stop(struct admin *admin);

#endif
