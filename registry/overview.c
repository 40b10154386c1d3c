#include "registry/overview.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "registry/cluster.h"

static const unsigned windows_s[] = { 10, 60, 600 };
#define RATE_S 10
#define MINUTE_MS 60000
#define OFF_PART 0.05      /* of what an analyzer should have got */
#define OFF_PACKETS 5      /* an error of so few is how packets fall */
#define OFF_LEAST_MS 10000 /* nothing is said of less */

/* Some digits less, as most of it is text on a screen. */
static double rounded(double value, double digits)
{
	return round(value * digits) / digits;
}

static void add_number(cJSON *json, const char *name, double value, double digits)
{
	cJSON_AddNumberToObject(json, name, rounded(value, digits));
}

/* ---- stretches of time ---- */

/* From one sample to the latest. */
struct stretch {
	const struct history_sample *from, *to;
	double seconds, routed;
};

/* There must be a sample. */
static struct stretch stretch_of(const struct history *h, unsigned seconds)
{
	struct stretch s = { .to = history_now(h) };

	s.from = history_before(h, (uint64_t)seconds * 1000);
	assert(s.from && s.to);
	s.seconds = (double)(s.to->at_ms - s.from->at_ms) / 1000;
	s.routed = s.to->routed - s.from->routed;
	return s;
}

static double per_second(const struct stretch *s, double from, double to)
{
	return s->seconds > 0 ? (to - from) / s->seconds : 0;
}

static double error_of(const struct stretch *s, unsigned slot)
{
	struct history_amount from = history_of(s->from, slot), to = history_of(s->to, slot);

	return (to.routed - from.routed) - (to.due - from.due);
}

static double worst_error(const struct stretch *s, const struct roster *roster)
{
	double worst = 0;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		worst = fmax(worst, fabs(error_of(s, roster->analyzers[i].slot)));
	return worst;
}

/* ---- analyzers ---- */

static cJSON *analyzer_window(const struct stretch *s, unsigned seconds, unsigned slot)
{
	struct history_amount from = history_of(s->from, slot), to = history_of(s->to, slot);
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "seconds", seconds);
	add_number(json, "messages", to.routed - from.routed, 1);
	if (s->routed > 0) {
		add_number(json, "share", (to.due - from.due) / s->routed, 1e6);
		add_number(json, "actual", (to.routed - from.routed) / s->routed, 1e6);
	} else {
		cJSON_AddNullToObject(json, "share");
		cJSON_AddNullToObject(json, "actual");
	}
	add_number(json, "error_messages", error_of(s, slot), 10);
	return json;
}

/* A state that no worker is in is left out. */
static void add_state(cJSON *breakers, const char *state, double n_workers)
{
	if (n_workers > 0)
		cJSON_AddNumberToObject(breakers, state, n_workers);
}

static void add_lanes(cJSON *json, const struct overview *o, const struct lanes *lanes)
{
	cJSON *breakers;
	double n_closed =
		o->reports->n_workers - lanes->n_open - lanes->n_half_open - lanes->n_hanging;

	cJSON_AddNumberToObject(json, "queued_packets", lanes->queued);
	cJSON_AddNumberToObject(json, "flying_batches", lanes->flying);
	cJSON_AddNumberToObject(json, "paused_workers", lanes->paused);
	cJSON_AddNumberToObject(json, "slow_workers", lanes->n_slow);
	lanes_add_health(lanes, json);
	lanes_add_check(lanes, json);
	breakers = cJSON_AddObjectToObject(json, "breakers");
	add_state(breakers, "closed", n_closed);
	add_state(breakers, "open", lanes->n_open);
	add_state(breakers, "half_open", lanes->n_half_open);
	add_state(breakers, "hanging", lanes->n_hanging);
	if (lanes->trouble->child)
		cJSON_AddItemToObject(json, "trouble", cJSON_Duplicate(lanes->trouble, true));
}

static cJSON *analyzer_json(const struct overview *o, unsigned i,
			    const struct stretch stretches[ARRAY_LEN(windows_s)])
{
	const struct analyzer *a = &o->roster->analyzers[i];
	cJSON *json = cluster_analyzer_json(o->roster, a), *list;
	struct stretch s = stretch_of(o->history, RATE_S);
	struct history_amount from = history_of(s.from, a->slot), to = history_of(s.to, a->slot);

	if (o->is_own) { /* nobody has told Redis what was routed */
		cJSON_AddNullToObject(json, "messages_per_s");
		cJSON_AddNullToObject(json, "packets_per_s");
	} else {
		add_number(json, "messages_per_s", per_second(&s, from.routed, to.routed), 10);
		add_number(json, "packets_per_s", per_second(&s, from.packets, to.packets), 10);
	}
	add_lanes(json, o, &o->reports->lanes[i]);
	list = cJSON_AddArrayToObject(json, "windows");
	for (size_t k = 0; k < ARRAY_LEN(windows_s); k++)
		cJSON_AddItemToArray(list, analyzer_window(&stretches[k], windows_s[k], a->slot));
	return json;
}

