#ifndef WEIR_COMMON_METRICS_H
#define WEIR_COMMON_METRICS_H
/*
 * One table of families drives storage, /metrics and the docs. Each thread that counts has a shard
 * of its own (one writer, relaxed atomics, no lock); a scrape sums the shards.
 *
 *   static const struct metrics_family families[] = {
 *       [M_PACKETS] = {"weir_packets_total", METRICS_COUNTER, "Packets.", "result", names, N, 1},
 */
#include <stdatomic.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

enum metrics_type {
	METRICS_COUNTER,   /* summed over shards */
	METRICS_GAUGE,     /* int64, summed over shards */
	METRICS_GAUGE_MAX, /* int64, the greatest of the shards' */
	METRICS_INFO,      /* always 1, what it says is in its labels; its name ends in _info */
	METRICS_HISTOGRAM, /* of microseconds, shown as seconds; metrics_observe */
	METRICS_TYPES
};

/*
 * A value (or histogram) per label value. `label_values` fixed (reasons), or NULL with n_values >
 * 0: named at the scrape by metrics_label_fn (analyzers by slot). Values named NULL are left out,
 * and so are histograms with a label that have seen nothing. With a second label, which is fixed,
 * there is a value for each pair: metrics_pair is its index. Of a counter whose labels are both fixed,
 * pairs that are 0 are left out: there are many, and most never happen.
 */
struct metrics_family {
	const char *name; /* with its unit and _total as Prometheus wants them */
	enum metrics_type type;
	const char *help;
	const char *label; /* NULL: one unlabelled value, n_values ignored */
	const char *const *label_values;
	unsigned n_values;
	const char *label2; /* NULL: none */
	const char *const *label2_values;
	unsigned n_values2;
	double scale; /* shown = stored * scale; 0 = 1; 1e-6: microseconds shown as seconds */
};

/* Upper bounds of histogram buckets in us, ascending: 100us .. 10s. */
#define METRICS_N_BUCKETS 16
extern const uint64_t metrics_bucket_us[METRICS_N_BUCKETS];

struct metrics; /* families and where their cells are; immutable after metrics_new */

struct metrics_shard {
	const struct metrics *metrics;
	_Atomic uint64_t *cells;
};

/* Borrows `families` for ever. NULL: out of memory. */
struct metrics *metrics_new(const struct metrics_family *families, unsigned n_families);
void metrics_free(struct metrics *m);

int metrics_shard_init(struct metrics_shard *shard, const struct metrics *m) MUST_CHECK;
void metrics_shard_deinit(struct metrics_shard *shard);

/* `index` is the label value (0 where there is none), within range. Writer's thread only. */
void metrics_add(struct metrics_shard *shard, unsigned family, unsigned index, int64_t n);
/* The cell of a counter that is added to for every packet; for the thread of the shard alone. */
_Atomic uint64_t *metrics_cell(const struct metrics_shard *shard, unsigned family, unsigned index);
static inline void metrics_cell_add(_Atomic uint64_t *cell, uint64_t n)
{
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n,
			      memory_order_relaxed);
}
void metrics_set(struct metrics_shard *shard, unsigned family, unsigned index, int64_t value);
void metrics_observe(struct metrics_shard *shard, unsigned family, unsigned index, uint64_t us);
/* Index of the pair of a value of the first label and one of the second. Any thread. */
unsigned metrics_pair(const struct metrics_shard *shard, unsigned family, unsigned value,
		      unsigned value2);
/* Any thread. */
uint64_t metrics_get(const struct metrics_shard *shard, unsigned family, unsigned index);
/* What fell into each bucket, not cumulative; the last is what is beyond all bounds. Any thread. */
void metrics_read_histogram(const struct metrics_shard *shard, unsigned family, unsigned index,
			    uint64_t counts[METRICS_N_BUCKETS + 1]);

/* Name of value `index` of a family whose label values are dynamic, or NULL. */
typedef const char *(*metrics_label_fn)(void *arg, unsigned family, unsigned index);

enum metrics_format {
	METRICS_CLASSIC, /* Prometheus' text, 0.0.4 */
	METRICS_OPEN,    /* OpenMetrics 1.0.0 */
	METRICS_FORMATS
};
/* What a request with that Accept is answered with; NULL: it has none. */
enum metrics_format metrics_format_for(const char *accept);
const char *metrics_content_type(enum metrics_format format);

/* Appends all families, shards summed; label values escaped. */
void metrics_write(const struct metrics *m, const struct metrics_shard *const *shards,
		   unsigned n_shards, enum metrics_format format, metrics_label_fn label_fn,
		   void *arg, struct buf *out);

#endif
