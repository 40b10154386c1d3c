#include "registry/journal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/buf.h"
#include "registry/membership.h"

#define MOST_TEXT "1000" /* entries, as in lua/lib/journal.lua */

#define OPERATOR "an operator" /* the cause of what people do, as scripts write it */

struct entry {
	const char *id;
	const redisReply *fields; /* name, value, name, value ... */
};

static const char *field(const struct entry *e, const char *name)
{
	for (size_t i = 0; i + 1 < e->fields->elements; i += 2)
		if (strcmp(e->fields->element[i]->str, name) == 0)
			return e->fields->element[i + 1]->str;
	return "";
}

/* ---- sentences ---- */

static void say_change(const struct entry *e, struct buf *out)
{
	buf_printf(out, "%s: %s %s -> %s", field(e, "analyzer"), field(e, "kind"), field(e, "was"),
		   field(e, "now"));
}

static void say_replaced(const struct entry *e, struct buf *out)
{
	buf_printf(out, "%s: the process at %s replaced the one at %s", field(e, "analyzer"),
		   field(e, "now"), field(e, "was"));
}

static void say_fault(const struct entry *e, struct buf *out)
{
	const char *now = field(e, "now");

	buf_printf(out, *now ? "%s: is to simulate %s" : "%s: simulates no fault any more",
		   field(e, "analyzer"), now);
}

static void say_breaker(const struct entry *e, struct buf *out)
{
	const char *now = field(e, "now");

	buf_printf(out,
		   strcmp(now, "open") == 0
			   ? "%s cannot reach %s: its breaker opened, or its probe fails"
		   : strcmp(now, "hanging") == 0
			   ? "%s sends nothing more to %s: it hangs, for it takes deliveries and "
			     "does not answer"
			   : "%s reaches %s again",
		   field(e, "node"), field(e, "analyzer"));
}

static void say_slow(const struct entry *e, struct buf *out)
{
	bool is_slow = strcmp(field(e, "now"), "slow") == 0;

	buf_printf(out,
		   is_slow ? "%s gives %s less than its share: it is slower than latency-limit"
			   : "%s gives %s its whole share again",
		   field(e, "node"), field(e, "analyzer"));
}

static void say_dead(const struct entry *e, struct buf *out)
{
	const char *n = field(e, "now"), *analyzer = field(e, "analyzer");

	if (*analyzer)
		buf_printf(out, "%s refused a packet as bad", analyzer);
	else
		buf_append_str(out, "a dead letter that no analyzer refused");
	buf_printf(out, " (%s): %s dead letter%s", field(e, "cause"), n,
		   strcmp(n, "1") == 0 ? "" : "s");
}

static void say_letters(const struct entry *e, const char *deed, struct buf *out)
{
	const char *n = field(e, "now");

	buf_printf(out, "%s dead letter%s %s", n, strcmp(n, "1") == 0 ? " was" : "s were", deed);
}

static void say_replayed(const struct entry *e, struct buf *out)
{
	say_letters(e, "sent again", out);
}

static void say_purged(const struct entry *e, struct buf *out)
{
	say_letters(e, "deleted", out);
}

static void say_away(const struct entry *e, struct buf *out)
{
	buf_printf(out, "for %.1f s Redis was away, or no node was there",
		   strtod(field(e, "now"), NULL) / 1000);
}

static void say_clock(const struct entry *e, struct buf *out)
{
	buf_printf(out, "the clock of Redis went back by %.1f s",
		   strtod(field(e, "now"), NULL) / 1000);
}

/* As one node finds it. */
static void say_redis(const struct entry *e, struct buf *out)
{
	if (strcmp(field(e, "now"), "up") != 0)
		buf_printf(out, "%s finds that Redis is not well: %s", field(e, "node"),
			   field(e, "now"));
	else
		buf_printf(out, "%s finds that Redis is well again after %.1f s: it was %s",
			   field(e, "node"), strtod(field(e, "ms"), NULL) / 1000, field(e, "was"));
}