static void add_analyzers(cJSON *json, const struct overview *o)
{
	struct stretch stretches[ARRAY_LEN(windows_s)];
	cJSON *list = cJSON_AddArrayToObject(json, "analyzers");

	for (size_t k = 0; k < ARRAY_LEN(windows_s); k++)
		stretches[k] = stretch_of(o->history, windows_s[k]);
	for (unsigned i = 0; i < o->roster->n_analyzers; i++)
		cJSON_AddItemToArray(list, analyzer_json(o, i, stretches));
}

/* ---- nodes ---- */

static void add_report(cJSON *node, const struct reports *reports)
{
	static const char *const fields[] = {
		"version", "uptime_s",   "packets_per_s",  "messages_per_s",   "connections",
		"redis",   "held_bytes", "held_max_bytes", "memory_max_bytes", "refused",
		"ack",     "p50_ms",     "p99_ms",         "error_ratio",      "epoch"
	};
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node, "id"));
	const cJSON *report = id ? cJSON_GetObjectItemCaseSensitive(reports->nodes, id) : NULL;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(report, fields[i]);

		cJSON_AddItemToObject(node, fields[i],
				      value ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
	}
}

static void add_nodes(cJSON *json, const struct overview *o)
{
	cJSON *list = cluster_nodes_json(o->roster), *node;

	cJSON_ArrayForEach (node, list)
		add_report(node, o->reports);
	cJSON_AddItemToObject(json, "nodes", list);
}

/* ---- the pool ---- */

static void add_windows(cJSON *json, const struct overview *o)
{
	cJSON *list = cJSON_AddArrayToObject(json, "windows");

	for (size_t k = 0; k < ARRAY_LEN(windows_s); k++) {
		struct stretch s = stretch_of(o->history, windows_s[k]);
		double worst = worst_error(&s, o->roster);
		cJSON *window = cJSON_CreateObject();

		cJSON_AddItemToArray(list, window);
		cJSON_AddNumberToObject(window, "seconds", windows_s[k]);
		add_number(window, "covered_s", s.seconds, 10);
		add_number(window, "packets", s.to->packets - s.from->packets, 1);
		add_number(window, "messages", s.routed, 1);
		add_number(window, "error_messages", worst, 10);
		add_number(window, "error_percent", s.routed > 0 ? 100 * worst / s.routed : 0, 1e4);
	}
}

static void add_growth(cJSON *json, const char *name, const struct stretch *s, double from,
		       double to)
{
	cJSON *object = cJSON_GetObjectItemCaseSensitive(json, name);

	if (object)
		add_number(object, "packets_per_s", per_second(s, from, to), 10);
}

static void add_redis(cJSON *json, const struct overview *o)
{
	cJSON *redis = cJSON_AddObjectToObject(json, "redis");

	cJSON_AddBoolToObject(redis, "up", o->is_current);
	cJSON_AddStringToObject(redis, "state", redis_state_names[o->redis.state]);
	if (o->redis.since_ms)
		cJSON_AddNumberToObject(redis, "since_ms", (double)o->redis.since_ms);
	else
		cJSON_AddNullToObject(redis, "since_ms");
	add_number(redis, "round_trip_ms", o->round_trip_ms, 1000);
	if (o->redis.error[0])
		cJSON_AddStringToObject(redis, "error", o->redis.error);
	else
		cJSON_AddNullToObject(redis, "error");
}

/* Received by the nodes whose reports are here. */
static double rate_of(const struct overview *o, const char *name)
{
	const cJSON *report;
	double sum = 0;

	cJSON_ArrayForEach (report, o->reports->nodes) {
		const cJSON *rate = cJSON_GetObjectItemCaseSensitive(report, name);

		sum += cJSON_IsNumber(rate) ? rate->valuedouble : 0;
	}
	return rounded(sum, 10);
}

static void add_figures(cJSON *json, const struct overview *o)
{
	cJSON *figures = cJSON_AddObjectToObject(json, "figures");

	cJSON_AddStringToObject(figures, "of", o->is_own ? "node" : "pool");
	cJSON_AddStringToObject(figures, "node", o->node);
	cJSON_AddNumberToObject(figures, "messages_per_s", rate_of(o, "messages_per_s"));
	cJSON_AddNumberToObject(figures, "packets_per_s", rate_of(o, "packets_per_s"));
}

/* ---- the verdict ---- */

