/* How much is in the spill, and who has taken of it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "registry/ctl_entries.h"
#include "registry/ctl_table.h"

#define GROUP "nodes"

struct consumer {
	const char *name; /* borrowed from the reply */
	uint64_t n_pending;
	bool is_live;
};

struct state {
	uint64_t now_ms, n_packets;
	double n_messages, n_bytes;
	char oldest[SPILL_ENTRY_NAME_MAX]; /* "": there is none */
	redisReply *reply;                 /* of XINFO CONSUMERS; NULL: there is no group */
	struct consumer *consumers;        /* owned */
	size_t n_consumers;
};

static void state_deinit(struct state *s)
{
	if (s->reply)
		freeReplyObject(s->reply);
	free(s->consumers);
}

static int read_totals(struct ctl *ctl, struct state *s)
{
	const char *words[] = { "HMGET", ctl->keys.names[KEY_SPILL_TOTAL], "messages", "bytes" };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(ctl->client, &reply, ARRAY_LEN(words), words);

	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return MEMBERSHIP_E_ANSWER;
	if (s->n_packets > 0 && reply->element[0]->str && reply->element[1]->str) {
		s->n_messages = strtod(reply->element[0]->str, NULL);
		s->n_bytes = strtod(reply->element[1]->str, NULL);
	}
	return 0;
}

static int read_oldest(struct ctl *ctl, struct state *s)
{
	redisReply *reply AUTO_REPLY = NULL;
	int r = ctl_entries_read(ctl, KEY_SPILL, false, "-", "+", 1, &reply);

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

static int read_lease(struct ctl *ctl, const struct state *s, struct consumer *c)
{
	const char *words[] = { "ZSCORE", ctl->keys.names[KEY_NODES], c->name };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(ctl->client, &reply, ARRAY_LEN(words), words);

	if (r == 0 && reply->type == REDIS_REPLY_STRING)
		c->is_live = strtod(reply->str, NULL) > (double)s->now_ms;
	return r;
}

static int read_consumer(struct ctl *ctl, const struct state *s, const redisReply *pairs,
			 struct consumer *c)
{
	const redisReply *name = pair_value(pairs, "name"), *pending = pair_value(pairs, "pending");

	if (!name || name->type != REDIS_REPLY_STRING || !pending ||
	    pending->type != REDIS_REPLY_INTEGER)
		return MEMBERSHIP_E_ANSWER;
	c->name = name->str;
	c->n_pending = (uint64_t)pending->integer;
	return read_lease(ctl, s, c);
}

/* No stream or no group: nobody has ever taken anything. */
static bool is_no_group(const char *error)
{
	return strstr(error, "no such key") || strncmp(error, "NOGROUP", 7) == 0;
}

static int read_consumers(struct ctl *ctl, struct state *s)
{
	const char *words[] = { "XINFO", "CONSUMERS", ctl->keys.names[KEY_SPILL], GROUP };
	int r = client_command(ctl->client, &s->reply, ARRAY_LEN(words), words);

	if (r == CLIENT_E_REPLY && is_no_group(client_error(ctl->client)))
		return 0;
	if (r == 0 && s->reply->type != REDIS_REPLY_ARRAY)
		return MEMBERSHIP_E_ANSWER;
	if (r != 0)
		return r;
	s->consumers = calloc(s->reply->elements + 1, sizeof(*s->consumers));
	if (!s->consumers)
		return -ENOMEM;
	s->n_consumers = s->reply->elements;
	for (size_t i = 0; i < s->n_consumers && r == 0; i++)
		r = read_consumer(ctl, s, s->reply->element[i], &s->consumers[i]);
	return r;
}

static int read_state(struct ctl *ctl, struct state *s)
{
	int r = ctl_redis_now_ms(ctl, &s->now_ms);

	if (r == 0)
		r = ctl_entries_count(ctl, KEY_SPILL, &s->n_packets);
	if (r == 0)
		r = read_totals(ctl, s);
	if (r == 0)
		r = read_oldest(ctl, s);
	return r == 0 ? read_consumers(ctl, s) : r;
}

static uint64_t oldest_ms(const struct state *s)
{
	uint64_t written = ctl_entry_ms(s->oldest);

	return s->now_ms > written ? s->now_ms - written : 0;
}

static enum ctl_exit print_json(const struct state *s)
{
	cJSON *json = cJSON_CreateObject(), *consumers, *c;

	cJSON_AddNumberToObject(json, "packets", (double)s->n_packets);
	cJSON_AddNumberToObject(json, "messages", s->n_messages);
	cJSON_AddNumberToObject(json, "bytes", s->n_bytes);
	if (s->oldest[0])
		cJSON_AddNumberToObject(json, "oldest_ms", (double)oldest_ms(s));
	else
		cJSON_AddNullToObject(json, "oldest_ms");
	consumers = cJSON_AddArrayToObject(json, "consumers");
	for (size_t i = 0; i < s->n_consumers; i++) {
		cJSON_AddItemToArray(consumers, c = cJSON_CreateObject());
		cJSON_AddStringToObject(c, "worker", s->consumers[i].name);
		cJSON_AddNumberToObject(c, "taken", (double)s->consumers[i].n_pending);
		cJSON_AddBoolToObject(c, "live", s->consumers[i].is_live);
	}
	return ctl_print_json(json);
}

static void write_consumers(const struct state *s, struct buf *out)
{
	static const char *const headings[] = { "<WORKER", ">TAKEN", "<LIVE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);

	ctl_table_init(&table, ARRAY_LEN(headings), headings);
	for (size_t i = 0; i < s->n_consumers; i++) {
		ctl_table_cell(&table, "%s", s->consumers[i].name);
		ctl_table_count(&table, (double)s->consumers[i].n_pending);
		ctl_table_cell(&table, "%s", s->consumers[i].is_live ? "yes" : "no");
	}
	buf_append_str(out, "\n");
	ctl_table_write(&table, out);
}

static enum ctl_exit print_text(const struct ctl *ctl, const struct state *s)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	char age[CTL_AGE_MAX];

	if (s->oldest[0]) {
		ctl_write_age(oldest_ms(s), age);
		buf_printf(&out,
			   "pool %s: %" PRIu64 " packets, %.0f messages, %.0f bytes in the spill; "
			   "the oldest has waited %s\n",
			   ctl->options.pool, s->n_packets, s->n_messages, s->n_bytes, age);
	} else {
		buf_printf(&out, "pool %s: the spill is empty\n", ctl->options.pool);
	}
	if (s->n_consumers)
		write_consumers(s, &out);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

enum ctl_exit ctl_spill_status(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct state state CLEANUP(state_deinit) = { 0 };
	int r = read_state(ctl, &state);

	(void)command;
	(void)arguments;
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	return ctl->options.json ? print_json(&state) : print_text(ctl, &state);
}
