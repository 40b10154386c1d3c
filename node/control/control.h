#ifndef WEIR_NODE_CONTROL_H
#define WEIR_NODE_CONTROL_H
/*
 * The control thread of a node. It keeps the newest roster (roster_keeper.h) and hands it to the
 * workers, probes the analyzers, and tells each second what the node sees of itself.
 *
 *   events (a hint) --+
 *   a worker's wish --+--> roster_keeper --news--> every worker's mailbox, prober, watch
 *   every 2 s --------+
 */
#include "node/watch/watch.h"
#include "node/worker.h"

struct control;

/* Borrows all; shards: those of the workers. NULL: out of memory. */
struct control *control_new(struct node_shared *shared, struct worker *workers,
			    const struct metrics_shard *const *shards, unsigned n_workers,
			    struct watch *watch);
int control_start(struct control *c) MUST_CHECK;
/* Stops the thread and frees. */
void control_free(struct control *c);

/* From any thread: a reference to the newest roster; NULL: none yet. */
struct roster *control_roster(struct control *c);
/* From any thread: something changed, look now. */
void control_refresh(struct control *c);

#endif
