#ifndef WEIR_NODE_DEAD_LETTER_H
#define WEIR_NODE_DEAD_LETTER_H
/*
 * A packet that an analyzer refuses as bad, or that is poison, goes to the stream `dead` of its pool.
 *
 *   bury --> queue --> [call] --Redis has it--------------------------> on_end: REFUSAL_NONE
 *                         |-----full, refused, no answer (in time)----> on_end: why
 *
 * One call at a time for small packets, and one for large ones. What Redis stored although the agent
 * was refused is taken back (spill_undo.h).
 */
#include <event2/event.h>

#include "node/http/refusal.h"
#include "node/spill/spill_size.h"
#include "node/spill/spill_undo.h"

struct dead_letters_config {
	struct event_base *base;        /* borrowed, as all of these */
	struct link *link[SPILL_SIZES]; /* for each size of packets */
	const char *node_id;
	const char *worker;  /* node/index */
	uint64_t timeout_us; /* no packet waits longer for Redis while no byte moves */
	/* Exactly once for each packet, perhaps from inside dead_letters_bury. NONE: Redis has it. */
	void (*on_end)(void *arg, struct packet *p, enum refusal refusal);
	void *arg;
};

enum dead_way_state {
	DEAD_IDLE,
	DEAD_BURYING, /* `first` is with Redis */
	DEAD_OVERDUE, /* an answer is still to come, too late */
	DEAD_UNDOING, /* what was stored and refused is taken back */
	DEAD_WAY_STATES
};

struct burial;

struct dead_letters {
	struct dead_letters_config config;
	struct dead_way {
		struct dead_letters *letters;
		enum spill_size size;
		enum dead_way_state state;
		struct burial *first, **lastp; /* those that wait; the first may be with Redis */
		struct spill_undo undo;
		uint64_t started_us;       /* of the call */
		uint64_t refused_until_us; /* Redis refused; do not ask again before that */
	} ways[SPILL_SIZES];
	struct event *timer; /* a call may be overdue */
};

int dead_letters_init(struct dead_letters *d, const struct dead_letters_config *config) MUST_CHECK;
/* What is left is refused. After the links have been closed. */
void dead_letters_deinit(struct dead_letters *d);
/* Borrows p until on_end. The letter has `reason`, and what the analyzer said (suspicion.h). */
void dead_letters_bury(struct dead_letters *d, struct packet *p, const char *analyzer,
		       const char *reason);
/* At the end of each turn of the loop. */
void dead_letters_turn(struct dead_letters *d, uint64_t now_us);

#endif
