#include "registry/ctl/ctl_frame.h"

#include <math.h>
#include <stdio.h>

#include "common/clock.h"
#include "registry/ctl/ctl_frame_rows.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_table.h"

#define RATE_US (3 * US_PER_S)    /* rates are over so long */
#define GROWTH_US (10 * US_PER_S) /* growth of spill and dead letters */
#define HEAD_ROWS 8               /* all but the lines of analyzers and nodes */

static double total(const struct roster *r, size_t field, double gone)
{
	double sum = gone;

	for (unsigned i = 0; i < r->n_analyzers; i++)
		sum += *(const double *)((const char *)&r->analyzers[i] + field);
	return sum;
}

static double routed(const struct roster *r)
{
	return total(r, offsetof(struct analyzer, routed), r->gone_routed);
}

static double delivered(const struct roster *r)
{
	return total(r, offsetof(struct analyzer, delivered), r->gone_delivered);
}

static double packets(const struct roster *r)
{
	return total(r, offsetof(struct analyzer, delivered_packets), r->gone_delivered_packets);
}

/* By how much a figure changed in a second; 0 where there is nothing to compare with. */
static double per_second(const struct ctl_history *h, uint64_t window_us,
			 double (*figure)(const struct roster *))
{
	const struct ctl_sample *now = ctl_history_now(h),
				*before = ctl_history_before(h, window_us);

	if (now->us == before->us)
		return 0;
	return (figure(now->roster) - figure(before->roster)) * (double)US_PER_S /
	       (double)(now->us - before->us);
}

static double spilled(const struct roster *r)
{
	return r->spill.packets;
}

static double dead(const struct roster *r)
{
	return r->n_dead;
}

static void put_count(struct ctl_line *line, const char *before, double count, const char *after)
{
	char text[CTL_GROUPED];

	ctl_table_group(count, text);
	ctl_line_put(line, STYLE_PLAIN, "%s%s%s", before, text, after);
}

/* "spill 12 (+3.0/s)": the sign says which way, whatever the colour. */
static void put_growth(struct ctl_line *line, const char *name, double count, double growth)
{
	char text[CTL_GROUPED];

	ctl_table_group(count, text);
	if (growth > -0.05 && growth < 0.05)
		growth = 0;
	ctl_line_put(line,
		     growth > 0  ? STYLE_BAD
		     : count > 0 ? STYLE_WARN
				 : STYLE_PLAIN,
		     "%s %s (%+.1f/s)", name, text, growth);
}

static void write_title(const struct ctl_view *f, struct ctl_line *line)
{
	const struct ctl_sample *now = ctl_history_now(f->history);
	char clock[32] = "";
	struct tm tm;

	ctl_line_put(line, STYLE_STRONG, "weir top  pool %s", f->pool);
	if (now)
		ctl_line_put(line, STYLE_PLAIN, "  epoch %llu",
			     (unsigned long long)now->roster->epoch);
	if (gmtime_r(&f->now_s, &tm))
		strftime(clock, sizeof(clock), "  %H:%M:%S UTC", &tm);
	ctl_line_put(line, STYLE_PLAIN, "%s", clock);
	ctl_line_right(line, "  w: window  q: quit");
	ctl_line_end(line);
}

static void put_latency(const struct ctl_view *f, struct ctl_line *line)
{
	const cJSON *deliveries = ctl_json_get(f->overview, "deliveries");

	if (ctl_json_has_number(deliveries, "p99_ms"))
		ctl_line_put(line, STYLE_PLAIN, "  p99 %.1f ms",
			     ctl_json_number(deliveries, "p99_ms"));
}

/* What a node knows by itself is what it received. */
static void write_own_rates(const struct ctl_view *f, struct ctl_line *line)
{
	const cJSON *figures = ctl_json_get(f->overview, "figures");

	put_count(line, "received ", ctl_json_number(figures, "messages_per_s"), " msg/s");
	put_count(line, " in ", ctl_json_number(figures, "packets_per_s"), " packets/s");
	ctl_line_put(line, STYLE_PLAIN, ", by node %s", ctl_json_text(figures, "node"));
	put_latency(f, line);
	ctl_line_end(line);
}

static void write_rates(const struct ctl_view *f, struct ctl_line *line)
{
	const struct ctl_history *h = f->history;

	put_count(line, "routed ", fmax(0, per_second(h, RATE_US, routed)), " msg/s");
	put_count(line, "  delivered ", fmax(0, per_second(h, RATE_US, delivered)), " msg/s");
	put_count(line, " in ", fmax(0, per_second(h, RATE_US, packets)), " packets/s");
	put_latency(f, line);
	ctl_line_end(line);
}

