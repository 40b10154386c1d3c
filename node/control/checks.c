#include "node/control/checks.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLAPS_FADE_S 60.0
#define FLAPS_LEAST 0.05

static_assert(sizeof(((struct check *)0)->id) == sizeof(((struct analyzer *)0)->id),
	      "an id is copied whole");

void checks_deinit(struct checks *c)
{
	free(c->of);
	*c = (struct checks){ 0 };
}

static int make_room(struct checks *c, unsigned n)
{
	struct check *of;

	if (n <= c->n)
		return 0;
	of = realloc(c->of, n * sizeof(*of));
	if (!of)
		return -1;
	memset(of + c->n, 0, (n - c->n) * sizeof(*of));
	c->of = of;
	c->n = n;
	return 0;
}

bool checks_hear(struct checks *c, const struct analyzer *a, const struct check_look *look)
{
	struct check *check;
	bool is_new;

	assert(a->slot < ROSTER_MAX_SLOTS);
	if (make_room(c, a->slot + 1) != 0)
		return false;
	check = &c->of[a->slot];
	is_new = strcmp(check->id, a->id) != 0;
	if (is_new) {
		*check = (struct check){ 0 };
		memcpy(check->id, a->id, sizeof(check->id));
	}
	check->flaps *= exp(-look->elapsed_s / FLAPS_FADE_S);
	if (look->is_down)
		check->down_s += look->elapsed_s;
	if (check->is_bad == look->is_bad)
		return is_new;
	check->is_bad = look->is_bad;
	check->since_ms = look->is_bad ? look->now_ms : 0;
	check->change_ms = look->now_ms;
	check->flaps++;
	return is_new;
}

static void add(cJSON *json, const char *name, double value)
{
	if (value > 0)
		cJSON_AddNumberToObject(json, name, value);
}

void checks_write(const struct checks *c, const struct analyzer *a, const struct failure *failure,
		  uint64_t checked_ms, cJSON *json)
{
	const struct check *check = a->slot < c->n ? &c->of[a->slot] : NULL;
	cJSON *object;

	if (!check || strcmp(check->id, a->id) != 0 || (!check->change_ms && !failure->at_ms))
		return;
	object = cJSON_AddObjectToObject(json, a->id);
	add(object, "since_ms", (double)check->since_ms);
	add(object, "change_ms", (double)check->change_ms);
	add(object, "checked_ms", (double)checked_ms);
	add(object, "down_s", round(check->down_s * 10) / 10);
	if (check->flaps >= FLAPS_LEAST)
		add(object, "flaps", round(check->flaps * 10) / 10);
	add(object, "error_ms", (double)failure->at_ms);
	if (failure->at_ms)
		cJSON_AddStringToObject(object, "error", failure->text);
}
