/* Causes that are not about one analyzer: Redis, agents, spill, dead letters, nodes, rates. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "registry/causes.h"

#define FULL 0.95          /* of spill-max-bytes */
#define SOON_S 600         /* the spill is full before this time: trouble */
#define GROWS_BYTES 1      /* a second */
#define MEMORY_HIGH 0.9    /* of what packets and connections may hold */
#define ACK_LATE_MS 500    /* agents wait longer than ack-within should let them */
#define REFUSED_LEAST 0.05 /* requests a second */
#define REFUSED_NOW_MS 10000
#define WRONG_TOKEN "unauthorized"
#define GUESSED "too_many_wrong_tokens"
#define FELL_BELOW 0.5      /* of what came before */
#define FELL_LEAST 10       /* messages a second: less than this says nothing */
#define NODE_LOST_MS 600000 /* a node that is lost for longer will not come back */

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

static void find_redis(struct causes *causes, const struct causes_figures *f)
{
	bool is_trouble = !redis_state_takes_writes(f->redis);
	struct cause *cause;

	if (f->redis == REDIS_UP)
		return;
	cause = causes_add(causes, CAUSE_REDIS, is_trouble ? CAUSE_TROUBLE : CAUSE_WARN,
			   redis_state_names[f->redis], f->redis_since_ms);
	cause_say(cause,
		  !is_trouble     ? "Redis %s, as %s sees it"
		  : f->is_outside ? "Redis %s, as %s sees it; nodes cannot report: ask one of them "
				    "(--admin URL)"
				  : "Redis %s, as %s sees it; the figures are those of %s alone",
		  redis_state_words(f->redis), f->node, f->node);
	if (!cause)
		return;
	snprintf(cause->nodes, sizeof(cause->nodes), "%s", f->node);
	snprintf(cause->error, sizeof(cause->error), "%s", f->redis_error ? f->redis_error : "");
}

/* ---- agents ---- */

/* A client that goes away in the middle of a request, and a node that ends, are no trouble. */
static bool is_told(const char *reason)
{
	return strcmp(reason, "incomplete") != 0 && strcmp(reason, "shutting_down") != 0;
}

/* The most frequent request that is refused with the code now, at any node; NULL: none is known. */
static const cJSON *refused_most(const struct reports *reports, const char *code)
{
	const cJSON *report, *request, *most = NULL;

	cJSON_ArrayForEach (report, reports->nodes)
		cJSON_ArrayForEach (request, cJSON_GetObjectItemCaseSensitive(report, "refusals"))
			if (strcmp(text_of(request, "code"), code) == 0 &&
			    number(request, "age_ms") <= REFUSED_NOW_MS &&
			    (!most || number(request, "count") > number(most, "count")))
				most = request;
	return most;
}

/* What the agents have to change can only be seen from what they ask for. */
static void say_refusal(struct cause *cause, const struct causes_figures *f, double status,
			double per_s)
{
	const cJSON *most = NULL;

	if (!cause)
		return;
	if (cause->kind == CAUSE_AGENTS_WRONG)
		most = refused_most(f->reports, cause->key);
	if (most && *text_of(most, "path"))
		cause_say(cause,
			  "Agents get %.0f %s for %.1f requests a second, mostly for %s %.64s from "
			  "%.64s",
			  status, cause->key, per_s, text_of(most, "method"), text_of(most, "path"),
			  text_of(most, "client"));
	else
		cause_say(cause, "Agents get %.0f %s for %.1f requests a second", status,
			  cause->key, per_s);
	snprintf(cause->error, sizeof(cause->error), "%.0f %s", status, cause->key);
}

static double refused_per_s(const struct reports *reports, const char *code)
{
	double per_s = number(cJSON_GetObjectItemCaseSensitive(reports->refusing, code), "per_s");

	return per_s < REFUSED_LEAST ? 0 : per_s;
}

