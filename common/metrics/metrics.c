/*
 * Only a shard's writer stores, so an addition is a relaxed load and a store, never a locked
 * instruction.
 */
#include "common/metrics/metrics_private.h"

#define CACHE_LINE 64 /* shards of two threads never share one */

const uint64_t metrics_bucket_us[METRICS_N_BUCKETS] = { 100,     250,     500,     1000,
							2500,    5000,    10000,   25000,
							50000,   100000,  250000,  500000,
							1000000, 2500000, 5000000, 10000000 };

struct metrics *metrics_new(const struct metrics_family *families, unsigned n_families)
{
	struct metrics *m = calloc(1, sizeof(*m) + n_families * sizeof(m->cells[0]));

	if (!m)
		return NULL;
	m->families = families;
	m->n_families = n_families;
	for (unsigned i = 0; i < n_families; i++) {
		unsigned n = metrics_n_values(&families[i]);
		bool is_histogram = metrics_is_histogram(&families[i]);

		m->cells[i] = (struct metrics_cells){ .first = m->n_cells,
						      .n_values = is_histogram ? 0 : n,
						      .n_histograms = is_histogram ? n : 0 };
		m->n_cells += is_histogram ? n * HISTOGRAM_CELLS : n;
	}
	return m;
}

void metrics_free(struct metrics *m)
{
	free(m);
}

int metrics_shard_init(struct metrics_shard *shard, const struct metrics *m)
{
	size_t n_bytes = (m->n_cells * sizeof(shard->cells[0]) / CACHE_LINE + 1) * CACHE_LINE;
	_Atomic uint64_t *cells = aligned_alloc(CACHE_LINE, n_bytes);

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_cells; i++)
		atomic_init(&cells[i], 0);
	shard->metrics = m;
	shard->cells = cells;
	return 0;
}

void metrics_shard_deinit(struct metrics_shard *shard)
{
	free((void *)shard->cells);
	shard->cells = NULL;
}

static inline _Atomic uint64_t *value_cell(const struct metrics_shard *shard, unsigned family,
					   unsigned index)
{
	const struct metrics *m = shard->metrics;

	assert(family < m->n_families);
	assert(index < m->cells[family].n_values);
	return &shard->cells[m->cells[family].first + index];
}

static _Atomic uint64_t *histogram_cells(const struct metrics_shard *shard, unsigned family,
					 unsigned index)
{
	const struct metrics *m = shard->metrics;

	assert(family < m->n_families);
	assert(index < m->cells[family].n_histograms);
	return &shard->cells[m->cells[family].first + index * HISTOGRAM_CELLS];
}

static void add(_Atomic uint64_t *cell, uint64_t n)
{
	atomic_store_explicit(cell, metrics_load(cell) + n, memory_order_relaxed);
}

void metrics_add(struct metrics_shard *shard, unsigned family, unsigned index, int64_t n)
{
	add(value_cell(shard, family, index), (uint64_t)n);
}

_Atomic uint64_t *metrics_cell(const struct metrics_shard *shard, unsigned family, unsigned index)
{
	return value_cell(shard, family, index);
}

void metrics_set(struct metrics_shard *shard, unsigned family, unsigned index, int64_t value)
{
	atomic_store_explicit(value_cell(shard, family, index), (uint64_t)value,
			      memory_order_relaxed);
}

uint64_t metrics_get(const struct metrics_shard *shard, unsigned family, unsigned index)
{
	return metrics_load(value_cell(shard, family, index));
}

void metrics_read_histogram(const struct metrics_shard *shard, unsigned family, unsigned index,
			    uint64_t counts[METRICS_N_BUCKETS + 1])
{
	const _Atomic uint64_t *cells = histogram_cells(shard, family, index);

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		counts[i] = metrics_load(&cells[i]);
}

unsigned metrics_pair(const struct metrics_shard *shard, unsigned family, unsigned value,
		      unsigned value2)
{
	const struct metrics_family *f = &shard->metrics->families[family];

	assert(family < shard->metrics->n_families && value2 < metrics_n_values2(f));
	return value * metrics_n_values2(f) + value2;
}

void metrics_observe(struct metrics_shard *shard, unsigned family, unsigned index, uint64_t us)
{
	_Atomic uint64_t *cells = histogram_cells(shard, family, index);
	unsigned bucket = 0;

	while (bucket < METRICS_N_BUCKETS && us > metrics_bucket_us[bucket])
		bucket++;
	add(&cells[bucket], 1);
	add(&cells[SUM_CELL], us);
}
