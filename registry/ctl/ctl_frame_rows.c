/*
 *   a1          50.0%  50.1%  50.0%  50.0%  [=======|      ]    12,345  up
 *   a2          30.0%  12.0%  25.0%  29.1%  [==--|         ]     3,210  suspect
 *   a3          20.0%  37.9%  25.0%  20.9%  [===|++        ]     9,876  up slow:200
 *
 * '=' is what it got, '|' its target, '-' what is missing up to it, '+' what is beyond it.
 */
#include "registry/ctl/ctl_frame_rows.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/json/json_read.h"
#include "registry/ctl/ctl_json.h"
#include "registry/ctl/ctl_table.h"

#define ID_MIN 8
#define ID_MAX 24
#define PERCENT_WIDTH 7
#define RATE_WIDTH 10
#define HEALTH_WIDTH 8 /* of each figure on deliveries */
#define STATE_WIDTH 13
#define BAR_MIN 8
#define BAR_MAX 120
#define ALL_WINDOWS_COLUMNS 66 /* so wide, and it shows the figures of all windows */
#define P99_COLUMNS 132        /* so wide, and it shows how long deliveries take */
#define HEALTH_COLUMNS 140     /* so wide, and it shows all figures on deliveries */
#define OFF_BY 0.02            /* further than this from the target is shown as bad */

static const char *const window_names[] = { "10 S", "1 MIN", "ALL" };
static_assert(ARRAY_LEN(window_names) == WINDOWS, "every window has a name");
static const uint64_t window_us[] = { 10 * US_PER_S, 60 * US_PER_S };

struct row {
	const struct analyzer *analyzer;
	double part[WINDOWS]; /* of what was routed to those registered now; below 0: nothing was */
	double rate;          /* messages a second */
	int rank;             /* more is worse */
};

struct layout {
	unsigned id, bar; /* widths; bar 0: none */
	bool all_windows;
	unsigned n_health; /* figures on deliveries: none, P99, or all three */
	double full;       /* share at the right end of the bars */
};

static double routed_since(const struct analyzer *a, const struct roster *before)
{
	const struct analyzer *then = before ? roster_find(before, a->id) : NULL;

	return fmax(0, a->routed - (then ? then->routed : 0));
}

/* before NULL: of all. */
static void measure(struct row *rows, unsigned n, const struct roster *before,
		    enum ctl_window window)
{
	double sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += rows[i].part[window] = routed_since(rows[i].analyzer, before);
	for (unsigned i = 0; i < n; i++)
		rows[i].part[window] = sum > 0 ? rows[i].part[window] / sum : -1;
}

static double off_target(const struct row *row, enum ctl_window window)
{
	return row->part[window] < 0 ? 0 : row->part[window] - row->analyzer->share;
}

static void fill(const struct ctl_view *f, struct row *rows)
{
	const struct ctl_history *h = f->history;
	const struct ctl_sample *now = ctl_history_now(h);
	const struct ctl_sample *last = ctl_history_before(h, 3 * US_PER_S);
	unsigned n = now->roster->n_analyzers;
	double seconds = (double)(now->us - last->us) / US_PER_S;

	for (unsigned i = 0; i < n; i++) {
		const struct analyzer *a = &now->roster->analyzers[i];

		rows[i].analyzer = a;
		rows[i].rate = seconds > 0 ? routed_since(a, last->roster) / seconds : 0;
	}
	for (enum ctl_window w = 0; w < WINDOW_ALL; w++)
		measure(rows, n, ctl_history_before(h, window_us[w])->roster, w);
	measure(rows, n, NULL, WINDOW_ALL);
	for (unsigned i = 0; i < n; i++)
		rows[i].rank = (int)rows[i].analyzer->health * 1000 +
			       (rows[i].analyzer->state != ANALYZER_ACTIVE) * 500 +
			       (int)(400 * fabs(off_target(&rows[i], f->window)));
}

static int by_rank(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->rank != y->rank ? y->rank - x->rank : strcmp(x->analyzer->id, y->analyzer->id);
}

static unsigned n_health(const struct ctl_view *f)
{
	return f->columns >= HEALTH_COLUMNS ? 3 : f->columns >= P99_COLUMNS ? 1 : 0;
}