static void write_waiting(const struct ctl_view *f, struct ctl_line *line)
{
	const struct roster *r = ctl_history_now(f->history)->roster;
	const struct amount *in_flight = &r->accounts.of[ACCOUNT_IN_FLIGHT];

	put_count(line, "in flight ", in_flight->packets, " packets");
	put_count(line, " (", in_flight->messages, " msg)  ");
	put_growth(line, "spill", r->spill.packets, per_second(f->history, GROWTH_US, spilled));
	ctl_line_put(line, STYLE_PLAIN, "  ");
	put_growth(line, "dead", r->n_dead, per_second(f->history, GROWTH_US, dead));
	ctl_line_end(line);
}

static void write_totals(const struct ctl_view *f, struct ctl_line *line)
{
	const struct roster *r = ctl_history_now(f->history)->roster;
	double lost = r->accounts.of[ACCOUNT_LOST].packets;
	double missing = accounts_missing(&r->accounts).packets;

	put_count(line, "in all: routed ", routed(r), " msg");
	put_count(line, "  refused ", r->accounts.of[ACCOUNT_REFUSED].packets, "");
	ctl_line_put(line, lost != 0 ? STYLE_BAD : STYLE_PLAIN, "  lost %.0f  ", lost);
	if (missing != 0)
		ctl_line_put(line, STYLE_BAD, "unaccounted %.0f packets", missing);
	else
		ctl_line_put(line, STYLE_PLAIN, "accounts add up");
	ctl_line_end(line);
}

/* How long agents wait. */
static void put_ack(const struct ctl_view *f, struct ctl_line *line)
{
	const cJSON *ack = ctl_json_get(f->overview, "ack");

	if (ctl_json_has_number(ack, "p50_ms"))
		ctl_line_put(line, STYLE_PLAIN,
			     "time to 202: p50 %.1f ms  p99 %.1f ms  p99.9 %.1f ms",
			     ctl_json_number(ack, "p50_ms"), ctl_json_number(ack, "p99_ms"),
			     ctl_json_number(ack, "p99_9_ms"));
	else
		ctl_line_put(line, STYLE_PLAIN, "%s", "");
}

/* Trouble stands where else the time to 202 does. */
static void write_trouble(const struct ctl_view *f, struct ctl_line *line)
{
	if (!f->trouble && f->whose)
		ctl_line_put(line, STYLE_ALARM, "%s", f->whose);
	else if (!f->trouble)
		put_ack(f, line);
	else if (ctl_history_now(f->history))
		ctl_line_put(line, STYLE_ALARM, "STALE: as it was %.0f s ago. %s", f->age_s,
			     f->trouble);
	else
		ctl_line_put(line, STYLE_ALARM, "NOTHING KNOWN YET. %s", f->trouble);
	ctl_line_end(line);
}

/* Nodes get a third of the rows, or what analyzers leave; both at least one. */
static unsigned node_rows(unsigned rows, unsigned n_analyzers, unsigned n_nodes)
{
	unsigned third = rows / 3 > 1 ? rows / 3 : 1;
	unsigned left = rows > n_analyzers ? rows - n_analyzers : 0;
	unsigned most = left > third ? left : third;

	n_nodes = n_nodes ? n_nodes : 1;
	return n_nodes < most ? n_nodes : most;
}

static void write_pool(const struct ctl_view *f, struct ctl_line *line)
{
	const struct roster *r = ctl_history_now(f->history)->roster;
	struct ctl_node *nodes AUTO_FREE = NULL;
	unsigned n_nodes, rows = f->rows - HEAD_ROWS, n_rows;

	if (ctl_nodes_gather(r, &nodes, &n_nodes) != 0) {
		line->out->failed = true;
		return;
	}
	n_rows = node_rows(rows, r->n_analyzers, n_nodes);
	ctl_frame_analyzers(f, line, rows - n_rows);
	ctl_line_end(line);
	ctl_frame_nodes(f, nodes, n_nodes, line, n_rows);
}

void ctl_frame_write(const struct ctl_view *f, struct buf *out)
{
	struct ctl_line line = { .out = out, .colour = f->colour, .columns = f->columns };

	if (f->columns < CTL_FRAME_COLUMNS_MIN || f->rows < CTL_FRAME_ROWS_MIN) {
		ctl_line_put(&line, STYLE_PLAIN, "too small: needs %dx%d", CTL_FRAME_COLUMNS_MIN,
			     CTL_FRAME_ROWS_MIN);
		ctl_line_end(&line);
		return;
	}
	write_title(f, &line);
	if (!ctl_history_now(f->history)) {
		write_trouble(f, &line);
		return;
	}
	if (f->whose)
		write_own_rates(f, &line);
	else
		write_rates(f, &line);
	write_waiting(f, &line);
	write_totals(f, &line);
	write_trouble(f, &line);
	write_pool(f, &line);
}