static double rate_between(const struct history *h, uint64_t from_age_ms, uint64_t to_age_ms)
{
	const struct history_sample *now = history_now(h);
	const struct history_sample *from = history_before(h, from_age_ms);
	const struct history_sample *to = history_before(h, to_age_ms);
	struct stretch s = { .from = from, .to = to };

	if (now->at_ms - from->at_ms < from_age_ms || to->at_ms <= from->at_ms)
		return -1; /* the history is too short */
	s.seconds = (double)(to->at_ms - from->at_ms) / 1000;
	return per_second(&s, from->routed, to->routed);
}

/* Messages beyond its share, where they are more than how packets happen to fall. */
static double off_by(const struct stretch *s, const struct analyzer *a)
{
	struct history_amount from = history_of(s->from, a->slot), to = history_of(s->to, a->slot);
	double packets = s->to->packets - s->from->packets, due = to.due - from.due;
	double packet = packets > 0 ? fmax(1, s->routed / packets) : 1;
	double error = error_of(s, a->slot);

	return fabs(error) <= OFF_PACKETS * packet || fabs(error) <= OFF_PART * due ? 0 : error;
}

/* In the last minute, as far as shares were those of now: around a change, what was routed before it is
 * counted after it. */
static void find_off(const struct overview *o, double *off)
{
	const struct history_sample *from = history_steady(o->history, MINUTE_MS);
	struct stretch s = { .from = from, .to = history_now(o->history) };

	if (!from || s.to->at_ms - from->at_ms < OFF_LEAST_MS)
		return;
	s.routed = s.to->routed - from->routed;
	for (unsigned i = 0; i < o->roster->n_analyzers; i++)
		off[i] = off_by(&s, &o->roster->analyzers[i]);
}

static cJSON *verdict_json(const struct overview *o)
{
	struct stretch s = stretch_of(o->history, RATE_S);
	double *off = calloc(o->roster->n_analyzers + 1, sizeof(*off));
	struct causes_figures f = {
		.roster = o->roster,
		.reports = o->reports,
		.node = o->node,
		.is_own = o->is_own,
		.is_outside = o->is_outside,
		.redis = o->redis.state,
		.redis_since_ms = o->redis.since_ms,
		.redis_error = o->redis.error,
		.now_ms = clock_wall_us() / US_PER_MS,
		.spill_max_bytes = o->spill_max_bytes,
		.spill_bytes_per_s = per_second(&s, s.from->spilled_bytes, s.to->spilled_bytes),
		.rate = o->is_own ? rate_of(o, "messages_per_s")
				  : per_second(&s, s.from->routed, s.to->routed),
		.rate_minute = o->is_own ? -1 : rate_between(o->history, 2 * MINUTE_MS, MINUTE_MS),
		.rate_hour = o->is_own ? -1 : o->rate_hour,
		.off = off,
		.events = o->events,
	};
	struct causes *causes = calloc(1, sizeof(*causes));
	cJSON *json = NULL;

	if (off)
		find_off(o, off);
	if (causes) {
		causes_find(causes, &f);
		if (o->fill_since)
			o->fill_since(o->since_arg, causes, f.now_ms);
		json = causes_json(causes, &f);
	}
	free(causes);
	free(off);
	return json;
}

/* Of all nodes, to all analyzers. */
static void add_deliveries(cJSON *json, const struct reports *reports)
{
	struct lanes all = reports_all(reports);

	lanes_add_health(&all, cJSON_AddObjectToObject(json, "deliveries"));
}

cJSON *overview_json(const struct overview *o)
{
	struct stretch s;
	cJSON *json;

	if (!history_now(o->history)) /* there was no memory for a sample */
		return NULL;
	s = stretch_of(o->history, RATE_S);
	json = cluster_json(o->pool, o->roster);
	cJSON_DeleteItemFromObjectCaseSensitive(json, "analyzers");
	cJSON_DeleteItemFromObjectCaseSensitive(json, "nodes");
	cJSON_AddNumberToObject(json, "now_ms", (double)o->roster->now_ms);
	cJSON_AddNumberToObject(json, "every_ms", (double)o->every_ms);
	cJSON_AddStringToObject(json, "node", o->node);
	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	if (o->emitter_url)
		cJSON_AddStringToObject(json, "emitter_url", o->emitter_url);
	add_redis(json, o);
	add_figures(json, o);
	cJSON_AddItemToObject(json, "verdict", verdict_json(o));
	add_analyzers(json, o);
	add_nodes(json, o);
	add_growth(json, "spill", &s, s.from->spilled, s.to->spilled);
	add_growth(json, "dead", &s, s.from->dead, s.to->dead);
	cJSON_AddItemToObject(json, "ack", reports_ack_json(o->reports));
	add_deliveries(json, o->reports);
	cJSON_AddItemToObject(json, "refused", cJSON_Duplicate(o->reports->refused, true));
	/* less when a node has left */
	add_number(json, "refused_per_s", fmax(0, per_second(&s, s.from->refused, s.to->refused)),
		   10);
	add_windows(json, o);
	return json;
}
