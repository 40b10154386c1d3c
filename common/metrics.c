/*
 * A shard is one run of 64-bit cells, family after family: a cell per label value, or for a
 * histogram a cell per bucket (not cumulative), one for what is beyond the last bound, and the sum.
 * Only its writer stores, so an addition is a relaxed load and a store, never a locked instruction.
 */
#include "common/metrics.h"

#include <inttypes.h>

#define CACHE_LINE 64 /* shards of two threads never share one */
#define BEYOND_CELL METRICS_N_BUCKETS
#define SUM_CELL (METRICS_N_BUCKETS + 1)
#define HISTOGRAM_CELLS (METRICS_N_BUCKETS + 2)
#define SECONDS_PER_US 1e-6

const uint64_t metrics_bucket_us[METRICS_N_BUCKETS] = { 100,     250,     500,     1000,
							2500,    5000,    10000,   25000,
							50000,   100000,  250000,  500000,
							1000000, 2500000, 5000000, 10000000 };

static const char *const type_names[] = {
	[METRICS_COUNTER] = "counter",
	[METRICS_GAUGE] = "gauge",
	[METRICS_GAUGE_MAX] = "gauge",
	[METRICS_HISTOGRAM] = "histogram",
};
static_assert(ARRAY_LEN(type_names) == METRICS_TYPES, "a name for each type");

struct metrics {
	const struct metrics_family *families; /* borrowed */
	unsigned n_families;
	size_t n_cells;
	size_t first_cell[]; /* per family */
};

/* Values of the second label, for each of the first. */
static unsigned n_values2(const struct metrics_family *family)
{
	return family->label2 ? family->n_values2 : 1;
}

static unsigned n_values(const struct metrics_family *family)
{
	return family->label ? family->n_values * n_values2(family) : 1;
}

static bool is_histogram(const struct metrics_family *family)
{
	return family->type == METRICS_HISTOGRAM;
}

struct metrics *metrics_new(const struct metrics_family *families, unsigned n_families)
{
	struct metrics *m = calloc(1, sizeof(*m) + n_families * sizeof(m->first_cell[0]));

	if (!m)
		return NULL;
	m->families = families;
	m->n_families = n_families;
	for (unsigned i = 0; i < n_families; i++) {
		m->first_cell[i] = m->n_cells;
		m->n_cells +=
			n_values(&families[i]) * (is_histogram(&families[i]) ? HISTOGRAM_CELLS : 1);
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

static _Atomic uint64_t *value_cell(const struct metrics_shard *shard, unsigned family,
				    unsigned index)
{
	const struct metrics *m = shard->metrics;

	assert(family < m->n_families);
	assert(!is_histogram(&m->families[family]));
	assert(index < n_values(&m->families[family]));
	return &shard->cells[m->first_cell[family] + index];
}

static _Atomic uint64_t *histogram_cells(const struct metrics_shard *shard, unsigned family,
					 unsigned index)
{
	const struct metrics *m = shard->metrics;

	assert(family < m->n_families);
	assert(is_histogram(&m->families[family]));
	assert(index < n_values(&m->families[family]));
	return &shard->cells[m->first_cell[family] + index * HISTOGRAM_CELLS];
}

static uint64_t load(const _Atomic uint64_t *cell)
{
	return atomic_load_explicit(cell, memory_order_relaxed);
}

static void add(_Atomic uint64_t *cell, uint64_t n)
{
	atomic_store_explicit(cell, load(cell) + n, memory_order_relaxed);
}

void metrics_add(struct metrics_shard *shard, unsigned family, unsigned index, int64_t n)
{
	add(value_cell(shard, family, index), (uint64_t)n);
}

void metrics_set(struct metrics_shard *shard, unsigned family, unsigned index, int64_t value)
{
	atomic_store_explicit(value_cell(shard, family, index), (uint64_t)value,
			      memory_order_relaxed);
}

uint64_t metrics_get(const struct metrics_shard *shard, unsigned family, unsigned index)
{
	return load(value_cell(shard, family, index));
}

void metrics_read_histogram(const struct metrics_shard *shard, unsigned family, unsigned index,
			    uint64_t counts[METRICS_N_BUCKETS + 1])
{
	const _Atomic uint64_t *cells = histogram_cells(shard, family, index);

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		counts[i] = load(&cells[i]);
}

unsigned metrics_pair(const struct metrics_shard *shard, unsigned family, unsigned value,
		      unsigned value2)
{
	const struct metrics_family *f = &shard->metrics->families[family];

	assert(family < shard->metrics->n_families && value2 < n_values2(f));
	return value * n_values2(f) + value2;
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

/* What metrics_write hands down. */
struct scrape {
	const struct metrics *m;
	const struct metrics_shard *const *shards;
	unsigned n_shards;
	metrics_label_fn label_fn;
	void *arg;
	struct buf *out;
};

/* Cell `i` of a family over all shards. Wraps as int64_t does, so gauges may be negative. */
static uint64_t sum_cell(const struct scrape *s, unsigned family, unsigned i)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < s->n_shards; k++)
		sum += load(&s->shards[k]->cells[s->m->first_cell[family] + i]);
	return sum;
}

static uint64_t greatest_cell(const struct scrape *s, unsigned family, unsigned i)
{
	int64_t greatest = INT64_MIN;

	for (unsigned k = 0; k < s->n_shards; k++) {
		uint64_t value = load(&s->shards[k]->cells[s->m->first_cell[family] + i]);

		if ((int64_t)value > greatest)
			greatest = (int64_t)value;
	}
	return (uint64_t)greatest;
}

/* HELP escapes backslash and newline, a label value also the quote. */
static void write_escaped(struct buf *out, const char *text, bool quoted)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_append_str(out, "\\n");
		else if (*text == '\\' || (quoted && *text == '"'))
			buf_printf(out, "\\%c", *text);
		else
			buf_append(out, text, 1);
	}
}

