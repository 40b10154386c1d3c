#include "analyzer/sink/held.h"

#define PARTS (HELD_MARKS / 2) /* of the time, for each of which there is a mark */

static size_t at(const struct held *held, size_t i)
{
	return (held->first + i) % HELD_MARKS;
}

static struct held_mark *newest(struct held *held)
{
	return held->n ? &held->marks[at(held, held->n - 1)] : NULL;
}

/* With all marks in use the newest one stands for more. */
static bool may_extend(const struct held *held, const struct held_mark *mark, uint64_t now_us)
{
	return mark && (held->n == HELD_MARKS || now_us - mark->since_us < held->hold_us / PARTS);
}

void held_add(struct held *held, int64_t last, uint64_t now_us)
{
	struct held_mark *mark = newest(held);

	if (!may_extend(held, mark, now_us)) {
		mark = &held->marks[at(held, held->n++)];
		mark->since_us = now_us;
	}
	mark->last = last;
	mark->free_us = now_us + held->hold_us;
}

bool held_is_over(const struct held *held, uint64_t now_us, int64_t *lastp)
{
	size_t n = 0;

	for (; n < held->n && held->marks[at(held, n)].free_us <= now_us; n++)
		*lastp = held->marks[at(held, n)].last;
	return n > 0;
}

void held_remove(struct held *held, int64_t last)
{
	while (held->n > 0 && held->marks[held->first].last <= last) {
		held->first = at(held, 1);
		held->n--;
	}
}

void held_clear(struct held *held)
{
	held->n = 0;
}
