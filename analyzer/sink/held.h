#ifndef WEIR_ANALYZER_HELD_H
#define WEIR_ANALYZER_HELD_H
/*
 * Messages of the outbox that went out and are held for a while, since they may have to go out again. A ring
 * of marks, each of which stands for those that went out within a small part of that time. So a mark holds
 * its messages for as long as it has to, or a little longer, and there is always room. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HELD_MARKS 64

struct held_mark {
	int64_t last;      /* the highest number of a message */
	uint64_t since_us; /* its first message went out */
	uint64_t free_us;  /* all of them may be removed */
};

/* Zeroed but for hold_us: nothing is held. */
struct held {
	uint64_t hold_us;
	struct held_mark marks[HELD_MARKS]; /* a ring: the first at `first` */
	size_t first, n;
};

/* Messages up to this number went out now. */
void held_add(struct held *held, int64_t last, uint64_t now_us);
/* Whether some have been held for long enough: those up to *lastp. They stay until held_remove. */
bool held_is_over(const struct held *held, uint64_t now_us, int64_t *lastp);
void held_remove(struct held *held, int64_t last);
void held_clear(struct held *held);

#endif