static struct layout lay_out(const struct ctl_view *f, const struct row *rows, unsigned n)
{
	static const double steps[] = { 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1 };
	struct layout l = { .id = ID_MIN,
			    .all_windows = f->columns >= ALL_WINDOWS_COLUMNS,
			    .n_health = n_health(f) };
	double most = 0;
	unsigned used;

	for (unsigned i = 0; i < n; i++) {
		unsigned len = (unsigned)strlen(rows[i].analyzer->id);

		l.id = len > l.id ? len : l.id;
		most = fmax(most, fmax(rows[i].analyzer->share, rows[i].part[f->window]));
	}
	if (l.id > ID_MAX || l.id > f->columns / 5)
		l.id = f->columns / 5 < ID_MAX ? f->columns / 5 : ID_MAX;
	used = l.id + PERCENT_WIDTH * (l.all_windows ? 1 + WINDOWS : 2) + RATE_WIDTH + STATE_WIDTH +
	       HEALTH_WIDTH * l.n_health + 2;
	l.bar = used + BAR_MIN <= f->columns ? f->columns - used : 0;
	l.bar = l.bar < BAR_MAX ? l.bar : BAR_MAX;
	for (size_t i = ARRAY_LEN(steps); i-- > 0 && steps[i] >= most;)
		l.full = steps[i];
	if (l.full == 0)
		l.full = 1;
	return l;
}

static void put_part(struct ctl_line *line, enum ctl_style style, double part)
{
	if (part < 0)
		ctl_line_put(line, STYLE_PLAIN, "%*s", PERCENT_WIDTH, "-");
	else
		ctl_line_put(line, style, "%*.1f%%", PERCENT_WIDTH - 1, 100 * part);
}

static unsigned place(double share, const struct layout *l, unsigned inner)
{
	double at = round(share / l->full * (inner - 1));

	return at < 0 ? 0 : at > inner - 1 ? inner - 1 : (unsigned)at;
}

static void put_run(struct ctl_line *line, enum ctl_style style, char c, unsigned n)
{
	char run[BAR_MAX + 1];

	memset(run, c, n);
	run[n] = '\0';
	ctl_line_put(line, style, "%s", run);
}

static void put_bar(struct ctl_line *line, const struct layout *l, const struct row *row,
		    enum ctl_window window)
{
	unsigned inner = l->bar - 2, target = place(row->analyzer->share, l, inner);
	unsigned got = place(fmax(0, row->part[window]), l, inner);
	bool is_silent = row->part[window] < 0;
	unsigned least = got < target ? got : target, most = got < target ? target : got;

	ctl_line_put(line, STYLE_PLAIN, "[");
	put_run(line, STYLE_GOOD, '=', least);
	put_run(line, STYLE_BAD, is_silent ? ' ' : '-', target - least);
	ctl_line_put(line, STYLE_STRONG, "|");
	put_run(line, STYLE_WARN, '+', most - target);
	put_run(line, STYLE_PLAIN, ' ', inner - 1 - most);
	ctl_line_put(line, STYLE_PLAIN, "]");
}

/* known: what the overview says of it. */
static void put_state(struct ctl_line *line, const struct analyzer *a, const cJSON *known)
{
	cJSON *info = json_read_text(a->info);
	const char *fault = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "fault"));
	bool is_up = a->health == HEALTH_UP && a->state == ANALYZER_ACTIVE;

	if (a->state != ANALYZER_ACTIVE)
		ctl_line_put(line, STYLE_WARN, "%s", analyzer_state_names[a->state]);
	if (a->state == ANALYZER_ACTIVE || a->health != HEALTH_UP)
		ctl_line_put(line, is_up ? STYLE_GOOD : STYLE_BAD, "%s%s",
			     a->state == ANALYZER_ACTIVE ? "" : " ",
			     analyzer_health_names[a->health]);
	if (a->held_back_ms > 0)
		ctl_line_put(line, STYLE_WARN, " held %.0fs", ceil((double)a->held_back_ms / 1000));
	if (ctl_json_number(known, "slow_workers") > 0)
		ctl_line_put(line, STYLE_WARN, " slow");
	if (fault)
		ctl_line_put(line, STYLE_WARN, " %s", fault);
	cJSON_Delete(info);
}

