#ifndef WEIR_LOADGEN_PACER_H
#define WEIR_LOADGEN_PACER_H
/*
 * The schedule of an open loop. Packet k is due at start + k / rate, whatever happened to the
 * packets before it: a slow answer makes later packets late, never fewer, and their latency counts
 * from when they were due (the "coordinated omission" of Tene's wrk2 is what this avoids).
 *
 * What is due and not taken is the backlog. It is a number here and not a queue of anything, so it
 * costs no memory however long it gets. Pure: time is a parameter.
 */
#include <stdbool.h>
#include <stdint.h>

#define PACER_NO_END UINT64_MAX

struct pacer {
	double rate_per_s;    /* 0: closed loop, a packet is due whenever one is asked for */
	uint64_t start_us;    /* packet 0 is due */
	uint64_t end_us;      /* nothing becomes due at or after; PACER_NO_END */
	uint64_t max_packets; /* PACER_NO_END */
	uint64_t n_taken;     /* packets taken or skipped: the next one's number */
};

void pacer_init(struct pacer *p, double rate_per_s, uint64_t start_us);

/* The next packet is due by now_us: *due_usp says since when. It stays due until it is taken. */
bool pacer_peek(const struct pacer *p, uint64_t now_us, uint64_t *due_usp);
void pacer_take(struct pacer *p);

/* Packets due and not taken; 0 in a closed loop. */
uint64_t pacer_backlog(const struct pacer *p, uint64_t now_us);
/* Gives up the n oldest of the backlog (n <= pacer_backlog). */
void pacer_skip(struct pacer *p, uint64_t n);
/* There is nothing to send yet: the rest of the schedule moves, so that the next packet becomes due
 * just after now_us. */
void pacer_postpone(struct pacer *p, uint64_t now_us);
/* Nothing is due any more. */
void pacer_stop(struct pacer *p);
/* Nothing is due, nor will ever be. */
bool pacer_is_over(const struct pacer *p, uint64_t now_us);
/* How far the schedule is, 0 to 1; 0 where it has no end. */
double pacer_progress(const struct pacer *p, uint64_t now_us);

#endif