/* Who sends a wrong token is soon not even asked for it any more: that is one cause. */
static double with_guessed(const struct reports *reports, const char *code, double per_s)
{
	if (strcmp(code, GUESSED) == 0 && refused_per_s(reports, WRONG_TOKEN) > 0)
		return 0;
	return strcmp(code, WRONG_TOKEN) == 0 ? per_s + refused_per_s(reports, GUESSED) : per_s;
}

static void find_refusals(struct causes *causes, const struct causes_figures *f)
{
	const cJSON *reason;

	cJSON_ArrayForEach (reason, f->reports->refusing) {
		double per_s = with_guessed(f->reports, reason->string,
					    refused_per_s(f->reports, reason->string));
		double status = number(reason, "status");
		bool is_ours = status >= 500;
		struct cause *cause;

		if (per_s <= 0 || !is_told(reason->string))
			continue;
		cause = causes_add(causes, is_ours ? CAUSE_REFUSING : CAUSE_AGENTS_WRONG,
				   is_ours ? CAUSE_TROUBLE : CAUSE_WARN, reason->string,
				   (uint64_t)number(reason, "since_ms"));
		say_refusal(cause, f, status, per_s);
	}
}

static void find_waits(struct causes *causes, const struct causes_figures *f)
{
	double ms;

	if (!reports_ack_percentile(f->reports, 99, &ms) || ms <= ACK_LATE_MS)
		return;
	cause_say(causes_add(causes, CAUSE_AGENTS_WAIT, CAUSE_WARN, "", 0),
		  "One packet in a hundred waits for %.0f ms or longer for its 202", ms);
}

static bool say_fall(struct causes *causes, double now, double before, const char *when)
{
	if (now < 0 || before < FELL_LEAST || now >= before * FELL_BELOW)
		return false;
	cause_say(causes_add(causes, CAUSE_RATE_FELL, CAUSE_WARN, "", 0),
		  "The pool gets %.0f messages/s: %.0f %% less than %s ago, when it got %.0f", now,
		  100 * (1 - now / before), when, before);
	return true;
}

/* While something is in trouble, that is why less comes. */
static void find_fall(struct causes *causes, const struct causes_figures *f)
{
	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].level == CAUSE_TROUBLE)
			return;
	if (!say_fall(causes, f->rate, f->rate_minute, "a minute"))
		say_fall(causes, f->rate, f->rate_hour, "an hour");
}

/* ---- what waits ---- */

