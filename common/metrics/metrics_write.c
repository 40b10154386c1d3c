/*
 * All families as text, in one of two formats; what differs between them is in write_head, the
 * end, and the escapes of HELP.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/metrics/metrics_private.h"

#define SECONDS_PER_US 1e-6

static const struct {
	const char *content_type;
	const char *end;
} formats[] = {
	[METRICS_CLASSIC] = { "text/plain; version=0.0.4; charset=utf-8", "" },
	[METRICS_OPEN] = { "application/openmetrics-text; version=1.0.0; charset=utf-8",
			   "# EOF\n" },
};
static_assert(ARRAY_LEN(formats) == METRICS_FORMATS, "each format has its words");

static const struct {
	const char *classic, *open; /* the type's name */
	const char *suffix;         /* of samples' names, which OpenMetrics' family names lack */
} types[] = {
	[METRICS_COUNTER] = { "counter", "counter", "_total" },
	[METRICS_GAUGE] = { "gauge", "gauge", "" },
	[METRICS_GAUGE_MAX] = { "gauge", "gauge", "" },
	[METRICS_INFO] = { "gauge", "info", "_info" },
	[METRICS_HISTOGRAM] = { "histogram", "histogram", "" },
};
static_assert(ARRAY_LEN(types) == METRICS_TYPES, "a name for each type");

const char *metrics_content_type(enum metrics_format format)
{
	return formats[format].content_type;
}

/* What metrics_write hands down. */
struct scrape {
	const struct metrics *m;
	const struct metrics_shard *const *shards;
	unsigned n_shards;
	enum metrics_format format;
	metrics_label_fn label_fn;
	void *arg;
	struct buf *out;
	char bounds[METRICS_N_BUCKETS][24]; /* of buckets, in seconds */
};

static uint64_t cell(const struct scrape *s, unsigned shard, unsigned family, unsigned i)
{
	return metrics_load(&s->shards[shard]->cells[s->m->cells[family].first + i]);
}

/* Cell `i` of a family over all shards. Wraps as int64_t does, so gauges may be negative. */
static uint64_t sum_cell(const struct scrape *s, unsigned family, unsigned i)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < s->n_shards; k++)
		sum += cell(s, k, family, i);
	return sum;
}

static uint64_t greatest_cell(const struct scrape *s, unsigned family, unsigned i)
{
	int64_t greatest = INT64_MIN;

	for (unsigned k = 0; k < s->n_shards; k++) {
		int64_t value = (int64_t)cell(s, k, family, i);

		if (value > greatest)
			greatest = value;
	}
	return (uint64_t)greatest;
}

/* Backslash and newline are escaped everywhere, the quote where `quoted`. */
static void write_escaped(struct buf *out, const char *text, bool quoted)
{
	for (;;) {
		size_t n = strcspn(text, quoted ? "\n\\\"" : "\n\\");
		char escape[2] = { '\\', text[n] == '\n' ? 'n' : text[n] };

		buf_append(out, text, n);
		if (!text[n])
			return;
		buf_append(out, escape, sizeof(escape));
		text += n + 1;
	}
}

/* Most of a scrape is numbers: ten times as fast as printf. */
static void write_whole(struct buf *out, uint64_t n)
{
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	buf_append(out, p, (size_t)(digits + sizeof(digits) - p));
	buf_append_str(out, "\n");
}

/* 15 digits: exact microseconds for 30 years, and 0.1 stays 0.1. */
static void write_number(struct buf *out, enum metrics_type type, double scale, uint64_t raw)
{
	bool is_signed = type == METRICS_GAUGE || type == METRICS_GAUGE_MAX;

	if (raw && scale != 0 && scale != 1) {
		buf_printf(out, "%.15g\n",
			   (is_signed ? (double)(int64_t)raw : (double)raw) * scale);
		return;
	}
	if (is_signed && (int64_t)raw < 0) {
		buf_append_str(out, "-");
		raw = -raw;
	}
	write_whole(out, raw);
}

static void write_label(struct buf *out, char before, const char *name, const char *value)
{
	buf_append(out, &before, 1);
	buf_append_str(out, name);
	buf_append_str(out, "=\"");
	write_escaped(out, value, true);
	buf_append_str(out, "\"");
}

/* Of a value of the first label; NULL: nobody has it. */
static const char *label_value(const struct scrape *s, unsigned family, unsigned value)
{
	const struct metrics_family *f = &s->m->families[family];

	if (f->label_values)
		return f->label_values[value];
	return s->label_fn ? s->label_fn(s->arg, family, value) : NULL;
}

/* The labels of value `index`, as `{a="b"` without the closing brace; empty: it has none. False:
 * nobody has that value. */
