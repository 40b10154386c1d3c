#ifndef WEIR_NODE_SPILL_LOOK_H
#define WEIR_NODE_SPILL_LOOK_H
/*
 * Looks after the spill and the dead letters once a second (lua/spill_look.lua). Where they are on a
 * server of their own, what it sees there is kept for the registry, and events are brought to the
 * registry's journal. That server has a connection of its own: the registry's never waits for it.
 */
#include "node/shared.h"
#include "registry/redis/link.h"

struct spill_look_config {
	struct event_base *base; /* borrowed, as all of these */
	struct node_shared *shared;
	struct link *registry;
	void (*on_lost)(void *arg, const char *keys); /* "spill spill_total" */
	void *arg;
};

struct spill_look;

/* NULL: out of memory. */
struct spill_look *spill_look_new(const struct spill_look_config *config);
/* Before the registry's link is freed. */
void spill_look_free(struct spill_look *s);
/* Asks, unless the last answer is still to come. */
void spill_look_turn(struct spill_look *s);
/* What there was, behind the other arguments of lua/mend.lua; nothing where it is the registry's.
 * Borrowed until the next turn of the loop. */
void spill_look_add_args(struct spill_look *s, struct script_args *args);

#endif
