#include "registry/history_store.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "common/json/json_read.h"

#define MOST_SAMPLES ARRAY_LEN(ages_ms)

/* Where windows and comparisons begin, the oldest first. */
static const uint64_t ages_ms[] = { 600000, 120000, 60000, 10000, 0 };

/* ---- writing ---- */

static cJSON *pair(double a, double b)
{
	return cJSON_CreateDoubleArray((const double[]){ a, b }, 2);
}

static double rounded(double value)
{
	return round(value * 1000) / 1000;
}

static cJSON *sample_json(const struct history_sample *s)
{
	cJSON *json = cJSON_CreateObject(), *of;

	cJSON_AddNumberToObject(json, "at", (double)s->wall_ms);
	cJSON_AddNumberToObject(json, "routed", s->routed);
	cJSON_AddNumberToObject(json, "packets", s->packets);
	cJSON_AddItemToObject(json, "gone", pair(s->gone_routed, s->gone_packets));
	cJSON_AddItemToObject(json, "spill", pair(s->spilled, s->spilled_bytes));
	cJSON_AddNumberToObject(json, "dead", s->dead);
	cJSON_AddNumberToObject(json, "refused", s->refused);
	of = cJSON_AddArrayToObject(json, "of");
	for (unsigned i = 0; i < s->n_slots; i++) {
		const struct history_amount *a = &s->of[i];
		const double figures[] = { a->routed, rounded(a->due), a->packets };

		cJSON_AddItemToArray(of, cJSON_CreateDoubleArray(figures, a->is_known ? 3 : 0));
	}
	return json;
}

/* By Redis' clock, as the samples. */
static void add_changed(cJSON *json, const struct history *h)
{
	const struct history_sample *now = history_now(h);
	double age_ms = (double)(now->at_ms - h->changed_ms);

	if (h->changed_ms)
		cJSON_AddNumberToObject(json, "changed", fmax(1, (double)now->wall_ms - age_ms));
}

char *history_store_text(const struct history *h)
{
	const struct history_sample *last = NULL;
	cJSON *json = cJSON_CreateObject(), *list;
	char *text;

	cJSON_AddItemToObject(json, "shares", cJSON_CreateDoubleArray(h->shares, (int)h->n_shares));
	add_changed(json, h);
	list = cJSON_AddArrayToObject(json, "former");
	for (unsigned i = 0; i < h->n_former; i++)
		cJSON_AddItemToArray(list, pair(h->former[i].routed, h->former[i].packets));
	list = cJSON_AddArrayToObject(json, "samples");
	for (size_t i = 0; i < MOST_SAMPLES; i++) {
		const struct history_sample *sample = history_before(h, ages_ms[i]);

		if (sample && sample != last)
			cJSON_AddItemToArray(list, sample_json(sample));
		last = sample;
	}
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	return text;
}

/* ---- reading ---- */

/* 0 for what is no number. */
static double value(const cJSON *item)
{
	return cJSON_IsNumber(item) && isfinite(item->valuedouble) ? item->valuedouble : 0;
}

static double number(const cJSON *object, const char *name)
{
	return value(cJSON_GetObjectItemCaseSensitive(object, name));
}

static double number_at(const cJSON *list, int i)
{
	return value(cJSON_GetArrayItem(list, i));
}

static unsigned slots_of(const cJSON *list)
{
	int n = cJSON_GetArraySize(list);

	return n < ROSTER_MAX_SLOTS ? (unsigned)n : ROSTER_MAX_SLOTS;
}

static int read_sample(const cJSON *json, struct history_sample *s)
{
	const cJSON *of = cJSON_GetObjectItemCaseSensitive(json, "of"), *amount;
	const cJSON *gone = cJSON_GetObjectItemCaseSensitive(json, "gone");
	const cJSON *spill = cJSON_GetObjectItemCaseSensitive(json, "spill");
	uint64_t at_ms = (uint64_t)fmax(0, fmin(number(json, "at"), 1e15));
	unsigned i = 0;

	*s = (struct history_sample){ .at_ms = at_ms,
				      .wall_ms = at_ms,
				      .routed = number(json, "routed"),
				      .packets = number(json, "packets"),
				      .gone_routed = number_at(gone, 0),
				      .gone_packets = number_at(gone, 1),
				      .spilled = number_at(spill, 0),
				      .spilled_bytes = number_at(spill, 1),
				      .dead = number(json, "dead"),
				      .refused = number(json, "refused"),
				      .n_slots = slots_of(of) };
	s->of = calloc(s->n_slots + 1, sizeof(*s->of));
	if (!s->of)
		return -ENOMEM;
	cJSON_ArrayForEach (amount, of) {
		if (i < s->n_slots && cJSON_GetArraySize(amount) == 3)
			s->of[i] =
				(struct history_amount){ number_at(amount, 0), number_at(amount, 1),
							 number_at(amount, 2), true };
		i++;
	}
	return 0;
}

static int restore(struct history *h, const cJSON *json, const struct history_sample *samples,
		   unsigned n)
{
	const cJSON *shares = cJSON_GetObjectItemCaseSensitive(json, "shares"), *item;
	const cJSON *formers = cJSON_GetObjectItemCaseSensitive(json, "former");
	unsigned n_slots = slots_of(shares), i = 0;
	double *share AUTO_FREE = calloc(n_slots + 1, sizeof(*share));
	struct history_amount *former AUTO_FREE = calloc(n_slots + 1, sizeof(*former));

	if (!share || !former)
		return -ENOMEM;
	cJSON_ArrayForEach (item, shares)
		if (i < n_slots)
			share[i++] = value(item);
	h->changed_ms = (uint64_t)fmax(0, fmin(number(json, "changed"), 1e15));
	i = 0;
	cJSON_ArrayForEach (item, formers) {
		if (i == n_slots)
			break;
		former[i].routed = number_at(item, 0);
		former[i++].packets = number_at(item, 1);
	}
	return history_restore(h, samples, n, share, former, n_slots);
}

int history_store_read(const char *text, struct history *h)
{
	struct history_sample samples[MOST_SAMPLES];
	cJSON *json = json_read_text(text);
	const cJSON *item;
	unsigned n = 0;
	int r = 0;

	cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(json, "samples")) {
		if (n == MOST_SAMPLES || r != 0)
			break;
		r = read_sample(item, &samples[n]);
		if (r == 0)
			n++;
	}
	if (r == 0 && n > 0)
		r = restore(h, json, samples, n);
	for (unsigned i = 0; i < n; i++)
		free(samples[i].of);
	cJSON_Delete(json);
	return r;
}
