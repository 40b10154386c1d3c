#include "registry/refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/json/json_read.h"
#include "registry/membership.h"

/* The first five tell entries apart. A request without a token has none there. */
static const char *const texts[] = { "method", "path", "client", "code", "token", "advice" };
#define N_TELLING 5

int refusals_init(struct refusals *r)
{
	r->list = cJSON_CreateArray();
	return r->list ? 0 : -ENOMEM;
}

void refusals_deinit(struct refusals *r)
{
	cJSON_Delete(r->list);
	r->list = NULL;
}

static const char *text(const cJSON *object, const char *name)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return value ? value : "";
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) && item->valuedouble >= 0 ? item->valuedouble : 0;
}

static bool is_same(const cJSON *a, const cJSON *b)
{
	for (size_t i = 0; i < N_TELLING; i++)
		if (strcmp(text(a, texts[i]), text(b, texts[i])) != 0)
			return false;
	return true;
}

static cJSON *find(const struct refusals *r, const cJSON *entry)
{
	cJSON *known;

	cJSON_ArrayForEach (known, r->list)
		if (is_same(known, entry))
			return known;
	return NULL;
}

static void set(cJSON *object, const char *name, double value)
{
	cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (item)
		cJSON_SetNumberValue(item, value);
}

static void add_new(struct refusals *r, const char *node, const cJSON *entry)
{
	cJSON *copy = cJSON_CreateObject();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(texts[i], "token") != 0 || *text(entry, texts[i]))
			cJSON_AddStringToObject(copy, texts[i], text(entry, texts[i]));
	cJSON_AddNumberToObject(copy, "status", number(entry, "status"));
	cJSON_AddNumberToObject(copy, "count", number(entry, "count"));
	cJSON_AddNumberToObject(copy, "age_ms", number(entry, "age_ms"));
	cJSON_AddItemToArray(cJSON_AddArrayToObject(copy, "nodes"), cJSON_CreateString(node));
	cJSON_AddItemToArray(r->list, copy);
}

/* A report of an earlier version has an entry for each worker. */
static void add_node(cJSON *nodes, const char *node)
{
	const cJSON *known;

	cJSON_ArrayForEach (known, nodes)
		if (strcmp(cJSON_GetStringValue(known), node) == 0)
			return;
	cJSON_AddItemToArray(nodes, cJSON_CreateString(node));
}

void refusals_add(struct refusals *r, const char *node, const cJSON *list)
{
	const cJSON *entry;

	cJSON_ArrayForEach (entry, list) {
		cJSON *known = cJSON_IsObject(entry) ? find(r, entry) : NULL;

		if (known) {
			set(known, "count", number(known, "count") + number(entry, "count"));
			if (number(entry, "age_ms") < number(known, "age_ms"))
				set(known, "age_ms", number(entry, "age_ms"));
			add_node(cJSON_GetObjectItemCaseSensitive(known, "nodes"), node);
		} else if (cJSON_IsObject(entry)) {
			add_new(r, node, entry);
		}
	}
}

int refusals_read(struct client *client, const struct registry_keys *keys, const char *but,
		  struct refusals *r)
{
	const char *const words[] = { "HGETALL", keys->names[KEY_REPORT] };
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	redisReply *reply;
	int error = membership_roster_brief(client, &roster);

	if (error == 0)
		error = client_command(client, &reply, ARRAY_LEN(words), words);
	if (error != 0)
		return error;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		cJSON *report;

		if (reply->element[i]->type != REDIS_REPLY_STRING ||
		    reply->element[i + 1]->type != REDIS_REPLY_STRING ||
		    strcmp(reply->element[i]->str, but) == 0 ||
		    !roster_has_node(roster, reply->element[i]->str))
			continue;
		report = json_read_text(reply->element[i + 1]->str);
		refusals_add(r, reply->element[i]->str,
			     cJSON_GetObjectItemCaseSensitive(report, "refusals"));
		cJSON_Delete(report);
	}
	freeReplyObject(reply);
	return 0;
}

static int by_count(const void *a, const void *b)
{
	double x = number(*(const cJSON *const *)a, "count");
	double y = number(*(const cJSON *const *)b, "count");

	return x < y ? 1 : x > y ? -1 : 0;
}

static void add_text(cJSON *entry)
{
	struct buf line CLEANUP(buf_deinit) = { 0 };
	const char *path = text(entry, "path"), *token = text(entry, "token");

	buf_printf(&line, "%s%s%s from %s%s%s: %.0f %s",
		   *path ? text(entry, "method") : "a request", *path ? " " : "", path,
		   text(entry, "client"), *token ? " with token " : "", token,
		   number(entry, "status"), text(entry, "code"));
	cJSON_AddStringToObject(entry, "text", buf_str(&line));
}

cJSON *refusals_take(struct refusals *r)
{
	int n = cJSON_GetArraySize(r->list);
	cJSON **entries = calloc((size_t)n + 1, sizeof(cJSON *));
	cJSON *sorted = cJSON_CreateArray();

	for (int i = 0; entries && i < n; i++)
		entries[i] = cJSON_DetachItemFromArray(r->list, 0);
	if (entries)
		qsort(entries, (size_t)n, sizeof(cJSON *), by_count);
	for (int i = 0; entries && i < n; i++) {
		if (i >= REFUSALS_MOST || !sorted) {
			cJSON_Delete(entries[i]);
			continue;
		}
		add_text(entries[i]);
		cJSON_AddItemToArray(sorted, entries[i]);
	}
	free(entries);
	return sorted;
}