static bool find_labels(const struct scrape *s, unsigned family, unsigned index, struct buf *labels)
{
	const struct metrics_family *f = &s->m->families[family];
	const char *value, *value2;

	buf_clear(labels);
	if (!f->label)
		return true;
	value = label_value(s, family, index / metrics_n_values2(f));
	value2 = f->label2 ? f->label2_values[index % f->n_values2] : NULL;
	if (!value || (f->label2 && !value2))
		return false;
	write_label(labels, '{', f->label, value);
	if (f->label2)
		write_label(labels, ',', f->label2, value2);
	return true;
}

static void write_value(const struct scrape *s, unsigned family, unsigned index, const char *labels)
{
	const struct metrics_family *f = &s->m->families[family];
	uint64_t value = f->type == METRICS_GAUGE_MAX ? greatest_cell(s, family, index)
						      : sum_cell(s, family, index);

	if (value == 0 && f->type == METRICS_COUNTER && f->label2 && f->label_values)
		return;
	buf_append_str(s->out, f->name);
	buf_append_str(s->out, labels);
	buf_append_str(s->out, *labels ? "} " : " ");
	write_number(s->out, f->type, f->scale, value);
}

static void write_bucket(const struct scrape *s, const char *name, const char *labels,
			 const char *bound, uint64_t n)
{
	buf_append_str(s->out, name);
	buf_append_str(s->out, "_bucket");
	buf_append_str(s->out, labels);
	buf_append_str(s->out, *labels ? ",le=\"" : "{le=\"");
	buf_append_str(s->out, bound);
	buf_append_str(s->out, "\"} ");
	write_whole(s->out, n);
}

/* _count is the sum of the buckets just read, so it always equals the +Inf bucket. */
static void write_buckets(const struct scrape *s, const char *name, const char *labels,
			  const uint64_t counts[METRICS_N_BUCKETS + 1], double sum)
{
	const char *after = *labels ? "}" : "";
	uint64_t n = 0;

	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		n += counts[i];
		write_bucket(s, name, labels, s->bounds[i], n);
	}
	n += counts[BEYOND_CELL];
	write_bucket(s, name, labels, "+Inf", n);
	buf_printf(s->out, "%s_sum%s%s %.15g\n", name, labels, after, sum);
	buf_printf(s->out, "%s_count%s%s %" PRIu64 "\n", name, labels, after, n);
}

static void write_histogram(const struct scrape *s, unsigned family, unsigned index,
			    const char *labels)
{
	const struct metrics_family *f = &s->m->families[family];
	unsigned first = index * HISTOGRAM_CELLS;
	uint64_t counts[METRICS_N_BUCKETS + 1], n = 0;

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		n += counts[i] = sum_cell(s, family, first + i);
	if (n || !f->label)
		write_buckets(s, f->name, labels, counts,
			      (double)sum_cell(s, family, first + SUM_CELL) * SECONDS_PER_US);
}

/* What a name says it counts in, by its end; NULL: nothing that has a unit. */
static const char *unit_of(const char *name, size_t len)
{
	static const char *const units[] = { "seconds", "bytes", "ratio" };

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i]);

		if (len > n + 1 && name[len - n - 1] == '_' &&
		    strncmp(name + len - n, units[i], n) == 0)
			return units[i];
	}
	return NULL;
}

static void write_head(const struct scrape *s, const struct metrics_family *f)
{
	bool is_open = s->format == METRICS_OPEN;
	size_t len = strlen(f->name) - (is_open ? strlen(types[f->type].suffix) : 0);
	const char *unit = is_open ? unit_of(f->name, len) : NULL;

	buf_printf(s->out, "# HELP %.*s ", (int)len, f->name);
	write_escaped(s->out, f->help, is_open);
	buf_printf(s->out, "\n# TYPE %.*s %s\n", (int)len, f->name,
		   is_open ? types[f->type].open : types[f->type].classic);
	if (unit)
		buf_printf(s->out, "# UNIT %.*s %s\n", (int)len, f->name, unit);
}

static void write_family(const struct scrape *s, unsigned family, struct buf *labels)
{
	const struct metrics_family *f = &s->m->families[family];

	write_head(s, f);
	for (unsigned i = 0; i < metrics_n_values(f); i++) {
		if (!find_labels(s, family, i, labels))
			continue;
		if (metrics_is_histogram(f))
			write_histogram(s, family, i, buf_str(labels));
		else
			write_value(s, family, i, buf_str(labels));
	}
}

void metrics_write(const struct metrics *m, const struct metrics_shard *const *shards,
		   unsigned n_shards, enum metrics_format format, metrics_label_fn label_fn,
		   void *arg, struct buf *out)
{
	struct scrape s = { m, shards, n_shards, format, label_fn, arg, out, { "" } };
	struct buf labels = { 0 };

	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++)
		snprintf(s.bounds[i], sizeof(s.bounds[i]), "%.15g",
			 (double)metrics_bucket_us[i] * SECONDS_PER_US);
	for (unsigned i = 0; i < m->n_families; i++)
		write_family(&s, i, &labels);
	buf_append_str(out, formats[format].end);
	out->failed |= labels.failed;
	buf_deinit(&labels);
}
