#ifndef WEIR_NODE_ROSTER_KEEPER_H
#define WEIR_NODE_ROSTER_KEEPER_H
/*
 * Keeps the newest roster of the pool. It asks Redis for it, registers again what Redis has lost,
 * and removes analyzers that have been silent for long.
 *
 *   roster_keeper_ask --> roster.lua --> newer? --> on_news
 *                            ^             |
 *                            |             +--> older (Redis lost it): register again what is known
 *                            +------------------------------------------+
 *
 * All of it is for the control thread, but roster_keeper_roster is for any.
 */
#include "node/control/spill_look.h"
#include "node/shared.h"
#include "registry/redis/link.h"
#include "registry/roster.h"

struct roster_keeper_config {
	struct node_shared *shared; /* borrowed, as the link */
	struct link *link;
	/* Adds what this node alone knows, before anybody sees the roster. */
	void (*dress)(void *arg, struct roster *roster);
	/* The roster has another epoch than the one before, or was asked for anew; it is borrowed. */
	void (*on_news)(void *arg, struct roster *roster);
	/* A call to Redis had no good answer: link_error says why. */
	void (*on_failure)(void *arg);
	void *arg;
};

struct roster_keeper;

/* NULL: out of memory. */
struct roster_keeper *roster_keeper_new(const struct roster_keeper_config *config);
/* The link's pending calls are gone before: free the link first. */
void roster_keeper_free(struct roster_keeper *k);

/* From any thread: a reference to the newest roster; NULL: none yet. */
struct roster *roster_keeper_roster(struct roster_keeper *k);
/* The control thread's own view of it, borrowed until the next call of the link; NULL: none yet. */
const struct roster *roster_keeper_peek(const struct roster_keeper *k);

/* Something may have changed. One call is under way at most; another follows it where it must. */
void roster_keeper_ask(struct roster_keeper *k);
/* The same roster is read again and dressed anew. */
void roster_keeper_renew(struct roster_keeper *k);
/* The link is down: the answer of the call under way does not come. */
void roster_keeper_on_down(struct roster_keeper *k);
/* Each second, once there is a roster: has the registry lost anything, or whom this node knows? */
void roster_keeper_mend(struct roster_keeper *k, struct spill_look *spill_look);

#endif
