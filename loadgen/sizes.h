#ifndef WEIR_LOADGEN_SIZES_H
#define WEIR_LOADGEN_SIZES_H
/*
 * How many messages a packet has: "5", "1-9" (uniform), "pareto:1.1:1000" (heavy tail: shape,
 * greatest).
 */
#include "common/rng.h"

#define SIZES_E_SYNTAX 1
#define SIZES_MAX_MESSAGES 1000000u

struct sizes {
	uint32_t lo, hi; /* 1 <= lo <= hi <= SIZES_MAX_MESSAGES */
	double alpha;    /* > 0: Pareto with this shape, cut off at hi; 0: uniform */
};

int sizes_parse(struct sizes *s, const char *text) MUST_CHECK;
uint32_t sizes_draw(const struct sizes *s, struct rng *rng);

#endif