static void write_span(double seconds, char *out, size_t size)
{
	if (seconds < 120)
		snprintf(out, size, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(out, size, "%.0f min", seconds / 60);
	else
		snprintf(out, size, "%.1f h", seconds / 3600);
}

static void find_spill(struct causes *causes, const struct causes_figures *f)
{
	double bytes = f->roster->spill.bytes, most = f->spill_max_bytes;
	double packets = f->roster->spill.packets, left_s;
	bool grows = f->spill_bytes_per_s >= GROWS_BYTES;
	char span[32];

	if (packets <= 0)
		return;
	if (most > 0 && bytes >= most * FULL) {
		cause_say(causes_add(causes, CAUSE_SPILL_FULL, CAUSE_TROUBLE, "", 0),
			  "The spill is full: %.0f packets, %.0f %% of spill-max-bytes", packets,
			  100 * bytes / most);
	} else if (grows && most > 0) {
		left_s = (most - bytes) / f->spill_bytes_per_s;
		write_span(left_s, span, sizeof(span));
		cause_say(
			causes_add(causes, CAUSE_SPILL_GROWS,
				   left_s < SOON_S ? CAUSE_TROUBLE : CAUSE_WARN, "", 0),
			"The spill grows: %.0f packets, %.0f %% full, and at this rate full in %s",
			packets, 100 * bytes / most, span);
	} else {
		cause_say(causes_add(causes, CAUSE_SPILL, CAUSE_WARN, "", 0),
			  "%.0f packet%s in the spill wait%s for an analyzer", packets,
			  packets == 1 ? "" : "s", packets == 1 ? "s" : "");
	}
}

static void find_dead(struct causes *causes, const struct causes_figures *f)
{
	double n = f->roster->n_dead;

	if (n > 0)
		cause_say(causes_add(causes, CAUSE_DEAD_LETTERS, CAUSE_WARN, "", 0),
			  "%.0f dead letter%s wait%s for somebody to replay or purge %s", n,
			  n == 1 ? "" : "s", n == 1 ? "s" : "", n == 1 ? "it" : "them");
}

/* ---- nodes ---- */

/* "n1/0" is a worker of node n1. */
static size_t node_len(const char *worker)
{
	const char *slash = strrchr(worker, '/');

	return slash ? (size_t)(slash - worker) : strlen(worker);
}

static bool is_there(const struct roster *r, const char *worker)
{
	size_t len = node_len(worker);

	for (unsigned i = 0; i < r->n_workers; i++)
		if (node_len(r->workers[i].name) == len &&
		    strncmp(r->workers[i].name, worker, len) == 0)
			return true;
	return false;
}

static void find_lost_nodes(struct causes *causes, const struct causes_figures *f)
{
	const cJSON *event;

	cJSON_ArrayForEach (event, f->events) {
		const char *worker = text_of(event, "node");
		uint64_t at_ms = (uint64_t)number(event, "time_ms");
		char node[ANALYZER_ID_MAX + 1];

		if (strcmp(text_of(event, "kind"), "node_lost") != 0 ||
		    is_there(f->roster, worker) || at_ms + NODE_LOST_MS < f->now_ms)
			continue;
		snprintf(node, sizeof(node), "%.*s", (int)node_len(worker), worker);
		if (causes_have(causes, CAUSE_NODE_LOST, node))
			continue;
		cause_say(causes_add(causes, CAUSE_NODE_LOST, CAUSE_WARN, node, at_ms),
			  "Node %s is gone without a word: its lease ran out", node);
	}
}

static void find_node(struct causes *causes, const struct causes_figures *f, const cJSON *report)
{
	const cJSON *redis = cJSON_GetObjectItemCaseSensitive(report, "redis");
	double away = number(report, "workers") - number(redis, "up_workers");
	double held = number(report, "held_bytes"), most = number(report, "held_max_bytes");

	if (away > 0 && redis_state_takes_writes(f->redis))
		cause_say(causes_add(causes, CAUSE_NODE_AWAY, CAUSE_WARN, report->string, 0),
			  "%.0f worker%s of node %s %s away from Redis", away, away == 1 ? "" : "s",
			  report->string, away == 1 ? "is" : "are");
	if (most > 0 && held >= most * MEMORY_HIGH)
		cause_say(
			causes_add(causes, CAUSE_MEMORY, CAUSE_WARN, report->string, 0),
			"Node %s runs out of memory: packets and connections hold %.0f %% of what "
			"they may",
			report->string, 100 * held / most);
}

/* A node that looks is there itself. */
static void find_no_node(struct causes *causes, const struct causes_figures *f)
{
	if (f->is_outside && f->roster->n_workers == 0 && redis_state_takes_writes(f->redis))
		cause_say(causes_add(causes, CAUSE_NO_NODE, CAUSE_TROUBLE, "", 0),
			  "No node is there: nobody takes packets from agents");
}

void causes_find_pool(struct causes *causes, const struct causes_figures *f)
{
	const cJSON *report;

	find_redis(causes, f);
	find_no_node(causes, f);
	cJSON_ArrayForEach (report, f->reports->nodes)
		find_node(causes, f, report);
	find_lost_nodes(causes, f);
	find_refusals(causes, f);
	find_waits(causes, f);
	find_spill(causes, f);
	find_dead(causes, f);
	if (f->roster->n_left_out > 0)
		cause_say(causes_add(causes, CAUSE_LEFT_OUT, CAUSE_WARN, "", 0),
			  "%u entries in Redis are left out, which no node can have written: %s",
			  f->roster->n_left_out, f->roster->left_out);
	find_fall(causes, f);
}
