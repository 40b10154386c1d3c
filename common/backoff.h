#ifndef WEIR_COMMON_BACKOFF_H
#define WEIR_COMMON_BACKOFF_H
/*
 * Exponential back-off with cap and full jitter ("Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015): the one module for Redis, analyzers
 * and heartbeats. Pure: it knows delays, not clocks.
 */
#include "common/rng.h"

struct backoff {
	uint32_t base_ms; /* first delay */
	uint32_t cap_ms;  /* no delay is longer */
	uint32_t attempt; /* failures since the last success */
	struct rng rng;
};

/* seed 0: seeded by the kernel */
void backoff_init(struct backoff *b, uint32_t base_ms, uint32_t cap_ms, uint64_t seed);

/* The delay before the next try, in ms: uniform in [d/2, d], d = min(cap, base * 2^attempt). */
uint32_t backoff_next_ms(struct backoff *b);

/* After a success: the next delay starts at base_ms again. */
void backoff_reset(struct backoff *b);

#endif
