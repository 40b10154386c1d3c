/*
 * Values below 32 have a bucket each. From there every power of two [2^e, 2^(e+1)) is cut into 32
 * buckets of width 2^(e-5): the position is the exponent and the five bits after the leading one.
 */
#include "common/metrics/histogram.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define N_SUB (1u << HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < N_SUB)
		return (unsigned)value;
	shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return ((shift + 1) << HISTOGRAM_SUB_BITS) + (unsigned)((value >> shift) - N_SUB);
}

static uint64_t bucket_middle(unsigned bucket)
{
	unsigned shift;
	uint64_t low;

	if (bucket < N_SUB)
		return bucket;
	shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
	low = (uint64_t)(N_SUB + (bucket & (N_SUB - 1))) << shift;
	return low + ((1ULL << shift) >> 1);
}

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->counts[bucket_of(value)]++;
	h->n++;
	h->sum += value;
	if (value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
}

static uint64_t clamp(uint64_t value, uint64_t lo, uint64_t hi)
{
	return value < lo ? lo : value > hi ? hi : value;
}

/* Which of n sorted values stands at `percent`: nearest rank, 1..n. */
static uint64_t rank_of(double percent, uint64_t n)
{
	/* The nudge keeps 99.9 % of 1000 at 999, which in binary comes out a hair above. */
	double rank = ceil(percent / 100 * (double)n - 1e-9);

	if (!(rank > 1))
		return 1;
	return rank >= (double)n ? n : (uint64_t)rank;
}

uint64_t histogram_percentile(const struct histogram *h, double percent)
{
	uint64_t rank, n_seen = 0;

	if (h->n == 0)
		return 0;
	rank = rank_of(percent, h->n);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		n_seen += h->counts[i];
		if (n_seen >= rank)
			return clamp(bucket_middle(i), h->min, h->max);
	}
	return h->max;
}

double histogram_mean(const struct histogram *h)
{
	return h->n > 0 ? (double)h->sum / (double)h->n : 0;
}
