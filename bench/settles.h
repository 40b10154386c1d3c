#ifndef WEIR_BENCH_SETTLES_H
#define WEIR_BENCH_SETTLES_H
/*
 * What a settle call costs a busy Redis: many workers, each of which has routed a window of
 * packets, settle at once, so that one call is carried out behind the other.
 */
#include "bench/bench_pool.h"
#include "loadgen/sizes.h"

/* us of one call in Redis, on average. */
int settles_run(struct bench_pool *pool, const struct sizes *sizes, double *usp) MUST_CHECK;

#endif
