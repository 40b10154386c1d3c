/* An overview, as a node's admin port answers it, as text. */
#include "registry/ctl/ctl_admin_status.h"

#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl_table.h"

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(get(object, name));

	return value && *value ? value : "-";
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = get(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* A part as percent, "-" where it is not known. */
static void write_part(struct ctl_table *table, const cJSON *object, const char *name)
{
	if (cJSON_IsNumber(get(object, name)))
		ctl_table_cell(table, "%.2f %%", 100 * number(object, name));
	else
		ctl_table_cell(table, "-");
}

static void write_ms(struct ctl_table *table, const cJSON *object, const char *name)
{
	if (cJSON_IsNumber(get(object, name)))
		ctl_table_cell(table, "%.1f ms", number(object, name));
	else
		ctl_table_cell(table, "-");
}

static void write_analyzers(const cJSON *overview, struct buf *out)
{
	static const char *const headings[] = { "<ANALYZER", "<STATE",  "<HEALTH", ">WEIGHT",
						">TARGET",   ">MSG/S",  ">P50",    ">P99",
						">FAILED",   ">QUEUED", ">ROUTED", ">DELIVERED" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *a;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (a, get(overview, "analyzers")) {
		ctl_table_cell(&table, "%s", text(a, "id"));
		ctl_table_cell(&table, "%s", text(a, "state"));
		ctl_table_cell(&table, "%s", text(a, "health"));
		ctl_table_cell(&table, "%.15g", number(a, "weight"));
		write_part(&table, a, "share");
		ctl_table_count(&table, number(a, "messages_per_s"));
		write_ms(&table, a, "p50_ms");
		write_ms(&table, a, "p99_ms");
		write_part(&table, a, "error_ratio");
		ctl_table_count(&table, number(a, "queued_packets"));
		ctl_table_count(&table, number(a, "routed"));
		ctl_table_count(&table, number(a, "delivered"));
	}
	ctl_table_write(&table, out);
}

static void write_window(struct ctl_table *table, const cJSON *a, const cJSON *window)
{
	double actual = number(window, "actual"), share = number(window, "share");

	ctl_table_cell(table, "%s", text(a, "id"));
	ctl_table_cell(table, "%.0f s", number(window, "seconds"));
	ctl_table_count(table, number(window, "messages"));
	write_part(table, window, "share");
	write_part(table, window, "actual");
	if (cJSON_IsNumber(get(window, "actual")))
		ctl_table_cell(table, "%+.3f %%", 100 * (actual - share));
	else
		ctl_table_cell(table, "-");
	ctl_table_cell(table, "%+.0f", number(window, "error_messages"));
}

/* The shares that held then, so that who joined later makes nobody wrong. */
static void write_windows(const cJSON *overview, struct buf *out)
{
	static const char *const headings[] = { "<ANALYZER",    ">WINDOW", ">MESSAGES",
						">TARGET THEN", ">ACTUAL", ">ERROR",
						">MESSAGES OFF" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *a, *window;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (a, get(overview, "analyzers"))
		cJSON_ArrayForEach (window, get(a, "windows"))
			write_window(&table, a, window);
	ctl_table_write(&table, out);
}

void ctl_admin_write_nodes(const cJSON *overview, struct buf *out)
{
	static const char *const headings[] = { "<NODE", ">WORKERS", "<MODE",       ">MSG/S",
						">P99",  ">FAILED",  "<UNREACHABLE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *node, *id;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (node, get(overview, "nodes")) {
		struct buf cut CLEANUP(buf_deinit) = { 0 };

		cJSON_ArrayForEach (id, get(node, "unreachable"))
			buf_printf(&cut, "%s%s", cut.len ? " " : "",
				   cJSON_IsString(id) ? id->valuestring : "?");
		ctl_table_cell(&table, "%s", text(node, "id"));
		ctl_table_cell(&table, "%.0f", number(node, "workers"));
		ctl_table_cell(&table, "%s", text(node, "mode"));
		ctl_table_count(&table, number(node, "messages_per_s"));
		write_ms(&table, node, "p99_ms");
		write_part(&table, node, "error_ratio");
		ctl_table_cell(&table, "%s", cut.len ? buf_str(&cut) : "-");
	}
	if (cJSON_GetArraySize(get(overview, "nodes")) > 0)
		ctl_table_write(&table, out);
	else
		buf_append_str(out, "no nodes\n");
}

static void write_redis(const cJSON *overview, struct buf *out)
{
	const cJSON *redis = get(overview, "redis");

	if (cJSON_IsFalse(get(redis, "up")))
		buf_printf(out, "\nRedis is away (%s): these are figures of node %s, %.0f s old\n",
			   text(redis, "error"), text(overview, "node"),
			   number(overview, "age_ms") / 1000);
}

static void write_totals(const cJSON *overview, struct buf *out)
{
	const cJSON *ack = get(overview, "ack"), *spill = get(overview, "spill");

	buf_printf(
		out,
		"\ndelivered %.0f messages in %.0f packets; %.0f packets in the spill, %.0f dead "
		"letters; %.1f requests refused a second\n",
		number(get(overview, "totals"), "messages"),
		number(get(overview, "totals"), "packets"), number(spill, "packets"),
		number(get(overview, "dead"), "packets"), number(overview, "refused_per_s"));
	if (cJSON_IsNumber(get(ack, "p99_ms")))
		buf_printf(out, "time to 202: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms\n",
			   number(ack, "p50_ms"), number(ack, "p99_ms"), number(ack, "p99_9_ms"));
}

void ctl_admin_write_status(const cJSON *overview, struct buf *out)
{
	buf_printf(out, "pool %s, epoch %.0f, as node %s sees it\n", text(overview, "pool"),
		   number(overview, "epoch"), text(overview, "node"));
	write_redis(overview, out);
	buf_append_str(out, "\n");
	if (cJSON_GetArraySize(get(overview, "analyzers")) > 0) {
		write_analyzers(overview, out);
		buf_append_str(out, "\n");
		write_windows(overview, out);
	} else {
		buf_append_str(out, "no analyzers\n");
	}
	buf_append_str(out, "\n");
	ctl_admin_write_nodes(overview, out);
	write_totals(overview, out);
}

bool ctl_admin_lane(const cJSON *overview, const char *id, double *queuedp, double *flyingp)
{
	const cJSON *a;

	cJSON_ArrayForEach (a, get(overview, "analyzers")) {
		if (strcmp(text(a, "id"), id) != 0)
			continue;
		*queuedp = number(a, "queued_packets");
		*flyingp = number(a, "flying_batches");
		return true;
	}
	return false;
}
