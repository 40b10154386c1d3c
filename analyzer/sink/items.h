#ifndef WEIR_ANALYZER_ITEMS_H
#define WEIR_ANALYZER_ITEMS_H
/*
 * Messages as a sink wants them, one after the other, and what became of each.
 */
#include <stddef.h>

#include "common/buf.h"

enum item_state {
	ITEM_PENDING,  /* not sent, or not taken yet */
	ITEM_TAKEN,    /* the sink has it */
	ITEM_REFUSED,  /* the sink will never take it; its packet is to become a dead letter */
	ITEM_REJECTED, /* the sink has dropped it, and says that it must not be sent again */
	ITEM_STATES
};

struct item {
	size_t start, len; /* in `bytes` */
	enum item_state state;
};

/* Zeroed: empty. */
struct items {
	struct buf bytes;  /* owned */
	struct item *list; /* owned */
	size_t n, capacity;
};

void items_deinit(struct items *items);
void items_clear(struct items *items);
/* The bytes since the last item are the next one; an empty run is none. -ENOMEM. */
int items_end_one(struct items *items) MUST_CHECK;
size_t items_count(const struct items *items, enum item_state state);
static inline const char *items_data(const struct items *items, size_t i)
{
	return items->bytes.data + items->list[i].start;
}

#endif
