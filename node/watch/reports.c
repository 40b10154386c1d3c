#include "node/watch/reports.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json/json_read.h"
#include "node/deliver/breaker.h"

#define AMOUNT_MOST 1e15

/* 0 for what cannot be counted. */
static double amount(const cJSON *item)
{
	bool is_amount =
		cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= AMOUNT_MOST;

	return is_amount ? item->valuedouble : 0;
}

static double number(const cJSON *object, const char *name)
{
	return amount(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return value ? value : "";
}

/* NULL: the analyzer has left since. */
static struct lanes *lanes_of(struct reports *r, const struct roster *roster, const char *id)
{
	const struct analyzer *a = roster_find(roster, id);

	return a ? &r->lanes[a - roster->analyzers] : NULL;
}

/* "QUEUED FLYING PAUSED BUCKET:COUNT ..."; what is something else, and all behind it, is left out.
 */
static void add_lane(struct lanes *lanes, const char *text)
{
	double *const counts[] = { &lanes->queued, &lanes->flying, &lanes->paused };
	char *end;

	for (size_t i = 0; i < ARRAY_LEN(counts); i++, text = end) {
		unsigned long n = strtoul(text, &end, 10);

		if (end == text)
			return;
		*counts[i] += (double)n;
	}
	while (*text == ' ') {
		unsigned long bucket = strtoul(text, &end, 10);
		double n;

		if (*end != ':' || bucket > METRICS_N_BUCKETS)
			return;
		text = end + 1;
		n = strtod(text, &end);
		if (end == text || !(n >= 0 && n <= AMOUNT_MOST))
			return;
		lanes->times[bucket] += n;
		text = end;
	}
}

static void add_lanes(struct reports *r, const struct roster *roster, const cJSON *list)
{
	const cJSON *lane;

	if (!cJSON_IsObject(list))
		return; /* what is in a list has no names */
	cJSON_ArrayForEach (lane, list) {
		struct lanes *lanes = lanes_of(r, roster, lane->string);

		if (lanes && cJSON_IsString(lane))
			add_lane(lanes, lane->valuestring);
	}
}

static void add_trouble(struct reports *r, const struct roster *roster, const cJSON *list)
{
	const cJSON *breaker;

	cJSON_ArrayForEach (breaker, list) {
		struct lanes *lanes = lanes_of(r, roster, text(breaker, "analyzer"));
		const char *state = text(breaker, "state");
		cJSON *copy;

		if (!lanes)
			continue;
		lanes->n_open += strcmp(state, breaker_state_names[BREAKER_OPEN]) == 0;
		lanes->n_half_open += strcmp(state, breaker_state_names[BREAKER_HALF_OPEN]) == 0;
		lanes->n_hanging += strcmp(state, breaker_state_names[BREAKER_HANGING]) == 0;
		copy = cJSON_CreateObject();
		cJSON_AddStringToObject(copy, "worker", text(breaker, "worker"));
		cJSON_AddStringToObject(copy, "state", state);
		cJSON_AddNumberToObject(copy, "left_ms", number(breaker, "left_ms"));
		cJSON_AddNumberToObject(copy, "failures", number(breaker, "failures"));
		cJSON_AddItemToArray(lanes->trouble, copy);
	}
}

static void add_refused(struct reports *r, const cJSON *reasons)
{
	const cJSON *reason;

	if (!cJSON_IsObject(reasons))
		return;
	cJSON_ArrayForEach (reason, reasons) {
		cJSON *sum = cJSON_GetObjectItemCaseSensitive(r->refused, reason->string);

		r->n_refused += amount(reason);
		if (sum)
			cJSON_SetNumberValue(sum, sum->valuedouble + amount(reason));
		else if (amount(reason) > 0)
			cJSON_AddNumberToObject(r->refused, reason->string, amount(reason));
	}
}

static bool is_live(const struct roster *roster, const char *node)
{
	size_t len = strlen(node);

	for (unsigned i = 0; i < roster->n_workers; i++)
		if (strncmp(roster->workers[i].name, node, len) == 0 &&
		    roster->workers[i].name[len] == '/')
			return true;
	return false;
}

static void add_node(struct reports *r, const struct roster *roster, const char *node,
		     const char *json)
{
	cJSON *report = is_live(roster, node) ? json_read_text(json) : NULL;

	if (!cJSON_IsObject(report)) {
		cJSON_Delete(report);
		return;
	}
	r->n_workers += number(report, "workers");
	add_lanes(r, roster, cJSON_GetObjectItemCaseSensitive(report, "lanes"));
	add_trouble(r, roster, cJSON_GetObjectItemCaseSensitive(report, "trouble"));
	add_refused(r, cJSON_GetObjectItemCaseSensitive(report, "refused"));
	cJSON_DeleteItemFromObjectCaseSensitive(report, "lanes"); /* summed up, and large */
	cJSON_DeleteItemFromObjectCaseSensitive(report, "trouble");
	cJSON_AddItemToObject(r->nodes, node, report);
}

static int make_lanes(struct reports *r, unsigned n)
{
	r->lanes = calloc(n + 1, sizeof(*r->lanes));
	if (!r->lanes)
		return -ENOMEM;
	for (; r->n_lanes < n; r->n_lanes++) {
		r->lanes[r->n_lanes].trouble = cJSON_CreateArray();
		if (!r->lanes[r->n_lanes].trouble)
			return -ENOMEM;
	}
	return 0;
}

int reports_init(struct reports *r, const redisReply *hash, const struct roster *roster)
{
	*r = (struct reports){ .nodes = cJSON_CreateObject(), .refused = cJSON_CreateObject() };
	if (!r->nodes || !r->refused || make_lanes(r, roster->n_analyzers) != 0) {
		reports_deinit(r);
		return -ENOMEM;
	}
	for (size_t i = 0; i + 1 < hash->elements; i += 2)
		if (hash->element[i]->type == REDIS_REPLY_STRING &&
		    hash->element[i + 1]->type == REDIS_REPLY_STRING)
			add_node(r, roster, hash->element[i]->str, hash->element[i + 1]->str);
	return 0;
}

void reports_deinit(struct reports *r)
{
	for (unsigned i = 0; i < r->n_lanes; i++)
		cJSON_Delete(r->lanes[i].trouble);
	free(r->lanes);
	cJSON_Delete(r->nodes);
	cJSON_Delete(r->refused);
	*r = (struct reports){ 0 };
}

bool lanes_percentile(const struct lanes *lanes, double percent, double *msp)
{
	double total = 0, rank, below = 0, from_us = 0;

	for (unsigned i = 0; i <= METRICS_N_BUCKETS; i++)
		total += lanes->times[i];
	if (total <= 0)
		return false;
	rank = total * percent / 100;
	for (unsigned i = 0; i < METRICS_N_BUCKETS; i++) {
		double to_us = (double)metrics_bucket_us[i], n = lanes->times[i];

		if (n > 0 && below + n >= rank) {
			*msp = (from_us + (to_us - from_us) * (rank - below) / n) / US_PER_MS;
			return true;
		}
		below += n;
		from_us = to_us;
	}
	*msp = from_us / US_PER_MS; /* or more */
	return true;
}
