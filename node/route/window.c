#include "node/route/window.h"

#include "common/err.h"

#define WINDOW_PACKETS 1000
#define PACKETS_PER_ANALYZER 4
#define STANDS_OUT 8
/* Of a worker's part of Redis' time: */
#define MOST_FOR_ALL 1.5
#define MOST_FOR_BIG 0.5 /* a lease takes as much as the part besides */
#define FAR_TOO_MUCH 4.0 /* in one window, of some packets; else what counts is the average */
#define SOME_PACKETS 8
#define AVERAGE_US 3e6

void window_init(struct window *w, uint64_t now_us)
{
	*w = (struct window){ .min_us = WINDOW_MIN_US,
			      .max_us = WINDOW_MIN_US,
			      .length_us = WINDOW_MIN_US,
			      .big_is_exact = true,
			      .start_us = now_us };
}

void window_set_bounds(struct window *w, uint64_t min_us, uint64_t max_us)
{
	w->min_us = min_us > WINDOW_MIN_US ? min_us : WINDOW_MIN_US;
	w->max_us = max_us > w->min_us ? max_us : w->min_us;
}

void window_count(struct window *w, unsigned n_messages, bool is_big)
{
	w->n_packets++;
	w->n_messages += n_messages;
	w->n_big += is_big;
}

bool window_stands_out(const struct window *w, unsigned n_messages)
{
	return n_messages * w->packets_per_us >= STANDS_OUT * w->messages_per_us;
}

static bool is_slow(const struct window *w, double elapsed_us, unsigned n_eligible)
{
	return (double)w->n_packets * (double)w->min_us <
	       PACKETS_PER_ANALYZER * n_eligible * elapsed_us;
}

static void average_in(double *average, double value, double elapsed_us)
{
	*average += elapsed_us / (elapsed_us + AVERAGE_US) * (value - *average);
}

static bool affords(const struct budget *b, uint64_t n_packets, double elapsed_us, double average,
		    double most)
{
	return budget_load(b, average) <= most &&
	       (n_packets < SOME_PACKETS ||
		budget_load(b, (double)n_packets / elapsed_us) <= FAR_TOO_MUCH);
}

static void judge(struct window *w, double elapsed_us, unsigned n_eligible, const struct budget *b)
{
	double packets_per_us = (double)w->n_packets / elapsed_us;
	uint64_t length_us;

	average_in(&w->packets_per_us, packets_per_us, elapsed_us);
	average_in(&w->messages_per_us, (double)w->n_messages / elapsed_us, elapsed_us);
	average_in(&w->big_per_us, (double)w->n_big / elapsed_us, elapsed_us);
	w->expected_messages = 0;
	w->length_us = w->min_us;
	w->big_is_exact = affords(b, w->n_big, elapsed_us, w->big_per_us, MOST_FOR_BIG);
	if (w->n_packets == 0 ||
	    (is_slow(w, elapsed_us, n_eligible) &&
	     affords(b, w->n_packets, elapsed_us, w->packets_per_us, MOST_FOR_ALL)))
		return;
	length_us = (uint64_t)(WINDOW_PACKETS / packets_per_us);
	if (length_us > w->max_us)
		length_us = w->max_us;
	if (length_us > w->length_us)
		w->length_us = length_us;
	assert(w->length_us >= WINDOW_MIN_US);
	w->expected_messages = (double)w->n_messages / elapsed_us * (double)w->length_us;
}

void window_close(struct window *w, uint64_t now_us, unsigned n_eligible, const struct budget *b)
{
	judge(w, now_us > w->start_us ? (double)(now_us - w->start_us) : 1, n_eligible, b);
	w->start_us = now_us;
	w->n_packets = w->n_messages = w->n_big = 0;
}
