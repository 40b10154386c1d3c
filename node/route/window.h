#ifndef WEIR_NODE_WINDOW_H
#define WEIR_NODE_WINDOW_H
/*
 * How fast packets come, window by window, and what follows: whether a worker is fast enough for a
 * lease, how long that lasts, how many messages to expect in it. Pure.
 *
 * Redis says how long a window is at least (it grows with the number of workers) and at most (so
 * that credit stays fresh). A worker with fewer than 4 packets per analyzer in the shortest window
 * is slow and routes exactly, if Redis can afford that. Within these bounds a lease lasts for about
 * 1000 packets, so that Redis is called rarely. Big packets are where the error is: also with a
 * lease Redis chooses for them, if it can afford that.
 */
#include "node/route/budget.h"

#define WINDOW_MIN_US 10000

struct window {
	uint64_t min_us, max_us;                            /* what Redis wants */
	uint64_t start_us;                                  /* of this one */
	uint64_t n_packets, n_messages;                     /* in this one */
	uint64_t n_big;                                     /* packets of them */
	double packets_per_us, messages_per_us, big_per_us; /* over some seconds */
	uint64_t length_us;                                 /* of the next one */
	double expected_messages; /* in the next one; 0: too slow for a lease */
	bool big_is_exact;        /* Redis chooses for big ones */
};

void window_init(struct window *w, uint64_t now_us);
/* Redis' answer; never below WINDOW_MIN_US. */
void window_set_bounds(struct window *w, uint64_t min_us, uint64_t max_us);
void window_count(struct window *w, unsigned n_messages, bool is_big);
/* Several times what packets have on average: what is as large as the others is not big. */
bool window_stands_out(const struct window *w, unsigned n_messages);
/* Judges this window and starts the next. */
void window_close(struct window *w, uint64_t now_us, unsigned n_eligible, const struct budget *b);

#endif
