#ifndef WEIR_COMMON_RNG_H
#define WEIR_COMMON_RNG_H
/*
 * A small generator (xorshift64*, Vigna 2016) for jitter and tests, and the
 * kernel's for what must not be guessed.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

struct rng {
	uint64_t state; /* never 0 */
};

/* seed 0: seeded by the kernel */
void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
/* uniform in [lo, hi] */
uint64_t rng_range(struct rng *rng, uint64_t lo, uint64_t hi);
/* uniform in [0, 1) */
double rng_unit(struct rng *rng);

/* Fills `hex` with 2 * n_bytes lower-case hex digits of kernel randomness and a NUL. */
int rng_token(char *hex, size_t n_bytes) MUST_CHECK;

#endif
