#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_causes.h"
#include "registry/ctl/ctl_nodes.h"
#include "registry/ctl/ctl_out.h"
#include "registry/ctl/ctl_table.h"
#include "registry/journal.h"
#include "registry/reports.h"

#define STATUS_EVENTS 200 /* in which a lost node is looked for */
#define CLEAR_SCREEN "\033[H\033[2J"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

void ctl_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool ctl_wait(uint64_t ms)
{
	uint64_t end = clock_mono_us() + ms * US_PER_MS, now;

	while (!interrupted && (now = clock_mono_us()) < end)
		poll(NULL, 0, (int)((end - now + US_PER_MS - 1) / US_PER_MS));
	return !interrupted;
}

static void write_health(struct ctl_table *table, const struct analyzer *a)
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
		write_health(&table, a);
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

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text && *text ? text : "-";
}

static void write_unreachable(const cJSON *node, char *out, size_t size)
{
	const cJSON *id;
	size_t len = 0;

	snprintf(out, size, "-");
	cJSON_ArrayForEach (id, cJSON_GetObjectItemCaseSensitive(node, "unreachable")) {
		if (len < size)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "",
						id->valuestring);
	}
}

static void write_nodes(const struct roster *r, struct buf *out)
{
	static const char *const headings[] = { "<NODE", ">WORKERS", "<MODE", "<UNREACHABLE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	cJSON *nodes = cluster_nodes_json(r);
	const cJSON *node;

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	cJSON_ArrayForEach (node, nodes) {
		char unreachable[CTL_TABLE_CELL];

		write_unreachable(node, unreachable, sizeof(unreachable));
		ctl_table_cell(&table, "%s", text_of(node, "id"));
		ctl_table_cell(
			&table, "%.0f",
			cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(node, "workers")));
		ctl_table_cell(&table, "%s", text_of(node, "mode"));
		ctl_table_cell(&table, "%s", unreachable);
	}
	if (cJSON_GetArraySize(nodes) > 0)
		ctl_table_write(&table, out);
	else
		buf_append_str(out, "no nodes\n");
	cJSON_Delete(nodes);
}

static enum ctl_exit print(struct buf *out)
{
	if (out->failed)
		return ctl_fail("out of memory");
	fwrite(out->data, 1, out->len, stdout);
	return CTL_OK;
}

static void write_reach(const struct roster *r, const struct ctl_node *node, enum ctl_reach reach,
			struct ctl_table *table)
{
	struct buf ids CLEANUP(buf_deinit) = { 0 };

	ctl_nodes_write(r, node, reach, &ids);
	ctl_table_cell(table, "%s", ids.len ? buf_str(&ids) : "-");
}

static void write_reaches(const struct roster *r, const struct ctl_node *nodes, unsigned n,
			  struct buf *out)
{
	static const char *const headings[] = { "<NODE", ">WORKERS", "<MODE",
						"<OPEN", "<HANGING", "<HALF-OPEN" };
	struct ctl_table table CLEANUP(ctl_table_deinit);

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (unsigned i = 0; i < n; i++) {
		ctl_table_cell(&table, "%s", nodes[i].id);
		ctl_table_cell(&table, "%u", nodes[i].n_workers);
		ctl_table_cell(&table, "%s", nodes[i].mode[0] ? nodes[i].mode : "-");
		write_reach(r, &nodes[i], REACH_CUT, &table);
		write_reach(r, &nodes[i], REACH_HANGS, &table);
		write_reach(r, &nodes[i], REACH_TRIED, &table);
	}
	ctl_table_write(&table, out);
}

enum ctl_exit ctl_nodes(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct ctl_node *nodes AUTO_FREE = NULL;
	unsigned n_nodes;
	int r = membership_roster(ctl->client, &roster);

	(void)command;
	(void)arguments;
	if (r == 0 && ctl->options.json)
		return ctl_print_json(cluster_nodes_json(roster));
	if (r == 0)
		r = ctl_nodes_gather(roster, &nodes, &n_nodes);
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	if (n_nodes > 0)
		write_reaches(roster, nodes, n_nodes, &out);
	else
		buf_append_str(&out, "no nodes\n");
	return print(&out);
}

/* The pool, and what its nodes report of their deliveries. */
struct seen {
	struct roster *roster;
	struct reports reports;
	cJSON *events; /* the last ones of the journal */
};

static double total(const struct roster *r, size_t field)
{
	double sum = 0;

	for (unsigned i = 0; i < r->n_analyzers; i++)
		sum += *(const double *)((const char *)&r->analyzers[i] + field);
	return sum;
}

static void seen_deinit(struct seen *seen)
{
	roster_unref(seen->roster);
	reports_deinit(&seen->reports);
	cJSON_Delete(seen->events);
}

