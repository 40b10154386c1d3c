#include "node/watch/recent.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "registry/journal.h"

bool recent_init(struct recent *r)
{
	r->events = cJSON_CreateArray();
	return r->events;
}

void recent_deinit(struct recent *r)
{
	cJSON_Delete(r->events);
	r->events = NULL;
}

const char *recent_last(const struct recent *r)
{
	int n = cJSON_GetArraySize(r->events);
	const cJSON *last = n ? cJSON_GetArrayItem(r->events, n - 1) : NULL;

	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(last, "id"));
}

static void drop_folded(cJSON *events, const cJSON *event)
{
	if (cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(event, "count")) < 2)
		return;
	for (int i = cJSON_GetArraySize(events) - 1; i >= 0; i--) {
		if (!journal_is_same(cJSON_GetArrayItem(events, i), event))
			continue;
		cJSON_DeleteItemFromArray(events, i);
		return;
	}
}

void recent_take(struct recent *r, cJSON *list)
{
	cJSON *event;

	while ((event = cJSON_DetachItemFromArray(list, 0))) {
		drop_folded(r->events, event);
		cJSON_AddItemToArray(r->events, event);
	}
	for (int n = cJSON_GetArraySize(r->events); n > RECENT_EVENTS; n--)
		cJSON_DeleteItemFromArray(r->events, 0);
	assert(cJSON_GetArraySize(r->events) <= RECENT_EVENTS);
	cJSON_Delete(list);
}

/* Names of entries are milliseconds, "-", and a number. */
static bool is_after(const char *id, const char *other)
{
	uint64_t ms = strtoull(id, NULL, 10), other_ms = strtoull(other, NULL, 10);
	const char *n = strchr(id, '-'), *other_n = strchr(other, '-');

	if (ms != other_ms)
		return ms > other_ms;
	return n && other_n && strtoull(n + 1, NULL, 10) > strtoull(other_n + 1, NULL, 10);
}

cJSON *recent_json(const struct recent *r, const char *after, unsigned most)
{
	cJSON *list = cJSON_CreateArray();
	int n_over = cJSON_GetArraySize(r->events) - (int)most;
	const cJSON *event;

	cJSON_ArrayForEach (event, r->events) {
		const char *id =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "id"));

		if (n_over-- <= 0 && id && (!after || is_after(id, after)))
			cJSON_AddItemToArray(list, cJSON_Duplicate(event, true));
	}
	return list;
}
