#include "node/watch/past_json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json/json_get.h"
#include "common/json/json_read.h"

#define MOST_GONE 64 /* analyzers of a chart that have left */
#define RATE_DIGITS 10
#define MS_DIGITS 100
#define RATIO_DIGITS 1e4
#define AMOUNT_MOST 1e15
#define TIME_MOST (1LL << 53)

/* NAN is null. */
static cJSON *number_json(double value, double digits)
{
	return isnan(value) ? cJSON_CreateNull()
			    : cJSON_CreateNumber(round(value * digits) / digits);
}

/* ---- a chart ---- */

struct chart {
	const struct past_point *points[PAST_MOST_POINTS + 1]; /* NULL: nothing is known */
	uint64_t times_ms[PAST_MOST_POINTS + 2];               /* and the end of the last */
	unsigned n;
	const char *gone[MOST_GONE]; /* ids that are in points, but not in the roster */
	unsigned n_gone;
};

static void add_gone(struct chart *c, const struct past_point *point, const struct roster *roster)
{
	for (unsigned i = 0; i < point->n && c->n_gone < MOST_GONE; i++) {
		const char *id = point->of[i].id;
		bool is_known = roster_find(roster, id) != NULL;

		for (unsigned k = 0; k < c->n_gone && !is_known; k++)
			is_known = strcmp(c->gone[k], id) == 0;
		if (!is_known)
			c->gone[c->n_gone++] = id;
	}
}

/* What was before the first point is left out. */
static void add_point(struct chart *c, const struct past_point *point, uint64_t from_ms,
		      const struct roster *roster)
{
	if (!point && c->n == 0)
		return;
	assert(c->n < ARRAY_LEN(c->points));
	c->times_ms[c->n] = from_ms;
	c->points[c->n++] = point;
	if (point)
		add_gone(c, point, roster);
}

static void fill(struct chart *c, const struct past *past, enum past_range range,
		 const struct history_sample *now, const struct past_point *under_way,
		 const struct roster *roster)
{
	const struct past_info *info = &past_info[range];
	uint64_t whole_ms = now->wall_ms - now->wall_ms % info->step_ms;

	for (unsigned i = info->n_points; i > 0; i--) {
		uint64_t from_ms = whole_ms - i * info->step_ms;

		add_point(c, past_at(past, range, from_ms), from_ms, roster);
	}
	if (under_way)
		add_point(c, under_way, whole_ms, roster);
	c->times_ms[c->n] = under_way ? now->wall_ms : whole_ms;
}

static void add_series(const struct chart *c, cJSON *json, const char *name, size_t offset,
		       double digits)
{
	cJSON *list = cJSON_AddArrayToObject(json, name);

	for (unsigned k = 0; k < c->n; k++) {
		const char *point = (const char *)c->points[k];

		cJSON_AddItemToArray(
			list,
			number_json(point ? *(const float *)(const void *)(point + offset) : NAN,
				    digits));
	}
}

static void add_series_of(const struct chart *c, cJSON *json, const char *id, const char *name,
			  size_t offset, double digits)
{
	cJSON *list = cJSON_AddArrayToObject(json, name);

	for (unsigned k = 0; k < c->n; k++) {
		const char *of = c->points[k] ? (const char *)past_of(c->points[k], id) : NULL;

		cJSON_AddItemToArray(
			list, number_json(of ? *(const float *)(const void *)(of + offset) : NAN,
					  digits));
	}
}

static cJSON *analyzer_json(const struct chart *c, const char *id)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "id", id);
	add_series_of(c, json, id, "messages_per_s", offsetof(struct past_of, messages_per_s),
		      RATE_DIGITS);
	add_series_of(c, json, id, "p99_ms", offsetof(struct past_of, p99_ms), MS_DIGITS);
	add_series_of(c, json, id, "error_ratio", offsetof(struct past_of, error_ratio),
		      RATIO_DIGITS);
	return json;
}

static cJSON *chart_json(const struct chart *c, enum past_range range, const struct roster *roster)
{
	cJSON *json = cJSON_CreateObject(), *list;

	cJSON_AddStringToObject(json, "range", past_info[range].name);
	cJSON_AddNumberToObject(json, "step_ms", (double)past_info[range].step_ms);
	list = cJSON_AddArrayToObject(json, "times_ms");
	for (unsigned k = 0; c->n && k <= c->n; k++)
		cJSON_AddItemToArray(list, cJSON_CreateNumber((double)c->times_ms[k]));
	add_series(c, json, "packets_per_s", offsetof(struct past_point, packets_per_s),
		   RATE_DIGITS);
	add_series(c, json, "refused_per_s", offsetof(struct past_point, refused_per_s),
		   RATE_DIGITS);
	add_series(c, json, "spill_packets", offsetof(struct past_point, spilled), 1);
	add_series(c, json, "dead_packets", offsetof(struct past_point, dead), 1);
	add_series(c, json, "ack_p99_ms", offsetof(struct past_point, ack_p99_ms), MS_DIGITS);
	list = cJSON_AddArrayToObject(json, "analyzers");
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		cJSON_AddItemToArray(list, analyzer_json(c, roster->analyzers[i].id));
	for (unsigned i = 0; i < c->n_gone; i++)
		cJSON_AddItemToArray(list, analyzer_json(c, c->gone[i]));
	return json;
}

