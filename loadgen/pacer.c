#include "loadgen/pacer.h"

#include "common/clock.h"
#include "common/err.h"

#define LATEST_US ((uint64_t)INT64_MAX)

void pacer_init(struct pacer *p, double rate_per_s, uint64_t start_us)
{
	*p = (struct pacer){ .rate_per_s = rate_per_s,
			     .start_us = start_us,
			     .end_us = PACER_NO_END,
			     .max_packets = PACER_NO_END };
}

/* At a rate of next to nothing the second packet is due when nobody is left. */
static uint64_t pacer_due_us(const struct pacer *p, uint64_t number)
{
	double after_us = (double)number * (double)US_PER_S / p->rate_per_s;

	return after_us < (double)LATEST_US ? p->start_us + (uint64_t)after_us : LATEST_US;
}

bool pacer_peek(const struct pacer *p, uint64_t now_us, uint64_t *due_usp)
{
	uint64_t due_us = p->rate_per_s > 0 ? pacer_due_us(p, p->n_taken) : now_us;

	if (p->n_taken >= p->max_packets || due_us >= p->end_us || due_us > now_us)
		return false;
	*due_usp = due_us;
	return true;
}

void pacer_take(struct pacer *p)
{
	p->n_taken++;
}

/* The division may be off by one against pacer_due_us, which has the last word. */
static uint64_t pacer_count_due(const struct pacer *p, uint64_t now_us)
{
	uint64_t until_us = now_us < p->end_us ? now_us : p->end_us - 1;
	uint64_t n;

	if (until_us < p->start_us)
		return 0;
	n = (uint64_t)((double)(until_us - p->start_us) * p->rate_per_s / (double)US_PER_S);
	while (pacer_due_us(p, n) <= until_us)
		n++;
	while (n > 0 && pacer_due_us(p, n - 1) > until_us)
		n--;
	return n < p->max_packets ? n : p->max_packets;
}

uint64_t pacer_backlog(const struct pacer *p, uint64_t now_us)
{
	uint64_t n_due;

	if (p->rate_per_s <= 0)
		return 0;
	n_due = pacer_count_due(p, now_us);
	return n_due > p->n_taken ? n_due - p->n_taken : 0;
}

void pacer_skip(struct pacer *p, uint64_t n)
{
	p->n_taken += n;
}

void pacer_postpone(struct pacer *p, uint64_t now_us)
{
	uint64_t due_us;

	if (p->rate_per_s > 0 && pacer_peek(p, now_us, &due_us))
		p->start_us += now_us + 1 - due_us;
}

void pacer_stop(struct pacer *p)
{
	p->max_packets = p->n_taken;
}

bool pacer_is_over(const struct pacer *p, uint64_t now_us)
{
	if (p->n_taken >= p->max_packets)
		return true;
	if (p->rate_per_s <= 0)
		return now_us >= p->end_us;
	return pacer_due_us(p, p->n_taken) >= p->end_us;
}

double pacer_progress(const struct pacer *p, uint64_t now_us)
{
	double by_time = 0, by_count = 0, progress;

	if (p->end_us != PACER_NO_END && p->end_us > p->start_us && now_us > p->start_us)
		by_time = (double)(now_us - p->start_us) / (double)(p->end_us - p->start_us);
	if (p->max_packets != PACER_NO_END && p->max_packets > 0)
		by_count = (double)p->n_taken / (double)p->max_packets;
	progress = by_time > by_count ? by_time : by_count;
	return progress < 1 ? progress : 1;
}
