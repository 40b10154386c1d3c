#ifndef WEIR_REGISTRY_DEAD_H
#define WEIR_REGISTRY_DEAD_H
/*
 * Dead letters are sent again, or deleted: by name, or all that are there when it begins. All goes
 * in steps of ENTRIES_CHUNK, so that nobody else waits for long.
 */
#include "registry/entries.h"
#include "registry/keys.h"

enum dead_deed { DEAD_REPLAY, DEAD_PURGE };

struct dead_work {
	struct entries dead; /* of KEY_DEAD */
	enum dead_deed deed;
	uint64_t spill_max_bytes; /* for a replay */
	const char *by;           /* who does it, for the journal; NULL: not said */
	uint64_t n_done, n_missing;
	bool is_full; /* the spill: nothing more can be replayed */
	/* of dead_step: how many there were, from where it goes on, the last of those there were */
	uint64_t n_total;
	char from[SPILL_ENTRY_NAME_MAX + 1], last[SPILL_ENTRY_NAME_MAX];
};

/* Those named, at most ENTRIES_CHUNK; adds to the counts. As functions of entries.h. */
int dead_do(struct dead_work *work, const char *const *names, unsigned n) MUST_CHECK;

/* All: begins, */
int dead_begin(struct dead_work *work) MUST_CHECK;
/* then step by step until it is over: all are done, or the spill is full. */
int dead_step(struct dead_work *work, bool *is_overp) MUST_CHECK;

/* Puts into the journal what was done, if anything was. An entry that cannot be written is left out.
 */
void dead_tell(const struct dead_work *work);

#endif