static void put_health_heading(struct ctl_line *line, unsigned n)
{
	if (n == 3)
		ctl_line_put(line, STYLE_STRONG, "%*s", HEALTH_WIDTH, "P50 MS");
	if (n > 0)
		ctl_line_put(line, STYLE_STRONG, "%*s", HEALTH_WIDTH, "P99 MS");
	if (n == 3)
		ctl_line_put(line, STYLE_STRONG, "%*s", HEALTH_WIDTH, "FAILED");
}

static void put_ms(struct ctl_line *line, const cJSON *known, const char *name)
{
	if (ctl_json_has_number(known, name))
		ctl_line_put(line, STYLE_PLAIN, "%*.1f", HEALTH_WIDTH,
			     ctl_json_number(known, name));
	else
		ctl_line_put(line, STYLE_PLAIN, "%*s", HEALTH_WIDTH, "-");
}

/* known: an analyzer or a node of the overview. */
static void put_health(struct ctl_line *line, const cJSON *known, unsigned n)
{
	double ratio = ctl_json_number(known, "error_ratio");

	if (n == 3)
		put_ms(line, known, "p50_ms");
	if (n > 0)
		put_ms(line, known, "p99_ms");
	if (n < 3)
		return;
	if (ctl_json_has_number(known, "error_ratio"))
		ctl_line_put(line, ratio > 0 ? STYLE_BAD : STYLE_PLAIN, "%*.1f%%", HEALTH_WIDTH - 1,
			     100 * ratio);
	else
		ctl_line_put(line, STYLE_PLAIN, "%*s", HEALTH_WIDTH, "-");
}

static void write_heading(const struct ctl_view *f, const struct layout *l, struct ctl_line *line,
			  bool is_cut)
{
	char scale[32];

	ctl_line_put(line, STYLE_STRONG, "%-*s%*s", (int)l->id, is_cut ? "WORST" : "ANALYZER",
		     PERCENT_WIDTH, "TARGET");
	for (enum ctl_window w = 0; w < WINDOWS; w++)
		if (l->all_windows || w == f->window)
			ctl_line_put(line, STYLE_STRONG, "%*s", PERCENT_WIDTH, window_names[w]);
	if (l->bar) {
		snprintf(scale, sizeof(scale), "%.0f%%", 100 * l->full);
		ctl_line_put(line, STYLE_STRONG, "  %-*s%s", (int)(l->bar - strlen(scale)),
			     window_names[f->window], scale);
	}
	ctl_line_put(line, STYLE_STRONG, "%*s", RATE_WIDTH - 2, "MSG/S");
	put_health_heading(line, l->n_health);
	ctl_line_put(line, STYLE_STRONG, "  STATE");
	ctl_line_end(line);
}

/* What the overview says of an analyzer or a node. NULL: nothing. */
static const cJSON *known_of(const struct ctl_view *f, const char *list, const char *id)
{
	return ctl_json_find(ctl_json_get(f->overview, list), id);
}

static void write_row(const struct ctl_view *f, const struct layout *l, const struct row *row,
		      struct ctl_line *line)
{
	const cJSON *known = known_of(f, "analyzers", row->analyzer->id);
	char rate[CTL_GROUPED] = "-"; /* one node does not know it */

	ctl_line_put(line, STYLE_PLAIN, "%-*.*s", (int)l->id, (int)l->id, row->analyzer->id);
	put_part(line, STYLE_PLAIN, row->analyzer->share);
	for (enum ctl_window w = 0; w < WINDOWS; w++)
		if (l->all_windows || w == f->window)
			put_part(line, fabs(off_target(row, w)) > OFF_BY ? STYLE_BAD : STYLE_PLAIN,
				 row->part[w]);
	if (l->bar) {
		ctl_line_put(line, STYLE_PLAIN, "  ");
		put_bar(line, l, row, f->window);
	}
	if (!f->whose)
		ctl_table_group(row->rate, rate);
	ctl_line_put(line, STYLE_PLAIN, "%*s", RATE_WIDTH - 2, rate);
	put_health(line, known, l->n_health);
	ctl_line_put(line, STYLE_PLAIN, "  ");
	put_state(line, row->analyzer, known);
	ctl_line_end(line);
}

