#include "registry/causes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

const char *const cause_level_names[] = { "ok", "note", "warn", "trouble" };
static_assert(ARRAY_LEN(cause_level_names) == CAUSE_LEVELS, "every level has a name");

/* X(kind, name, heading of the runbook, what to do) */
/* clang-format off */
#define CAUSES(X) \
	X(CAUSE_REDIS, "redis", "WeirRedisAway", "Bring Redis back, or mend what it says. Nodes route on meanwhile.") \
	X(CAUSE_NO_NODE, "no_node", "WeirAbsent", "Start a node, or find out why none reaches this Redis.") \
	X(CAUSE_NO_ANALYZER, "no_analyzer", "WeirNoAnalyzer", "Start an analyzer, or enable one. Packets go into the spill until then.") \
	X(CAUSE_LOST, "analyzer_lost", "WeirAnalyzerUnreachable", "Start the analyzer again, or take it out: weirctl remove ID.") \
	X(CAUSE_UNREACHABLE, "analyzer_unreachable", "WeirAnalyzerUnreachable", "Mend the analyzer, or drain it until then.") \
	X(CAUSE_HANGS, "analyzer_hangs", "WeirAnalyzerUnreachable", "Look what the analyzer waits for, and restart it.") \
	X(CAUSE_CUT_OFF, "analyzer_cut_off", "WeirAnalyzerUnreachable", "Mend the network between these nodes and the analyzer.") \
	X(CAUSE_ERRS, "analyzer_errs", "WeirAnalyzerFails", "Read the analyzer's log. What it refuses goes elsewhere or waits.") \
	X(CAUSE_FLAPS, "analyzer_flaps", "WeirAnalyzerFlaps", "Find out why the analyzer ends or fails again and again.") \
	X(CAUSE_PAUSES, "analyzer_pauses", "WeirSharesOff", "Relieve the analyzer, or lower its weight.") \
	X(CAUSE_SLOW, "analyzer_slow", "WeirAnalyzerLatency", "Relieve the analyzer, or lower its weight.") \
	X(CAUSE_REFUSING, "refusing", "WeirRefuses", "Agents keep these packets and come again. The reason says what is missing.") \
	X(CAUSE_SPILL_FULL, "spill_full", "The spill is full", "Bring analyzers back, or raise spill-max-bytes if Redis has the memory.") \
	X(CAUSE_SPILL_GROWS, "spill_grows", "WeirSpillGrows", "Bring analyzers back, or add some, before the spill is full.") \
	X(CAUSE_SPILL, "spill", "WeirSpills", "The spill empties by itself as soon as analyzers can take it.") \
	X(CAUSE_DEAD_LETTERS, "dead_letters", "WeirDeadLettersWait", "Look at them, then replay or purge them.") \
	X(CAUSE_NODE_LOST, "node_lost", "WeirNodeLost", "Start the node again. The others take its packets.") \
	X(CAUSE_NODE_AWAY, "node_away", "WeirRedisAway", "Mend the network between this node and Redis.") \
	X(CAUSE_MEMORY, "memory", "WeirMemory", "Raise memory-max, or find out who sends or holds so much.") \
	X(CAUSE_AGENTS_WAIT, "agents_wait", "WeirAgentsWait", "Look which analyzer is slow, and whether Redis is.") \
	X(CAUSE_AGENTS_WRONG, "agents_refused", "WeirRefusesBadInput", "Mend the agents' outputs: weirctl refusals names them.") \
	X(CAUSE_RATE_FELL, "rate_fell", "Less comes than before", "Look whether agents wait, or send less by themselves.") \
	X(CAUSE_SHARE_OFF, "share_off", "WeirSharesOff", "Look what the analyzer that gets too little waits for.") \
	X(CAUSE_LEFT_OUT, "left_out", "The registry has lost data", "Find out who else writes to this Redis.") \
	X(CAUSE_FAULT, "fault", "An analyzer gets nothing", "weirctl fault ID --clear ends it.") \
	X(CAUSE_OUT_OF_SERVICE, "out_of_service", "An analyzer gets nothing", "weirctl enable ID ends it.")
/* clang-format on */

#define STATE "WeirRedisState"
#define LOST_DATA "WeirRedisLostData"
#define RESTORE "Nodes and analyzers give back what they know. weirctl verify says what is missing."
#define CIRCLE "Packets go in a circle"
#define BREAK_CIRCLE "Find the analyzer that leads back to this pool, and remove it."

