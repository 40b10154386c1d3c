#include "node/window.h"

#define WINDOW_PACKETS 1000
#define PACKETS_PER_ANALYZER 4

void window_init(struct window *w, uint64_t now_us)
{
	*w = (struct window){ .min_us = WINDOW_MIN_US,
			      .max_us = WINDOW_MIN_US,
			      .length_us = WINDOW_MIN_US,
			      .start_us = now_us };
}

void window_set_bounds(struct window *w, uint64_t min_us, uint64_t max_us)
{
	w->min_us = min_us > WINDOW_MIN_US ? min_us : WINDOW_MIN_US;
	w->max_us = max_us > w->min_us ? max_us : w->min_us;
}

void window_count(struct window *w, unsigned n_messages)
{
	w->n_packets++;
	w->n_messages += n_messages;
}

static void judge(struct window *w, double elapsed_us, unsigned n_eligible)
{
	double packets_per_us = (double)w->n_packets / elapsed_us;
	uint64_t length_us;

	w->expected_messages = 0;
	w->length_us = w->min_us;
	if (w->n_packets == 0 || (double)w->n_packets * (double)w->min_us <
					 PACKETS_PER_ANALYZER * n_eligible * elapsed_us)
		return;
	length_us = (uint64_t)(WINDOW_PACKETS / packets_per_us);
	if (length_us > w->max_us)
		length_us = w->max_us;
	if (length_us > w->length_us)
		w->length_us = length_us;
	w->expected_messages = (double)w->n_messages / elapsed_us * (double)w->length_us;
}

void window_close(struct window *w, uint64_t now_us, unsigned n_eligible)
{
	judge(w, now_us > w->start_us ? (double)(now_us - w->start_us) : 1, n_eligible);
	w->start_us = now_us;
	w->n_packets = w->n_messages = 0;
}