/* Of n things, how many get a line: one line less where it has to say how many there are more. */
static unsigned n_shown(unsigned n, unsigned n_rows)
{
	return n <= n_rows ? n : n_rows - 1;
}

static void write_more(struct ctl_line *line, unsigned n, unsigned shown, const char *what)
{
	if (shown == n)
		return;
	ctl_line_put(line, STYLE_PLAIN, "%u more %s: make the window higher", n - shown, what);
	ctl_line_end(line);
}

void ctl_frame_analyzers(const struct ctl_view *f, struct ctl_line *line, unsigned n_rows)
{
	const struct roster *r = ctl_history_now(f->history)->roster;
	unsigned n = r->n_analyzers, shown = n_shown(n, n_rows);
	struct row *rows AUTO_FREE = calloc(n + 1, sizeof(*rows));
	struct layout layout;

	if (!rows) {
		line->out->failed = true;
		return;
	}
	fill(f, rows);
	layout = lay_out(f, rows, n);
	if (shown < n)
		qsort(rows, n, sizeof(*rows), by_rank);
	write_heading(f, &layout, line, shown < n);
	for (unsigned i = 0; i < shown; i++)
		write_row(f, &layout, &rows[i], line);
	write_more(line, n, shown, "analyzers");
	if (n == 0) {
		ctl_line_put(line, STYLE_PLAIN,
			     "No analyzer yet. Start one: weir-analyzer --id a1 "
			     "--register http://NODE:8081");
		ctl_line_end(line);
	}
}

static void write_reach(const struct roster *r, const struct ctl_node *node, struct ctl_line *line)
{
	static const struct {
		enum ctl_reach reach;
		enum ctl_style style;
		const char *name;
	} parts[] = { { REACH_CUT, STYLE_BAD, "open" },
		      { REACH_HANGS, STYLE_BAD, "hanging" },
		      { REACH_TRIED, STYLE_WARN, "half-open" } };
	const char *between = "";

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct buf ids CLEANUP(buf_deinit) = { 0 };

		ctl_nodes_write(r, node, parts[i].reach, &ids);
		if (!ids.len)
			continue;
		ctl_line_put(line, parts[i].style, "%s%s: %s", between, parts[i].name,
			     buf_str(&ids));
		between = "  ";
	}
	if (!*between)
		ctl_line_put(line, STYLE_GOOD, "all closed");
	ctl_line_end(line);
}

static bool reaches_all(const struct roster *r, const struct ctl_node *node)
{
	for (unsigned i = 0; i < r->n_analyzers; i++)
		if (node->reach[r->analyzers[i].slot] != REACH_FINE)
			return false;
	return true;
}

void ctl_frame_nodes(const struct ctl_view *f, const struct ctl_node *nodes, unsigned n_nodes,
		     struct ctl_line *line, unsigned n_rows)
{
	const struct roster *r = ctl_history_now(f->history)->roster;
	unsigned n_figures = n_health(f);
	unsigned shown = n_shown(n_nodes, n_rows), n_left = shown;

	ctl_line_put(line, STYLE_STRONG, "%-16s%8s  %-8s", "NODE", "WORKERS", "MODE");
	put_health_heading(line, n_figures);
	ctl_line_put(line, STYLE_STRONG, "%sBREAKERS", n_figures ? "  " : "");
	ctl_line_end(line);
	/* where not all fit, those with something to say first */
	for (int is_fine = 0; is_fine < 2; is_fine++) {
		for (unsigned i = 0; i < n_nodes && n_left > 0; i++) {
			if (shown < n_nodes && reaches_all(r, &nodes[i]) != is_fine)
				continue;
			n_left--;
			ctl_line_put(line, STYLE_PLAIN, "%-15.15s %8u  %-8s", nodes[i].id,
				     nodes[i].n_workers, nodes[i].mode);
			put_health(line, known_of(f, "nodes", nodes[i].id), n_figures);
			ctl_line_put(line, STYLE_PLAIN, "%s", n_figures ? "  " : "");
			write_reach(r, &nodes[i], line);
		}
	}
	write_more(line, n_nodes, shown, "nodes");
	if (n_nodes == 0) {
		ctl_line_put(line, STYLE_PLAIN, "No node here. Start one: weir-node --redis URL");
		ctl_line_end(line);
	}
}
