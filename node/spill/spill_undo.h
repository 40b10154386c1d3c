#ifndef WEIR_NODE_SPILL_UNDO_H
#define WEIR_NODE_SPILL_UNDO_H
/*
 * Takes back what Redis stored although the agents were refused: they send it again, and in the end
 * there is one copy. Calls that store are numbered (lua/lib/ticket.lua). Where an answer never came
 * the call is void by its number, be it that it ran or will still run; where it came too late the
 * entries are removed by their names. Redis is told until it has said so.
 */
#include "common/rng.h"
#include "registry/redis/link.h"
#include "registry/spill.h"

enum spill_undo_need {
	SPILL_UNDO_NOTHING,
	SPILL_UNDO_CALL,   /* the last numbered one */
	SPILL_UNDO_ENTRIES /* those that were added */
};

struct spill_undo {
	struct link *link;  /* borrowed */
	const char *stream; /* "spill", "dead": where the calls store; borrowed */
	char who[96];       /* node/index#run:name */
	uint64_t number;    /* of the last call */
	enum spill_undo_need need;
	bool is_calling;
	uint64_t next_us; /* Redis is not told before that */
	struct spill_done done;
	char names[SPILL_PUSH_MAX][SPILL_ENTRY_NAME_MAX];
};

/* `name`: of these calls among those of the worker. */
int spill_undo_init(struct spill_undo *u, struct link *link, const char *worker, const char *name,
		    const char *stream) MUST_CHECK;
/* The number of one more call. Nothing may be left to be undone. */
uint64_t spill_undo_next(struct spill_undo *u);
/* The answer to the last call never came. */
void spill_undo_call(struct spill_undo *u);
/* Of the last call: this entry leaves again. */
void spill_undo_entry(struct spill_undo *u, const char *name, uint32_t n_messages,
		      uint64_t cost_bytes);
/* At the end of each turn of the loop. */
void spill_undo_turn(struct spill_undo *u, uint64_t now_us);

#endif
