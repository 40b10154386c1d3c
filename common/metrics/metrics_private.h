#ifndef WEIR_COMMON_METRICS_PRIVATE_H
#define WEIR_COMMON_METRICS_PRIVATE_H
/*
 * What metrics.c (cells, written all the time) and metrics_write.c (text, for a scrape) share.
 *
 * A shard is one run of 64-bit cells, family after family: a cell per value, or for a histogram a
 * cell per bucket (not cumulative), one for what is beyond the last bound, and the sum.
 */
#include "common/metrics/metrics.h"

#define BEYOND_CELL METRICS_N_BUCKETS
#define SUM_CELL (METRICS_N_BUCKETS + 1)
#define HISTOGRAM_CELLS (METRICS_N_BUCKETS + 2)

struct metrics {
	const struct metrics_family *families; /* borrowed */
	unsigned n_families;
	size_t n_cells;
	struct metrics_cells {
		size_t first;
		unsigned n_values; /* of counters, gauges and infos: a cell for each */
		unsigned n_histograms;
	} cells[]; /* per family; found once, as cells are written all the time */
};

/* Values of the second label, for each of the first. */
static inline unsigned metrics_n_values2(const struct metrics_family *family)
{
	return family->label2 ? family->n_values2 : 1;
}

static inline unsigned metrics_n_values(const struct metrics_family *family)
{
	return family->label ? family->n_values * metrics_n_values2(family) : 1;
}

static inline bool metrics_is_histogram(const struct metrics_family *family)
{
	return family->type == METRICS_HISTOGRAM;
}

static inline uint64_t metrics_load(const _Atomic uint64_t *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

#endif
