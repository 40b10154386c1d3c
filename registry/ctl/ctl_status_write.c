#include "registry/ctl/ctl_status_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "registry/cluster.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_table.h"
#include "registry/redis/redis_state.h"

#define OLD_MS 3000     /* what was seen so long ago is said to be old */
#define KNOWN_PART 0.9  /* of a window: less is said */
#define STALE_PART 2    /* a window that covers more than this part of its length */
#define STALE_MORE_S 10 /* and so much more, tells of another time */

static const char *text_or_dash(const cJSON *object, const char *name)
{
	const char *text = ctl_json_text(object, name);

	return *text ? text : "-";
}

/* A part as percent, "-" where it is not known. */
static void put_part(struct ctl_table *table, const cJSON *object, const char *name)
{
	if (ctl_json_has_number(object, name))
		ctl_table_cell(table, "%.2f %%", 100 * ctl_json_number(object, name));
	else
		ctl_table_cell(table, "-");
}

static void put_ms(struct ctl_table *table, const cJSON *object, const char *name)
{
	if (ctl_json_has_number(object, name))
		ctl_table_cell(table, "%.1f ms", ctl_json_number(object, name));
	else
		ctl_table_cell(table, "-");
}

static void write_span(double seconds, char *out, size_t size)
{
	seconds = fmax(0, seconds);
	if (seconds < 120)
		snprintf(out, size, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(out, size, "%.0f min", floor(seconds / 60));
	else
		snprintf(out, size, "%.0f h", floor(seconds / 3600));
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

/* ---- the verdict ---- */

static void write_cause(const cJSON *cause, struct buf *out)
{
	char span[32];

	buf_printf(out, "  %-7s %s", ctl_json_text(cause, "level"), ctl_json_text(cause, "text"));
	if (ctl_json_number(cause, "since_ms") > 0) {
		write_span((now_ms() - ctl_json_number(cause, "since_ms")) / 1000, span,
			   sizeof(span));
		buf_printf(out, ", for %s", span);
	}
	buf_append_str(out, "\n");
}

static void write_verdict(const cJSON *overview, struct buf *out)
{
	const cJSON *verdict = ctl_json_get(overview, "verdict"), *cause;

	buf_printf(out, "%s\n", ctl_json_text(verdict, "headline"));
	cJSON_ArrayForEach (cause, ctl_json_get(verdict, "causes"))
		write_cause(cause, out);
}

void ctl_status_write_whose(const struct ctl_look *look, struct buf *out)
{
	const cJSON *redis = ctl_json_get(look->overview, "redis");
	int state = 0;

	if (!look->is_own)
		return;
	while (state < REDIS_STATES &&
	       strcmp(redis_state_names[state], ctl_json_text(redis, "state")) != 0)
		state++;
	buf_printf(out, "Redis %s (%s): these are figures of node %s alone",
		   state < REDIS_STATES ? redis_state_words((enum redis_state)state) : "is away",
		   text_or_dash(redis, "error"), text_or_dash(look->overview, "node"));
	if (ctl_json_number(look->overview, "age_ms") > OLD_MS)
		buf_printf(out, "; it saw the pool %.0f s ago",
			   ctl_json_number(look->overview, "age_ms") / 1000);
	buf_printf(out, "; it receives %.0f messages/s\n",
		   ctl_json_number(ctl_json_get(look->overview, "figures"), "messages_per_s"));
}

/* ---- analyzers ---- */

static void put_health(struct ctl_table *table, const struct analyzer *a)
{
	const char *health = analyzer_health_names[a->health];

	if (a->held_back_ms > 0)
		ctl_table_cell(table, "%s, held %.1f s", health, (double)a->held_back_ms / 1000);
	else
		ctl_table_cell(table, "%s", health);
}

static void write_analyzers(const struct roster *r, struct buf *out)
{
	static const char *const headings[] = { "<ANALYZER",  "<STATE",     "<HEALTH", ">WEIGHT",
						">TARGET",    ">ACTUAL",    ">ERROR",  ">ROUTED",
						">DELIVERED", ">PROCESSED", ">CREDIT", "<SOURCE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (unsigned i = 0; i < r->n_analyzers; i++) {
		const struct analyzer *a = &r->analyzers[i];
		double actual = cluster_actual(r, a);

		ctl_table_cell(&table, "%s", a->id);
		ctl_table_cell(&table, "%s", analyzer_state_names[a->state]);
		put_health(&table, a);
		ctl_table_cell(&table, "%.15g", a->weight);
		ctl_table_cell(&table, "%.2f %%", 100 * a->share);
		ctl_table_cell(&table, "%.2f %%", 100 * actual);
		ctl_table_cell(&table, "%+.3f %%", 100 * (actual - cluster_due(r, a)));
		ctl_table_count(&table, a->routed);
		ctl_table_count(&table, a->delivered);
		ctl_table_count(&table, a->processed);
		ctl_table_cell(&table, "%.1f", a->credit);
		ctl_table_cell(&table, "%s", a->source[0] ? a->source : "registered");
	}
	ctl_table_write(&table, out);
}

/* ---- windows ---- */

/* What was due by the shares that held then, what came, and how many messages that is off. all: the
 * same window of the whole pool. */
static void put_window(struct ctl_table *table, const cJSON *window, const cJSON *all)
{
	double seconds = ctl_json_number(window, "seconds");

	if (!ctl_json_has_number(window, "actual") ||
	    ctl_json_number(all, "covered_s") > STALE_PART * seconds + STALE_MORE_S) {
		for (int i = 0; i < 3; i++)
			ctl_table_cell(table, "-");
		return;
	}
	put_part(table, window, "share");
	put_part(table, window, "actual");
	ctl_table_cell(table, "%+.0f", ctl_json_number(window, "error_messages"));
}

static void put_ever(struct ctl_table *table, const struct roster *r, const struct analyzer *a)
{
	double due = cluster_due(r, a), actual = cluster_actual(r, a);

	if (due == 0 && actual == 0) {
		for (int i = 0; i < 3; i++)
			ctl_table_cell(table, "-");
		return;
	}
	ctl_table_cell(table, "%.2f %%", 100 * due);
	ctl_table_cell(table, "%.2f %%", 100 * actual);
	ctl_table_cell(table, "%+.0f", -a->credit);
}

static const cJSON *window_of(const cJSON *list, double seconds)
{
	const cJSON *window;

	cJSON_ArrayForEach (window, list)
		if (ctl_json_number(window, "seconds") == seconds)
			return window;
	return NULL;
}

/* A window that began before anybody looked. */
static void write_known(const cJSON *overview, struct buf *out)
{
	const cJSON *window;
	char span[32];

	cJSON_ArrayForEach (window, ctl_json_get(overview, "windows")) {
		double seconds = ctl_json_number(window, "seconds");
		double covered = ctl_json_number(window, "covered_s");

		if (covered >= KNOWN_PART * seconds || ctl_json_number(window, "messages") <= 0)
			continue;
		write_span(seconds, span, sizeof(span));
		buf_printf(out, "of the last %s, %.0f s are known\n", span, covered);
	}
}

static void write_windows(const struct ctl_look *look, struct buf *out)
{
	static const char *const headings[] = {
		"<SHARES",     ">10 S DUE", ">GOT", ">OFF",     ">1 MIN DUE", ">GOT", ">OFF",
		">10 MIN DUE", ">GOT",      ">OFF", ">ALL DUE", ">GOT",       ">OFF"
	};
	static const double seconds[] = { 10, 60, 600 };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const struct roster *r = look->roster;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (unsigned i = 0; i < r->n_analyzers; i++) {
		const cJSON *a = ctl_json_find(ctl_json_get(look->overview, "analyzers"),
					       r->analyzers[i].id);

		ctl_table_cell(&table, "of %s", r->analyzers[i].id);
		for (size_t k = 0; k < ARRAY_LEN(seconds); k++)
			put_window(&table, window_of(ctl_json_get(a, "windows"), seconds[k]),
				   window_of(ctl_json_get(look->overview, "windows"), seconds[k]));
		put_ever(&table, r, &r->analyzers[i]);
	}
	ctl_table_write(&table, out);
	write_known(look->overview, out);
}

/* ---- deliveries ---- */

static void put_age(struct ctl_table *table, const cJSON *object, const char *name)
{
	double ms = ctl_json_number(object, name);
	char span[32];

	if (ms <= 0) {
		ctl_table_cell(table, "-");
		return;
	}
	write_span((now_ms() - ms) / 1000, span, sizeof(span));
	ctl_table_cell(table, "%s ago", span);
}

static void put_check(struct ctl_table *table, const cJSON *check)
{
	char span[32];

	put_age(table, check, "checked_ms");
	put_age(table, check, "change_ms");
	write_span(ctl_json_number(check, "down_s"), span, sizeof(span));
	ctl_table_cell(table, "%s", ctl_json_number(check, "down_s") >= 1 ? span : "-");
	ctl_table_cell(table, "%s", text_or_dash(check, "error"));
}

/* Of about the last 10 s: to each analyzer, and from each node. Times are of the nodes. */
static void write_deliveries(const cJSON *overview, struct buf *out)
{
	static const char *const headings[] = { "<DELIVERIES", ">P50",         ">P99",
						">FAILED",     ">QUEUED",      "<LAST CHECK",
						"<CHANGED",    "<DOWN IN ALL", "<LAST ERROR" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *a, *node;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (a, ctl_json_get(overview, "analyzers")) {
		ctl_table_cell(&table, "to %s%s", ctl_json_text(a, "id"),
			       ctl_json_number(a, "slow_workers") > 0 ? " (slow)" : "");
		put_ms(&table, a, "p50_ms");
		put_ms(&table, a, "p99_ms");
		put_part(&table, a, "error_ratio");
		ctl_table_count(&table, ctl_json_number(a, "queued_packets"));
		put_check(&table, ctl_json_get(a, "check"));
	}
	cJSON_ArrayForEach (node, ctl_json_get(overview, "nodes")) {
		ctl_table_cell(&table, "from %s", ctl_json_text(node, "id"));
		put_ms(&table, node, "p50_ms");
		put_ms(&table, node, "p99_ms");
		put_part(&table, node, "error_ratio");
		for (int i = 0; i < 5; i++)
			ctl_table_cell(&table, "-");
	}
	ctl_table_write(&table, out);
}

/* ---- nodes and totals ---- */

static void write_nodes(const cJSON *overview, struct buf *out)
{
	static const char *const headings[] = { "<NODE", ">WORKERS", "<MODE", "<UNREACHABLE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *node, *id;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (node, ctl_json_get(overview, "nodes")) {
		struct buf cut CLEANUP(buf_deinit) = { 0 };

		cJSON_ArrayForEach (id, ctl_json_get(node, "unreachable"))
			buf_printf(&cut, "%s%s", cut.len ? " " : "",
				   cJSON_IsString(id) ? id->valuestring : "?");
		ctl_table_cell(&table, "%s", text_or_dash(node, "id"));
		ctl_table_cell(&table, "%.0f", ctl_json_number(node, "workers"));
		ctl_table_cell(&table, "%s", text_or_dash(node, "mode"));
		ctl_table_cell(&table, "%s", cut.len ? buf_str(&cut) : "-");
	}
	if (cJSON_GetArraySize(ctl_json_get(overview, "nodes")) > 0)
		ctl_table_write(&table, out);
	else
		buf_append_str(out, "no nodes\n");
}

static void write_totals(const struct ctl_look *look, struct buf *out)
{
	const cJSON *overview = look->overview, *totals = ctl_json_get(overview, "totals");
	const cJSON *ack = ctl_json_get(overview, "ack");
	const struct roster *r = look->roster;

	buf_printf(out,
		   "\nrouted %.0f messages, delivered %.0f in %.0f packets; %.0f packets (%.0f "
		   "messages, %.0f bytes) in the spill, %.0f dead letters\n",
		   ctl_json_number(totals, "routed"), ctl_json_number(totals, "messages"),
		   ctl_json_number(totals, "packets"), r->spill.packets, r->spill.messages,
		   r->spill.bytes, r->n_dead);
	accounts_write(&r->accounts, out);
	buf_printf(out, "\n%.1f requests refused a second",
		   ctl_json_number(overview, "refused_per_s"));
	if (ctl_json_has_number(ack, "p99_ms"))
		buf_printf(out, "; time to 202: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms",
			   ctl_json_number(ack, "p50_ms"), ctl_json_number(ack, "p99_ms"),
			   ctl_json_number(ack, "p99_9_ms"));
	buf_append_str(out, "\n");
}

void ctl_status_write(const struct ctl *ctl, const struct ctl_look *look, struct buf *out)
{
	const struct roster *r = look->roster;

	buf_printf(out, "pool %s, epoch %llu", text_or_dash(look->overview, "pool"),
		   (unsigned long long)r->epoch);
	if (ctl->options.admin)
		buf_printf(out, ", as node %s sees it", text_or_dash(look->overview, "node"));
	buf_append_str(out, "\n\n");
	ctl_status_write_whose(look, out);
	write_verdict(look->overview, out);
	buf_append_str(out, "\n");
	if (r->n_analyzers) {
		write_analyzers(r, out);
		buf_append_str(out, "\n");
		write_windows(look, out);
	} else {
		buf_append_str(out, "no analyzers\n");
	}
	buf_append_str(out, "\n");
	write_nodes(look->overview, out);
	buf_append_str(out, "\n");
	write_deliveries(look->overview, out);
	write_totals(look, out);
}
