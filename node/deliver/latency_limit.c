#include "node/deliver/latency_limit.h"

#include "common/clock.h"
#include "common/err.h"

#define LATE_PART 0.01 /* of all deliveries may be late */
#define MANY_LATE 3    /* are no accident; fewer are judged at the end of a second */
#define NEAR 0.8       /* of the limit */
#define FADE 0.5       /* in a second */
#define CUT 0.7
#define GROWTH 0.005 /* in a second, for each second since the last cut */
#define MOST_GROWTH 0.25
#define LEAST_RATE 1.0
#define BURST_S 0.05
#define UNFELT 10

static double max_of(double a, double b)
{
	return a > b ? a : b;
}

void latency_limit_init(struct latency_limit *l, uint64_t limit_us)
{
	*l = (struct latency_limit){ .limit_us = limit_us };
}

void latency_limit_take(struct latency_limit *l, unsigned n_messages)
{
	l->n_messages += n_messages;
	if (l->rate > 0)
		l->tokens -= n_messages;
}

void latency_limit_hear(struct latency_limit *l, uint64_t started_us, uint64_t ended_us)
{
	double took_us = (double)(ended_us - started_us);

	if (!l->limit_us || started_us <= l->cut_us) /* the rate is another by now */
		return;
	l->n_all++;
	l->n_near += took_us > NEAR * (double)l->limit_us;
	l->n_late += took_us > (double)l->limit_us;
}

bool latency_limit_allows(const struct latency_limit *l)
{
	return l->rate <= 0 || l->tokens > 0;
}

bool latency_limit_is_slow(const struct latency_limit *l)
{
	return l->rate > 0;
}

static bool is_too_late(const struct latency_limit *l, double least)
{
	return l->n_late >= least && l->n_late > LATE_PART * l->n_all;
}

static void cut(struct latency_limit *l, uint64_t now_us)
{
	double rate = max_of(l->given_rate, LEAST_RATE);

	if (l->rate > 0 && l->rate < rate)
		rate = l->rate;
	if (l->rate <= 0 || l->tokens > 0)
		l->tokens = 0;
	l->rate = max_of(rate * CUT, LEAST_RATE);
	l->n_all = l->n_near = l->n_late = 0;
	l->n_unfelt = 0;
	l->cut_us = now_us;
}

static void grow(struct latency_limit *l, uint64_t now_us)
{
	double growth = GROWTH * (double)(now_us - l->cut_us) / US_PER_S;

	l->n_unfelt = l->is_felt ? 0 : l->n_unfelt + 1;
	if (l->n_unfelt >= UNFELT)
		l->rate = 0;
	else if (l->n_near <= LATE_PART * l->n_all)
		l->rate *= 1 + (growth < MOST_GROWTH ? growth : MOST_GROWTH);
}

static void end_period(struct latency_limit *l, double seconds, uint64_t now_us)
{
	l->given_rate = l->n_messages / seconds;
	if (l->rate > 0 && is_too_late(l, 1))
		cut(l, now_us);
	else if (l->rate > 0)
		grow(l, now_us);
	l->n_all *= FADE;
	l->n_near *= FADE;
	l->n_late *= FADE;
	l->n_messages = 0;
	l->is_felt = false;
	l->period_us = now_us;
}

static void refill(struct latency_limit *l, uint64_t now_us)
{
	double most = max_of(l->rate * BURST_S, 1);

	l->is_felt |= l->tokens <= 0;
	l->tokens += l->rate * (double)(now_us - l->tick_us) / US_PER_S;
	if (l->tokens > most)
		l->tokens = most;
}

bool latency_limit_tick(struct latency_limit *l, bool others_fit, uint64_t now_us)
{
	bool was_slow = l->rate > 0;

	if (!l->limit_us)
		return false;
	assert(now_us >= l->tick_us);
	if (was_slow)
		refill(l, now_us);
	l->tick_us = now_us;
	if (!l->period_us)
		l->period_us = now_us;
	if (now_us - l->period_us >= US_PER_S)
		end_period(l, (double)(now_us - l->period_us) / US_PER_S, now_us);
	if (!others_fit)
		l->rate = 0;
	else if (l->given_rate > 0 && is_too_late(l, MANY_LATE))
		cut(l, now_us);
	return was_slow != (l->rate > 0);
}
