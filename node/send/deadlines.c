#include "node/send/deadlines.h"

#include <assert.h>

#include "common/clock.h"
#include "common/err.h"

/* What on_due adds is due later than now_us, so no on_done can keep a sweep going. */
static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct deadlines *d = arg;
	uint64_t now_us = clock_mono_us(), next_us;
	struct transfer *t;

	d->armed_us = DEADLINE_NEVER;
	while ((t = TAILQ_FIRST(&d->list)) && t->deadline_us <= now_us)
		d->on_due(d->arg, t, now_us);
	next_us = d->on_sweep(d->arg, now_us);
	if (t && t->deadline_us < next_us)
		next_us = t->deadline_us;
	if (next_us < now_us + DEADLINES_SWEEP_US)
		next_us = now_us + DEADLINES_SWEEP_US;
	deadlines_arm(d, next_us, now_us);
}

void deadlines_init(struct deadlines *d, struct event_base *base)
{
	*d = (struct deadlines){ .armed_us = DEADLINE_NEVER };
	TAILQ_INIT(&d->list);
	evtimer_assign(&d->timer, base, on_timer, d);
}

void deadlines_deinit(struct deadlines *d)
{
	assert(TAILQ_EMPTY(&d->list)); /* each transfer was told its end */
	evtimer_del(&d->timer);
}

void deadlines_arm(struct deadlines *d, uint64_t at_us, uint64_t now_us)
{
	struct timeval tv;

	if (at_us >= d->armed_us)
		return;
	d->armed_us = at_us;
	tv = clock_timeval(at_us > now_us ? at_us - now_us : 0);
	evtimer_add(&d->timer, &tv);
}

void deadlines_add(struct deadlines *d, struct transfer *t, uint64_t deadline_us, uint64_t now_us)
{
	struct transfer *before = TAILQ_LAST(&d->list, transfer_list);

	t->deadline_us = deadline_us;
	while (before && before->deadline_us > deadline_us)
		before = TAILQ_PREV(before, transfer_list, link);
	if (before)
		TAILQ_INSERT_AFTER(&d->list, before, t, link);
	else
		TAILQ_INSERT_HEAD(&d->list, t, link);
	assert(!TAILQ_NEXT(t, link) || TAILQ_NEXT(t, link)->deadline_us > deadline_us);
	deadlines_arm(d, deadline_us, now_us);
}

void deadlines_move(struct deadlines *d, struct transfer *t, uint64_t deadline_us, uint64_t now_us)
{
	if (deadline_us == t->deadline_us)
		return;
	TAILQ_REMOVE(&d->list, t, link);
	deadlines_add(d, t, deadline_us, now_us);
}

void deadlines_remove(struct deadlines *d, struct transfer *t)
{
	TAILQ_REMOVE(&d->list, t, link);
}
