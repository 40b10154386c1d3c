#ifndef WEIR_NODE_LATENCY_LIMIT_H
#define WEIR_NODE_LATENCY_LIMIT_H
/*
 * How many messages a second an analyzer may get, so that 99 of 100 deliveries to it take no longer
 * than a limit. Pure: time is a parameter.
 *
 * Too many late deliveries take three tenths off the rate. It grows by half a percent in the first
 * second after that, by one percent in the next, and so on, unless deliveries come near the limit.
 * The analyzer is slow from the first cut until the rate was not felt for ten seconds. While no
 * other analyzer is better, none is an outlier, and nothing is limited.
 */
#include <stdbool.h>
#include <stdint.h>

struct latency_limit {
	uint64_t limit_us;                   /* 0: none */
	double n_all, n_near, n_late;        /* deliveries of late; older ones fade away */
	double rate;                         /* messages a second; 0: it is not slow */
	double given_rate;                   /* messages that it got in the last whole second */
	double tokens;                       /* messages that it may get now */
	double n_messages;                   /* given in this second */
	uint64_t period_us, tick_us, cut_us; /* since then */
	bool is_felt;                        /* in this second it had to wait for tokens */
	unsigned n_unfelt;                   /* seconds in a row */
};

void latency_limit_init(struct latency_limit *l, uint64_t limit_us);
/* That many messages are given to it. */
void latency_limit_take(struct latency_limit *l, unsigned n_messages);
/* A delivery ended. */
void latency_limit_hear(struct latency_limit *l, uint64_t started_us, uint64_t ended_us);
/* It may get a packet now. */
bool latency_limit_allows(const struct latency_limit *l);
bool latency_limit_is_slow(const struct latency_limit *l);
/* Time passes. others_fit: another analyzer can take packets, and is not slow. True: it has become
 * slow, or is not slow any more. */
bool latency_limit_tick(struct latency_limit *l, bool others_fit, uint64_t now_us);

#endif