#define NAME(kind, name, heading, remedy) [kind] = name,
const char *const cause_kind_names[] = { CAUSES(NAME) };
static_assert(ARRAY_LEN(cause_kind_names) == CAUSE_KINDS, "every kind has a row");

static const struct {
	const char *heading, *remedy;
} infos[] = {
#define INFO(kind, name, heading, remedy) [kind] = { heading, remedy },
	CAUSES(INFO)
};

/* Causes of one kind that have another heading, by whom or what they are about. */
static const struct {
	enum cause_kind kind;
	const char *key, *heading, *remedy;
} exceptions[] = {
	{ CAUSE_REDIS, "refusing_oom", STATE, NULL },
	{ CAUSE_REDIS, "refusing_readonly", STATE, NULL },
	{ CAUSE_REDIS, "misconf", STATE, NULL },
	{ CAUSE_REDIS, "noperm", STATE, NULL },
	{ CAUSE_REDIS, "noreplicas", STATE, NULL },
	{ CAUSE_REDIS, "loading", STATE, NULL },
	{ CAUSE_REDIS, "busy", STATE, NULL },
	{ CAUSE_REDIS, "slow", STATE, NULL },
	{ CAUSE_REDIS, "empty", LOST_DATA, RESTORE },
	{ CAUSE_REDIS, "older", LOST_DATA, RESTORE },
	{ CAUSE_REFUSING, "spill_full", "The spill is full", NULL },
	{ CAUSE_REFUSING, "no_memory", "A node is out of memory", NULL },
	{ CAUSE_REFUSING, "loop", CIRCLE, BREAK_CIRCLE },
	{ CAUSE_REFUSING, "too_many_hops", CIRCLE, BREAK_CIRCLE },
};

/* -1: it is as others of its kind. */
static int exception_of(const struct cause *cause)
{
	for (size_t i = 0; i < ARRAY_LEN(exceptions); i++)
		if (exceptions[i].kind == cause->kind && strcmp(exceptions[i].key, cause->key) == 0)
			return (int)i;
	return -1;
}

const char *cause_remedy(const struct cause *cause)
{
	int i = exception_of(cause);

	assert(cause->kind < CAUSE_KINDS);
	return i >= 0 && exceptions[i].remedy ? exceptions[i].remedy : infos[cause->kind].remedy;
}

const char *cause_runbook(const struct cause *cause)
{
	int i = exception_of(cause);

	assert(cause->kind < CAUSE_KINDS);
	return i >= 0 ? exceptions[i].heading : infos[cause->kind].heading;
}

/* The first of those with the lowest level; NULL: none is below that level. */
static struct cause *least_below(struct causes *causes, enum cause_level level)
{
	struct cause *least = NULL;

	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].level < (least ? least->level : level))
			least = &causes->list[i];
	return least;
}

struct cause *causes_add(struct causes *causes, enum cause_kind kind, enum cause_level level,
			 const char *key, uint64_t since_ms)
{
	struct cause *cause;

	if (causes->n < CAUSES_MOST) {
		cause = &causes->list[causes->n++];
	} else {
		causes->n_left_out++;
		cause = least_below(causes, level);
		if (!cause)
			return NULL;
	}
	*cause = (struct cause){ .kind = kind, .level = level, .since_ms = since_ms };
	snprintf(cause->key, sizeof(cause->key), "%s", key);
	return cause;
}

void cause_say(struct cause *cause, const char *fmt, ...)
{
	va_list args;

	if (!cause)
		return;
	va_start(args, fmt);
	vsnprintf(cause->text, sizeof(cause->text), fmt, args);
	va_end(args);
}

bool causes_have(const struct causes *causes, enum cause_kind kind, const char *key)
{
	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].kind == kind && (!key || strcmp(causes->list[i].key, key) == 0))
			return true;
	return false;
}

/* The worst first, then as the kinds are listed, then by whom they are about. */
static int by_weight(const void *a, const void *b)
{
	const struct cause *x = a, *y = b;

	if (x->level != y->level)
		return x->level > y->level ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->key, y->key);
}

void causes_find(struct causes *causes, const struct causes_figures *f)
{
	causes->n = causes->n_left_out = 0;
	causes_find_analyzers(causes, f);
	causes_find_pool(causes, f);
	qsort(causes->list, causes->n, sizeof(causes->list[0]), by_weight);
}

