#ifndef WEIR_COMMON_HISTOGRAM_H
#define WEIR_COMMON_HISTOGRAM_H
/*
 * Log-linear histogram of uint64_t values (the idea of HdrHistogram, Tene): 32 steps per power of
 * two, so a percentile is right within 3.2 %. Fixed size, no allocation; one writer.
 */
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t counts[HISTOGRAM_BUCKETS];
	uint64_t n; /* values recorded */
	uint64_t sum;
	uint64_t min; /* UINT64_MAX while empty */
	uint64_t max;
};

void histogram_init(struct histogram *h);
void histogram_add(struct histogram *h, uint64_t value);
/* percent in [0, 100]; 0 while empty. The middle of the bucket, clamped to [min, max]. */
uint64_t histogram_percentile(const struct histogram *h, double percent);
double histogram_mean(const struct histogram *h);

#endif