/* 15 digits: exact microseconds for 30 years, and 0.1 stays 0.1. */
static void write_number(struct buf *out, enum metrics_type type, double scale, uint64_t raw)
{
	bool is_signed = type == METRICS_GAUGE || type == METRICS_GAUGE_MAX;

	if (scale != 0 && scale != 1)
		buf_printf(out, "%.15g\n",
			   (is_signed ? (double)(int64_t)raw : (double)raw) * scale);
	else if (is_signed)
		buf_printf(out, "%" PRId64 "\n", (int64_t)raw);
	else
		buf_printf(out, "%" PRIu64 "\n", raw);
}

static const char *label_value(const struct scrape *s, unsigned family, unsigned index)
{
	const struct metrics_family *f = &s->m->families[family];

	if (f->label_values)
		return f->label_values[index];
	return s->label_fn ? s->label_fn(s->arg, family, index) : NULL;
}

static void write_label(struct buf *out, char before, const char *name, const char *value)
{
	buf_printf(out, "%c%s=\"", before, name);
	write_escaped(out, value, true);
	buf_append_str(out, "\"");
}

/* The labels of value `index`, as "{a=\"b\"" without the closing brace; empty: it has none.
 * False: nobody has that value. */
static bool find_labels(const struct scrape *s, unsigned family, unsigned index, struct buf *labels)
{
	const struct metrics_family *f = &s->m->families[family];
	const char *value;

	buf_clear(labels);
	if (!f->label)
		return true;
	value = label_value(s, family, index / n_values2(f));
	if (!value)
		return false;
	write_label(labels, '{', f->label, value);
	if (f->label2)
		write_label(labels, ',', f->label2, f->label2_values[index % f->n_values2]);
	return true;
}

static void write_value(const struct scrape *s, unsigned family, unsigned index, const char *labels)
{
	const struct metrics_family *f = &s->m->families[family];

	buf_printf(s->out, "%s%s ", f->name, labels);
	write_number(s->out, f->type, f->scale,
		     f->type == METRICS_GAUGE_MAX ? greatest_cell(s, family, index)
						  : sum_cell(s, family, index));
}

/* _count is the sum of the buckets just read, so it always equals the +Inf bucket. */
static void write_histogram(const struct scrape *s, unsigned family, unsigned index,
			    const char *labels)
{
	const struct metrics_family *f = &s->m->families[family];
	unsigned first = index * HISTOGRAM_CELLS;
	uint64_t counts[METRICS_N_BUCKETS + 1], n = 0;
	const char *before = *labels ? labels : "{", *comma = *labels ? "," : "";

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		n += counts[i] = sum_cell(s, family, first + i);
	if (!n && f->label)
		return;
	n = 0;
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		n += counts[i];
		buf_printf(s->out, "%s_bucket%s%sle=\"%.15g\"} %" PRIu64 "\n", f->name, before,
			   comma, (double)metrics_bucket_us[i] * SECONDS_PER_US, n);
	}
	n += counts[BEYOND_CELL];
	buf_printf(s->out, "%s_bucket%s%sle=\"+Inf\"} %" PRIu64 "\n", f->name, before, comma, n);
	buf_printf(s->out, "%s_sum%s%s %.15g\n", f->name, labels, *labels ? "}" : "",
		   (double)sum_cell(s, family, first + SUM_CELL) * SECONDS_PER_US);
	buf_printf(s->out, "%s_count%s%s %" PRIu64 "\n", f->name, labels, *labels ? "}" : "", n);
}

static void write_family(const struct scrape *s, unsigned family, struct buf *labels)
{
	const struct metrics_family *f = &s->m->families[family];

	buf_printf(s->out, "# HELP %s ", f->name);
	write_escaped(s->out, f->help, false);
	buf_printf(s->out, "\n# TYPE %s %s\n", f->name, type_names[f->type]);
	for (unsigned i = 0; i < n_values(f); i++) {
		if (!find_labels(s, family, i, labels))
			continue;
		if (is_histogram(f)) {
			write_histogram(s, family, i, buf_str(labels));
			continue;
		}
		if (labels->len)
			buf_append_str(labels, "}");
		write_value(s, family, i, buf_str(labels));
	}
}

void metrics_write(const struct metrics *m, const struct metrics_shard *const *shards,
		   unsigned n_shards, metrics_label_fn label_fn, void *arg, struct buf *out)
{
	struct scrape s = { m, shards, n_shards, label_fn, arg, out };
	struct buf labels = { 0 };

	for (unsigned i = 0; i < m->n_families; i++)
		write_family(&s, i, &labels);
	out->failed |= labels.failed;
	buf_deinit(&labels);
}