enum cause_level causes_level(const struct causes *causes)
{
	return causes->n ? causes->list[0].level : CAUSE_OK;
}

static unsigned n_to_look_at(const struct causes *causes)
{
	unsigned n = 0;

	for (unsigned i = 0; i < causes->n; i++)
		n += causes->list[i].level >= CAUSE_WARN;
	return n == causes->n ? n + causes->n_left_out : n; /* notes are left out first */
}

static unsigned n_nodes(const struct roster *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_workers; i++) {
		const char *name = r->workers[i].name, *slash = strrchr(name, '/');
		bool is_new = true;

		for (unsigned k = 0; slash && k < i && is_new; k++)
			is_new = strncmp(r->workers[k].name, name, (size_t)(slash - name) + 1) != 0;
		n += is_new;
	}
	return n;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

void causes_headline(const struct causes *causes, const struct causes_figures *f, char *out,
		     size_t size)
{
	unsigned n = n_to_look_at(causes), nodes = n_nodes(f->roster);
	unsigned analyzers = f->roster->n_analyzers;

	if (n > 1)
		snprintf(out, size, "%u things need a look. First: %s", n, causes->list[0].text);
	else if (n == 1)
		snprintf(out, size, "%s", causes->list[0].text);
	else if (f->rate >= 0)
		snprintf(out, size, "All is well: %u analyzer%s, %u node%s, %.0f messages/s",
			 analyzers, plural(analyzers), nodes, plural(nodes), f->rate);
	else
		snprintf(out, size, "All is well: %u analyzer%s, %u node%s", analyzers,
			 plural(analyzers), nodes, plural(nodes));
}

/* ---- JSON ---- */

static void add_text(cJSON *json, const char *name, const char *text)
{
	if (*text)
		cJSON_AddStringToObject(json, name, text);
	else
		cJSON_AddNullToObject(json, name);
}

static cJSON *ids_json(const char *ids)
{
	cJSON *list = cJSON_CreateArray();
	char text[CAUSE_IDS_SIZE], *rest = NULL;

	snprintf(text, sizeof(text), "%s", ids);
	for (char *id = strtok_r(text, " ", &rest); id; id = strtok_r(NULL, " ", &rest))
		cJSON_AddItemToArray(list, cJSON_CreateString(id));
	return list;
}

/* As a heading becomes one where Markdown is shown. */
static void add_anchor(cJSON *json, const char *heading)
{
	char anchor[64];
	size_t n = 0;

	for (; heading[n] && n + 1 < sizeof(anchor); n++)
		anchor[n] = heading[n] == ' ' ? '-' : (char)tolower((unsigned char)heading[n]);
	anchor[n] = '\0';
	cJSON_AddStringToObject(json, "runbook", anchor);
}

static cJSON *cause_json(const struct cause *cause)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "kind", cause_kind_names[cause->kind]);
	cJSON_AddStringToObject(json, "level", cause_level_names[cause->level]);
	if (cause->since_ms)
		cJSON_AddNumberToObject(json, "since_ms", (double)cause->since_ms);
	else
		cJSON_AddNullToObject(json, "since_ms");
	add_text(json, "subject", cause->key);
	cJSON_AddItemToObject(json, "nodes", ids_json(cause->nodes));
	cJSON_AddStringToObject(json, "text", cause->text);
	add_text(json, "last_error", cause->error);
	cJSON_AddStringToObject(json, "remedy", cause_remedy(cause));
	add_anchor(json, cause_runbook(cause));
	cJSON_AddStringToObject(json, "heading", cause_runbook(cause));
	return json;
}

cJSON *causes_json(const struct causes *causes, const struct causes_figures *f)
{
	cJSON *json = cJSON_CreateObject(), *list;
	char headline[CAUSE_TEXT_SIZE + 64];

	causes_headline(causes, f, headline, sizeof(headline));
	cJSON_AddStringToObject(json, "level", cause_level_names[causes_level(causes)]);
	cJSON_AddStringToObject(json, "headline", headline);
	list = cJSON_AddArrayToObject(json, "causes");
	for (unsigned i = 0; i < causes->n; i++)
		cJSON_AddItemToArray(list, cause_json(&causes->list[i]));
	cJSON_AddNumberToObject(json, "left_out", causes->n_left_out);
	return json;
}