static void say_refusing(const struct entry *e, struct buf *out)
{
	const char *cause = field(e, "cause");

	buf_printf(out, "%s refuses agents: %s%s%s", field(e, "node"), field(e, "now"),
		   *cause ? ", mostly with " : "", cause);
}

static void say_analyzer_slow(const struct entry *e, struct buf *out)
{
	const char *id = field(e, "analyzer"), *now = field(e, "now");

	if (strcmp(now, "usual") == 0)
		buf_printf(out, "%s is slow no more, after %.0f s", id,
			   strtod(field(e, "ms"), NULL) / 1000);
	else
		buf_printf(out, "%s is slow: one delivery in a hundred takes %s or longer", id,
			   now);
}

static void say_analyzer_errs(const struct entry *e, struct buf *out)
{
	const char *id = field(e, "analyzer"), *now = field(e, "now"), *cause = field(e, "cause");

	if (strcmp(now, "usual") == 0)
		buf_printf(out, "%s fails deliveries no more, after %.0f s", id,
			   strtod(field(e, "ms"), NULL) / 1000);
	else
		buf_printf(out, "%s fails %s of its deliveries%s%s", id, now, *cause ? ": " : "",
			   cause);
}

static void say_loss(const struct entry *e, struct buf *out)
{
	buf_printf(out, "the registry had lost data: %s", field(e, "cause"));
}

/* A sentence is about an analyzer, a node, or is made by a function. */
static const struct {
	const char *kind, *about, *words;
	void (*say)(const struct entry *e, struct buf *out);
} sentences[] = {
	{ "joined", "analyzer", "joined", NULL },
	{ "back", "analyzer", "is back", NULL },
	{ "left", "analyzer", "left", NULL },
	{ "replaced", NULL, NULL, say_replaced },
	{ "lost", "analyzer", "is silent: its lease ran out", NULL },
	{ "weight", NULL, NULL, say_change },
	{ "state", NULL, NULL, say_change },
	{ "fault", NULL, NULL, say_fault },
	{ "breaker", NULL, NULL, say_breaker },
	{ "slow", NULL, NULL, say_slow },
	{ "node_joined", "node", "joined", NULL },
	{ "node_left", "node", "left", NULL },
	{ "node_lost", "node", "is gone: its lease ran out", NULL },
	{ "id_twice", "node", "is two processes: give one of them another --node-id", NULL },
	{ "spill_began", "", "packets go into the spill", NULL },
	{ "spill_ended", "", "the spill is empty again", NULL },
	{ "dead", NULL, NULL, say_dead },
	{ "replayed", NULL, NULL, say_replayed },
	{ "purged", NULL, NULL, say_purged },
	{ "registry_away", NULL, NULL, say_away },
	{ "clock_back", NULL, NULL, say_clock },
	{ "data_lost", NULL, NULL, say_loss },
	{ "redis", NULL, NULL, say_redis },
	{ "refusing", NULL, NULL, say_refusing },
	{ "analyzer_slow", NULL, NULL, say_analyzer_slow },
	{ "analyzer_errs", NULL, NULL, say_analyzer_errs },
};

static void say(const struct entry *e, struct buf *out)
{
	const char *kind = field(e, "kind");

	for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
		if (strcmp(kind, sentences[i].kind) != 0)
			continue;
		if (sentences[i].say)
			sentences[i].say(e, out);
		else
			buf_printf(out, "%s%s%s", field(e, sentences[i].about),
				   *sentences[i].about ? " " : "", sentences[i].words);
		return;
	}
	buf_append_str(out, kind); /* a later version wrote it */
}

/* How often it happened: more than once in an entry that stands for several (lua/lib/journal.lua). */
static double count_of(const struct entry *e)
{
	double count = strtod(field(e, "count"), NULL);

	return count >= 1 && count <= 1e15 ? floor(count) : 1;
}

static double first_ms_of(const struct entry *e)
{
	double first_ms = strtod(field(e, "first_ms"), NULL);

	return first_ms > 0 && first_ms <= 1e15 ? first_ms : strtod(e->id, NULL);
}

/* ---- entries ---- */

static void add_text(cJSON *json, const char *name, const char *text)
{
	if (*text)
		cJSON_AddStringToObject(json, name, text);
	else
		cJSON_AddNullToObject(json, name);
}