cJSON *past_json(const struct past *past, enum past_range range, const struct history *h,
		 const struct roster *roster)
{
	struct chart chart = { .n = 0 };
	struct past_point under_way;
	int r = past_under_way(past, range, h, roster, &under_way);
	cJSON *json = NULL;

	if (r >= 0 && history_now(h)) {
		fill(&chart, past, range, history_now(h), r == 0 ? &under_way : NULL, roster);
		json = chart_json(&chart, range, roster);
	}
	if (r == 0)
		free(under_way.of);
	return json;
}

/* ---- a point, for other nodes ---- */

char *past_point_text(const struct past_point *point)
{
	cJSON *json = cJSON_CreateObject(), *analyzers;
	char *text;

	cJSON_AddNumberToObject(json, "t", (double)point->from_ms);
	cJSON_AddItemToObject(json, "p", number_json(point->packets_per_s, RATE_DIGITS));
	cJSON_AddItemToObject(json, "r", number_json(point->refused_per_s, RATE_DIGITS));
	cJSON_AddItemToObject(json, "s", number_json(point->spilled, 1));
	cJSON_AddItemToObject(json, "d", number_json(point->dead, 1));
	cJSON_AddItemToObject(json, "k", number_json(point->ack_p99_ms, MS_DIGITS));
	analyzers = cJSON_AddObjectToObject(json, "a");
	for (unsigned i = 0; i < point->n; i++) {
		cJSON *list = cJSON_AddArrayToObject(analyzers, point->of[i].id);

		cJSON_AddItemToArray(list, number_json(point->of[i].messages_per_s, RATE_DIGITS));
		cJSON_AddItemToArray(list, number_json(point->of[i].p99_ms, MS_DIGITS));
		cJSON_AddItemToArray(list, number_json(point->of[i].error_ratio, RATIO_DIGITS));
	}
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return text;
}

static float amount(const cJSON *item)
{
	bool is_amount =
		cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= AMOUNT_MOST;

	return is_amount ? (float)item->valuedouble : NAN;
}

static float amount_in(const cJSON *json, const char *name)
{
	return amount(cJSON_GetObjectItemCaseSensitive(json, name));
}

static float known(float value)
{
	return isnan(value) ? 0 : value;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct past_of *)a)->id, ((const struct past_of *)b)->id);
}

static int read_analyzers(const cJSON *json, struct past_point *point)
{
	const cJSON *list;

	point->of = calloc(PAST_MOST_ANALYZERS, sizeof(*point->of));
	if (!point->of)
		return -ENOMEM;
	cJSON_ArrayForEach (list, json) {
		struct past_of *of;

		if (point->n == PAST_MOST_ANALYZERS)
			break;
		if (!cJSON_IsArray(list) || !list->string || !roster_is_id(list->string))
			continue;
		of = &point->of[point->n++];
		snprintf(of->id, sizeof(of->id), "%s", list->string);
		of->messages_per_s = known(amount(cJSON_GetArrayItem(list, 0)));
		of->p99_ms = amount(cJSON_GetArrayItem(list, 1));
		of->error_ratio = amount(cJSON_GetArrayItem(list, 2));
	}
	qsort(point->of, point->n, sizeof(*point->of), by_id);
	return 0;
}

int past_point_read(const char *text, enum past_range range, struct past_point *point)
{
	cJSON *json = json_read_text(text);
	int64_t from_ms = 0;
	int r = 1;

	if (cJSON_IsObject(json) && json_get_int(json, "t", 1, TIME_MOST, &from_ms) == 0 &&
	    (uint64_t)from_ms % past_info[range].step_ms == 0) {
		*point = (struct past_point){ .from_ms = (uint64_t)from_ms,
					      .packets_per_s = known(amount_in(json, "p")),
					      .refused_per_s = known(amount_in(json, "r")),
					      .spilled = known(amount_in(json, "s")),
					      .dead = known(amount_in(json, "d")),
					      .ack_p99_ms = amount_in(json, "k") };
		r = read_analyzers(cJSON_GetObjectItemCaseSensitive(json, "a"), point);
	}
	cJSON_Delete(json);
	return r;
}
