#include "registry/spill_state.h"

#include <stdio.h>
#include <string.h>

#define LIVE_MS 8000 /* a worker that called so lately lives; as in lua/spill_take.lua */

void spill_state_deinit(struct spill_state *s)
{
	if (s->reply)
		freeReplyObject(s->reply);
	free(s->consumers);
}

static int read_totals(const struct entries *spill, struct spill_state *s)
{
	const char *words[] = { "HMGET", spill->keys->names[KEY_SPILL_TOTAL], "messages", "bytes" };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(spill->client, &reply, ARRAY_LEN(words), words);

	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return ENTRIES_E_ANSWER;
	if (s->n_packets > 0 && reply->element[0]->str && reply->element[1]->str) {
		s->n_messages = strtod(reply->element[0]->str, NULL);
		s->n_bytes = strtod(reply->element[1]->str, NULL);
	}
	return 0;
}

static int read_oldest(const struct entries *spill, struct spill_state *s)
{
	const struct entries_range first = { .from = "-", .to = "+", .n = 1 };
	redisReply *reply AUTO_REPLY = NULL;
	int r = entries_read(spill, &first, &reply);

	if (r == 0 && reply->elements)
		snprintf(s->oldest, sizeof(s->oldest), "%s", reply->element[0]->element[0]->str);
	return r;
}

/* One of {name, value, name, value ...}, of any type; NULL: it is not there. */
static const redisReply *pair_value(const redisReply *pairs, const char *name)
{
	for (size_t i = 0; pairs->type == REDIS_REPLY_ARRAY && i + 1 < pairs->elements; i += 2)
		if (pairs->element[i]->type == REDIS_REPLY_STRING &&
		    strcmp(pairs->element[i]->str, name) == 0)
			return pairs->element[i + 1];
	return NULL;
}

static int read_life(const struct entries *spill, const struct spill_state *s,
		     struct spill_consumer *c)
{
	const char *words[] = { "ZSCORE", spill->keys->names[KEY_SPILL_WORKERS], c->name };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(spill->client, &reply, ARRAY_LEN(words), words);

	if (r == 0 && reply->type == REDIS_REPLY_STRING)
		c->is_live = strtod(reply->str, NULL) + LIVE_MS > (double)s->now_ms;
	return r;
}

static int read_consumer(const struct entries *spill, const struct spill_state *s,
			 const redisReply *pairs, struct spill_consumer *c)
{
	const redisReply *name = pair_value(pairs, "name"), *pending = pair_value(pairs, "pending");

	if (!name || name->type != REDIS_REPLY_STRING || !pending ||
	    pending->type != REDIS_REPLY_INTEGER)
		return ENTRIES_E_ANSWER;
	c->name = name->str;
	c->n_taken = (uint64_t)pending->integer;
	return read_life(spill, s, c);
}

/* No stream or no group: nobody has ever taken anything. */
static bool is_no_group(const char *error)
{
	return strstr(error, "no such key") || strncmp(error, "NOGROUP", 7) == 0;
}

static int read_consumers(const struct entries *spill, struct spill_state *s)
{
	const char *words[] = { "XINFO", "CONSUMERS", spill->keys->names[KEY_SPILL], SPILL_GROUP };
	int r = client_command(spill->client, &s->reply, ARRAY_LEN(words), words);

	if (r == CLIENT_E_REPLY && is_no_group(client_error(spill->client)))
		return 0;
	if (r == 0 && s->reply->type != REDIS_REPLY_ARRAY)
		return ENTRIES_E_ANSWER;
	if (r != 0)
		return r;
	s->consumers = calloc(s->reply->elements + 1, sizeof(*s->consumers));
	if (!s->consumers)
		return -ENOMEM;
	s->n_consumers = s->reply->elements;
	for (size_t i = 0; i < s->n_consumers && r == 0; i++)
		r = read_consumer(spill, s, s->reply->element[i], &s->consumers[i]);
	return r;
}

int spill_state_read(const struct entries *spill, struct spill_state *s)
{
	int r = entries_now_ms(spill, &s->now_ms);

	if (r == 0)
		r = entries_count(spill, &s->n_packets);
	if (r == 0)
		r = read_totals(spill, s);
	if (r == 0)
		r = read_oldest(spill, s);
	return r == 0 ? read_consumers(spill, s) : r;
}

uint64_t spill_state_oldest_ms(const struct spill_state *s)
{
	uint64_t written = entry_ms(s->oldest);

	return s->now_ms > written ? s->now_ms - written : 0;
}

void spill_state_add_totals(const struct spill_state *s, cJSON *json)
{
	cJSON_AddNumberToObject(json, "packets", (double)s->n_packets);
	cJSON_AddNumberToObject(json, "messages", s->n_messages);
	cJSON_AddNumberToObject(json, "bytes", s->n_bytes);
	if (s->oldest[0])
		cJSON_AddNumberToObject(json, "oldest_ms", (double)spill_state_oldest_ms(s));
	else
		cJSON_AddNullToObject(json, "oldest_ms");
}