static void write_health_of(struct ctl_table *table, const char *name, const struct lanes *lanes)
{
	double p50_ms, p99_ms, ratio;

	if (!lanes || !lanes_percentile(lanes, 50, &p50_ms) ||
	    !lanes_percentile(lanes, 99, &p99_ms) || !lanes_error_ratio(lanes, &ratio))
		return;
	ctl_table_cell(table, "%s", name);
	ctl_table_cell(table, "%.1f ms", p50_ms);
	ctl_table_cell(table, "%.1f ms", p99_ms);
	ctl_table_cell(table, "%.2f %%", 100 * ratio);
}

/* Of about the last 10 s: to each analyzer, and from each node. */
static void write_deliveries(const struct seen *seen, struct buf *out)
{
	static const char *const headings[] = { "<DELIVERIES", ">P50", ">P99", ">FAILED" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	const cJSON *node;
	char name[160];

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (unsigned i = 0; i < seen->roster->n_analyzers; i++) {
		snprintf(name, sizeof(name), "to %s%s", seen->roster->analyzers[i].id,
			 seen->reports.lanes[i].n_slow > 0 ? " (slow)" : "");
		write_health_of(&table, name, &seen->reports.lanes[i]);
	}
	cJSON_ArrayForEach (node, seen->reports.nodes) {
		snprintf(name, sizeof(name), "from %s", node->string);
		write_health_of(&table, name, reports_node(&seen->reports, node->string));
	}
	ctl_table_write(&table, out);
}

static int see(struct ctl *ctl, struct seen *seen)
{
	int r = membership_roster(ctl->client, &seen->roster);

	if (r == 0)
		r = reports_read(ctl->client, &ctl->keys, NULL, seen->roster, &seen->reports);
	return r == 0 ? journal_read(ctl->client, &ctl->keys, NULL, STATUS_EVENTS, &seen->events)
		      : r;
}

static void write_status(const struct ctl *ctl, const struct seen *seen, struct buf *out)
{
	const struct roster *r = seen->roster;
	double routed = total(r, offsetof(struct analyzer, routed)) + r->gone_routed;
	double delivered = total(r, offsetof(struct analyzer, delivered)) + r->gone_delivered;
	double packets =
		total(r, offsetof(struct analyzer, delivered_packets)) + r->gone_delivered_packets;

	buf_printf(out, "pool %s, epoch %llu\n\n", ctl->options.pool, (unsigned long long)r->epoch);
	ctl_causes_write(r, &seen->reports, seen->events, out);
	buf_append_str(out, "\n");
	if (r->n_analyzers)
		write_analyzers(r, out);
	else
		buf_append_str(out, "no analyzers\n");
	buf_append_str(out, "\n");
	write_nodes(r, out);
	buf_append_str(out, "\n");
	write_deliveries(seen, out);
	buf_printf(out,
		   "\nrouted %.0f messages, delivered %.0f in %.0f packets; %.0f packets (%.0f "
		   "messages, %.0f bytes) in the spill, %.0f dead letters\n",
		   routed, delivered, packets, r->spill.packets, r->spill.messages, r->spill.bytes,
		   r->n_dead);
	accounts_write(&r->accounts, out);
	buf_append_str(out, "\n");
}

enum ctl_exit ctl_status(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct seen seen CLEANUP(seen_deinit) = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	int r = see(ctl, &seen);

	(void)command;
	(void)arguments;
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	if (ctl->options.json)
		return ctl_print_json(cluster_json(ctl->options.pool, seen.roster));
	write_status(ctl, &seen, &out);
	return print(&out);
}

/* What the look before saw, for the rate. */
struct last {
	double routed; /* messages */
	uint64_t us;   /* 0: there was none */
};

static enum ctl_exit look(struct ctl *ctl, struct last *last)
{
	struct seen seen CLEANUP(seen_deinit) = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	int r = see(ctl, &seen);
	uint64_t now = clock_mono_us();
	double routed;

	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	if (ctl->options.json)
		return ctl_print_json(cluster_json(ctl->options.pool, seen.roster));
	if (isatty(STDOUT_FILENO))
		ctl_out_as_is(CLEAR_SCREEN, sizeof(CLEAR_SCREEN) - 1);
	write_status(ctl, &seen, &out);
	routed = total(seen.roster, offsetof(struct analyzer, routed)) + seen.roster->gone_routed;
	if (last->us)
		buf_printf(&out, "%.0f messages a second\n",
			   fmax(0, routed - last->routed) * (double)US_PER_S /
				   (double)(now - last->us));
	*last = (struct last){ routed, now };
	return print(&out);
}

enum ctl_exit ctl_watch(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct last last = { 0 };
	enum ctl_exit code;
	int64_t n = 0;

	(void)command;
	(void)arguments;
	ctl_catch_signals();
	do {
		code = look(ctl, &last);
		if (fflush(stdout) != 0)
			break; /* nobody reads any more */
		n++;
	} while (!(ctl->options.count && n >= ctl->options.count) &&
		 ctl_wait(ctl->options.interval_ms));
	return code;
}
