#include "node/watch/troubles.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define JOURNAL_MOST "1000" /* as in lua/lib/journal.lua */
#define USUAL "usual"

static const struct {
	enum cause_kind cause;
	const char *kind, *unit;
} kinds[] = {
	{ .cause = CAUSE_SLOW, .kind = "analyzer_slow", .unit = "ms" },
	{ .cause = CAUSE_ERRS, .kind = "analyzer_errs", .unit = "%" },
};

static_assert(sizeof(((struct trouble *)0)->id) == sizeof(((struct cause *)0)->key),
	      "an id is kept whole, as it is compared");

/* -1: such a cause has no entry of this kind. */
static int row_of(enum cause_kind cause)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].cause == cause)
			return (int)i;
	return -1;
}

/* ---- finding ---- */

static const struct cause *find_cause(const struct causes *causes, const struct trouble *trouble)
{
	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].kind == trouble->kind &&
		    strcmp(causes->list[i].key, trouble->id) == 0)
			return &causes->list[i];
	return NULL;
}

/* An analyzer with a worse trouble has not become well. */
static bool is_in_trouble(const struct causes *causes, const char *id)
{
	for (unsigned i = 0; i < causes->n; i++)
		if (causes->list[i].level >= CAUSE_WARN && strcmp(causes->list[i].key, id) == 0)
			return true;
	return false;
}

static struct trouble *find(struct troubles *t, enum cause_kind kind, const char *id)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->list[i].kind == kind && strcmp(t->list[i].id, id) == 0)
			return &t->list[i];
	return NULL;
}

static struct trouble *add(struct troubles *t, enum cause_kind kind, const char *id,
			   uint64_t first_ms)
{
	struct trouble *trouble;

	assert(kind == CAUSE_SLOW || kind == CAUSE_ERRS); /* others have no row */
	if (t->n == CAUSES_MOST)
		return NULL;
	trouble = &t->list[t->n++];
	*trouble = (struct trouble){ .kind = kind, .first_ms = first_ms, .last_ms = first_ms };
	snprintf(trouble->id, sizeof(trouble->id), "%s", id);
	return trouble;
}

/* A cause without a figure has another entry: latency-limit was exceeded. */
static void add_new(struct troubles *t, const struct causes *causes, uint64_t now_ms)
{
	for (unsigned i = 0; i < causes->n; i++) {
		const struct cause *cause = &causes->list[i];

		if (row_of(cause->kind) >= 0 && cause->figure > 0 &&
		    !find(t, cause->kind, cause->key))
			add(t, cause->kind, cause->key, now_ms);
	}
}

static void begin(struct trouble *trouble, const struct cause *cause)
{
	trouble->is_told = true;
	snprintf(trouble->figure, sizeof(trouble->figure), "%.0f %s", cause->figure,
		 kinds[row_of(trouble->kind)].unit);
	snprintf(trouble->error, sizeof(trouble->error), "%s", cause->error);
}

/* False: it is over, and is to be forgotten. */
static bool goes_on(struct trouble *trouble, const struct causes *causes, uint64_t now_ms,
		    trouble_fn tell, void *arg)
{
	const struct cause *cause = find_cause(causes, trouble);

	if (!trouble->is_told) {
		if (!cause)
			return false;
		if (now_ms >= trouble->first_ms + TROUBLE_LEAST_MS && cause->figure > 0) {
			begin(trouble, cause);
			tell(arg, trouble, false);
		}
	}
	if (cause || is_in_trouble(causes, trouble->id))
		trouble->last_ms = now_ms;
	if (now_ms < trouble->last_ms + TROUBLE_HOLD_MS)
		return true;
	assert(trouble->is_told); /* any other has a cause, which is of now */
	tell(arg, trouble, true);
	return false;
}

void troubles_hear(struct troubles *t, const struct causes *causes, uint64_t now_ms,
		   trouble_fn tell, void *arg)
{
	unsigned n = 0;

	add_new(t, causes, now_ms);
	for (unsigned i = 0; i < t->n; i++)
		if (goes_on(&t->list[i], causes, now_ms, tell, arg))
			t->list[n++] = t->list[i];
	t->n = n;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

static void adopt_one(struct troubles *t, enum cause_kind kind, const cJSON *event, uint64_t now_ms)
{
	const char *id = text_of(event, "analyzer"), *now = text_of(event, "now");
	const cJSON *time_ms = cJSON_GetObjectItemCaseSensitive(event, "time_ms");
	struct trouble *trouble = find(t, kind, id);

	if (strcmp(now, USUAL) == 0) {
		if (trouble) {
			assert(t->n > 0);
			*trouble = t->list[--t->n];
		}
		return;
	}
	if (!trouble)
		trouble = add(t, kind, id, now_ms);
	if (!trouble)
		return;
	trouble->is_told = true;
	if (cJSON_IsNumber(time_ms) && time_ms->valuedouble > 0 &&
	    time_ms->valuedouble < (double)now_ms)
		trouble->first_ms = (uint64_t)time_ms->valuedouble;
	snprintf(trouble->figure, sizeof(trouble->figure), "%s", now);
	snprintf(trouble->error, sizeof(trouble->error), "%s", text_of(event, "cause"));
}

void troubles_adopt(struct troubles *t, const cJSON *events, uint64_t now_ms)
{
	const cJSON *event;

	t->n = 0;
	cJSON_ArrayForEach (event, events)
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			if (strcmp(text_of(event, "kind"), kinds[i].kind) == 0)
				adopt_one(t, kinds[i].cause, event, now_ms);
}

bool troubles_are_idle(struct troubles *t, double routed)
{
	bool is_idle = t->n == 0 && routed == t->routed; /* counts, so they are equal or are not */

	t->routed = routed;
	return is_idle;
}

/* ---- telling ---- */

static void tell(void *arg, const struct trouble *trouble, bool is_over)
{
	struct troubles *t = arg;
	char ms[24];
	const char *const words[] = { "XADD",       t->keys->names[KEY_JOURNAL],
				      "MAXLEN",     "~",
				      JOURNAL_MOST, "*",
				      "kind",       kinds[row_of(trouble->kind)].kind,
				      "analyzer",   trouble->id,
				      "was",        is_over ? trouble->figure : USUAL,
				      "now",        is_over ? USUAL : trouble->figure,
				      "cause",      is_over ? "" : trouble->error,
				      "ms",         ms };
	redisReply *reply = NULL;
	uint64_t lasted_ms = 0;

	if (is_over && trouble->last_ms > trouble->first_ms)
		lasted_ms = trouble->last_ms - trouble->first_ms;
	snprintf(ms, sizeof(ms), "%" PRIu64, lasted_ms);
	if (client_command(t->client, &reply, ARRAY_LEN(words), words) != 0)
		log_debug("watch", "the journal lacks an entry", "reason=%s",
			  client_error(t->client));
	else
		freeReplyObject(reply);
}

void troubles_turn(struct troubles *t, const struct roster *roster, const struct reports *reports)
{
	struct causes causes = { 0 };
	struct causes_figures figures = { .roster = roster,
					  .reports = reports,
					  .now_ms = roster->now_ms };

	assert(reports->n_lanes == roster->n_analyzers); /* they are of this roster */
	causes_find_analyzers(&causes, &figures);
	troubles_hear(t, &causes, roster->now_ms, tell, t);
}