static cJSON *entry_json(const struct entry *e)
{
	static const char *const texts[] = { "analyzer", "node", "was", "now", "cause", "by" };
	struct buf sentence CLEANUP(buf_deinit) = { 0 };
	const char *epoch = field(e, "epoch");
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "id", e->id);
	cJSON_AddNumberToObject(json, "time_ms", strtod(e->id, NULL));
	cJSON_AddNumberToObject(json, "first_ms", first_ms_of(e));
	cJSON_AddNumberToObject(json, "count", count_of(e));
	if (*epoch)
		cJSON_AddNumberToObject(json, "epoch", strtod(epoch, NULL));
	else
		cJSON_AddNullToObject(json, "epoch");
	cJSON_AddStringToObject(json, "kind", field(e, "kind"));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		add_text(json, texts[i], field(e, texts[i]));
	say(e, &sentence);
	if (count_of(e) > 1)
		buf_printf(&sentence, " ×%.0f", count_of(e));
	if (*field(e, "by") && (!*field(e, "cause") || strcmp(field(e, "cause"), OPERATOR) == 0))
		buf_printf(&sentence, " (by %s)", field(e, "by"));
	cJSON_AddStringToObject(json, "text", buf_str(&sentence));
	return json;
}

static bool is_text(const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING;
}

/* What anybody may have written into a key: {name, {field, value, ...}}. */
static bool is_entry(const redisReply *r)
{
	const redisReply *fields;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 || !is_text(r->element[0]))
		return false;
	fields = r->element[1];
	if (fields->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < fields->elements; i++)
		if (!is_text(fields->element[i]))
			return false;
	return true;
}

/* is_backward: the reply has the latest first. NULL: it is not understood, or no memory. */
static cJSON *entries_json(const redisReply *reply, bool is_backward)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *r = reply->element[is_backward ? reply->elements - 1 - i : i];
		struct entry entry;

		if (!is_entry(r))
			continue;
		entry = (struct entry){ r->element[0]->str, r->element[1] };
		cJSON_AddItemToArray(list, entry_json(&entry));
	}
	return list;
}

int journal_read(struct client *client, const struct registry_keys *keys, const char *after,
		 unsigned most, cJSON **listp)
{
	char from[JOURNAL_ID_MAX + 1], count[16];
	const char *const forward[] = { "XRANGE", keys->names[KEY_JOURNAL], from, "+", "COUNT",
					count };
	const char *const backward[] = { "XREVRANGE", keys->names[KEY_JOURNAL], "+", "-", "COUNT",
					 count };
	redisReply *reply;
	int r;

	snprintf(from, sizeof(from), "(%s", after ? after : "");
	snprintf(count, sizeof(count), "%u", most);
	r = client_command(client, &reply, ARRAY_LEN(forward), after ? forward : backward);
	if (r != 0)
		return r;
	*listp = reply->type == REDIS_REPLY_ARRAY ? entries_json(reply, !after) : NULL;
	r = reply->type != REDIS_REPLY_ARRAY ? MEMBERSHIP_E_ANSWER : *listp ? 0 : -ENOMEM;
	freeReplyObject(reply);
	return r;
}

bool journal_is_same(const cJSON *a, const cJSON *b)
{
	static const char *const names[] = {
		"kind", "analyzer", "node", "was", "now", "cause", "by"
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(a, names[i]),
				   cJSON_GetObjectItemCaseSensitive(b, names[i]), true))
			return false;
	return true;
}

int journal_tell(struct client *client, const struct registry_keys *keys, const char *kind,
		 const char *now, const char *by)
{
	const char *const words[] = { "XADD",    keys->names[KEY_JOURNAL],
				      "MAXLEN",  "~",
				      MOST_TEXT, "*",
				      "kind",    kind,
				      "now",     now,
				      "by",      by ? by : "" };
	redisReply *reply = NULL;
	int r = client_command(client, &reply, ARRAY_LEN(words), words);

	if (r == 0)
		freeReplyObject(reply);
	return r;
}
