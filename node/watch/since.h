#ifndef WEIR_NODE_SINCE_H
#define WEIR_NODE_SINCE_H
/*
 * Since when a cause is there, for those whose figures do not tell. One that was gone for a moment
 * is the same still. Pure: time is a parameter.
 */
#include "registry/causes.h"

#define SINCE_HOLD_MS 15000 /* longer than the time between two idle looks */

struct since_entry {
	enum cause_kind kind;
	char key[ANALYZER_ID_MAX + 1];
	uint64_t first_ms, last_ms;
};

struct since {
	struct since_entry list[CAUSES_MOST];
	unsigned n;
};

/* Fills in since_ms where it is 0. A list without room keeps the older causes. */
void since_fill(struct since *since, struct causes *causes, uint64_t now_ms);

#endif
