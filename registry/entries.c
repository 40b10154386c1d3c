#include "registry/entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/printable.h"
#include "registry/scripts.h"

#define DIGITS_MAX 19 /* of each number in a name */

static const struct entry_field fields[] = {
	{ true, true, ENTRY_NAME, "entry", "<ENTRY", NULL },
	{ true, true, ENTRY_WRITTEN, "time", ">AGE", NULL },
	{ true, false, ENTRY_TEXT, "analyzer", "<ANALYZER", "analyzer" },
	{ true, false, ENTRY_TEXT, "reason", "<REASON", "reason" },
	{ true, false, ENTRY_TEXT, "answer", NULL, "answer" },
	{ false, true, ENTRY_TEXT, "node", "<NODE", "node" },
	{ true, false, ENTRY_TEXT, "node", NULL, "node" },
	{ true, true, ENTRY_COUNT, "messages", ">MESSAGES", "messages" },
	{ true, true, ENTRY_COUNT, "bytes", ">BYTES", "bytes" },
	{ true, true, ENTRY_TEXT, "format", "<FORMAT", "format", "json" },
	{ true, true, ENTRY_TEXT, "path", NULL, "path", "/ingest" },
	{ true, true, ENTRY_TEXT, "query", NULL, "query" },
	{ true, true, ENTRY_TEXT, "type", NULL, "type" },
	{ true, true, ENTRY_TIME, "received", NULL, "received_ms" },
	{ true, true, ENTRY_TEXT, "packet_id", "<PACKET", "id" },
};

/* The digits at the front of text; 0: none, or too many. */
static size_t n_digits(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n <= DIGITS_MAX ? n : 0;
}

bool entry_is_name(const char *text)
{
	size_t n = n_digits(text), n_more;

	if (n == 0 || text[n] != '-')
		return false;
	n_more = n_digits(text + n + 1);
	return n_more > 0 && text[n + 1 + n_more] == '\0';
}

uint64_t entry_ms(const char *name)
{
	return strtoull(name, NULL, 10);
}

static bool are_entries(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i < reply->elements; i++) {
		const redisReply *entry = reply->element[i];

		if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
		    entry->element[0]->type != REDIS_REPLY_STRING ||
		    entry->element[1]->type != REDIS_REPLY_ARRAY)
			return false;
	}
	return true;
}

int entries_read(const struct entries *e, const struct entries_range *range, redisReply **replyp)
{
	struct script_args args = { 0 };
	int r;

	script_arg_str(&args, e->stream == KEY_DEAD ? "dead" : "spill");
	script_arg_str(&args, range->is_backward ? "backward" : "forward");
	script_arg_str(&args, range->from);
	script_arg_str(&args, range->to);
	script_arg_int(&args, range->n);
	script_arg_int(&args, (int64_t)range->body_bytes);
	r = client_eval(e->client, SCRIPT_ENTRIES, &args, replyp);
	if (r != 0 || (are_entries(*replyp) && (*replyp)->elements <= range->n))
		return r;
	freeReplyObject(*replyp);
	*replyp = NULL;
	return ENTRIES_E_ANSWER;
}

int entries_count(const struct entries *e, uint64_t *np)
{
	const char *words[] = { "XLEN", e->keys->names[e->stream] };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(e->client, &reply, ARRAY_LEN(words), words);

	if (r == 0 && reply->type != REDIS_REPLY_INTEGER)
		return ENTRIES_E_ANSWER;
	if (r == 0)
		*np = (uint64_t)reply->integer;
	return r;
}

int entries_now_ms(const struct entries *e, uint64_t *nowp)
{
	const char *words[] = { "TIME" };
	redisReply *reply AUTO_REPLY = NULL;
	int r = client_command(e->client, &reply, ARRAY_LEN(words), words);

	if (r != 0)
		return r;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return ENTRIES_E_ANSWER;
	*nowp = strtoull(reply->element[0]->str, NULL, 10) * 1000 +
		strtoull(reply->element[1]->str, NULL, 10) / 1000;
	return 0;
}

const struct entry_field *entry_field_at(enum registry_key stream, size_t i)
{
	for (size_t k = 0; k < ARRAY_LEN(fields); k++)
		if ((stream == KEY_DEAD ? fields[k].of_dead : fields[k].of_spill) && i-- == 0)
			return &fields[k];
	return NULL;
}

const redisReply *entry_value(const redisReply *entry, const char *field)
{
	const redisReply *flat = entry->element[1];

	for (size_t i = 0; i + 1 < flat->elements; i += 2)
		if (flat->element[i]->type == REDIS_REPLY_STRING &&
		    flat->element[i + 1]->type == REDIS_REPLY_STRING &&
		    strcmp(flat->element[i]->str, field) == 0)
			return flat->element[i + 1];
	return NULL;
}

void entry_write_time(uint64_t ms, char *out, size_t size)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	char date[32];

	if (!gmtime_r(&s, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(date, sizeof(date), "%" PRIu64, ms);
	snprintf(out, size, "%s.%03uZ", date, (unsigned)(ms % 1000));
}

/* What a terminal would not show as what it is becomes a question mark. */
static void write_text(const redisReply *value, char *out, size_t size)
{
	const char *s = value ? value->str : NULL;
	size_t len = value ? (size_t)value->len : 0, at = 0;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t cp = 0;
		bool is_shown;

		n = printable_decode(s + i, len - i, &cp);
		is_shown = n > 0 && !printable_is_hidden(cp);
		if (n == 0)
			n = 1;
		if (at + (is_shown ? n : 1) >= size)
			break;
		if (is_shown)
			memcpy(out + at, s + i, n);
		else
			out[at] = '?';
		at += is_shown ? n : 1;
	}
	out[at] = '\0';
}

void entry_write(const struct entry_field *field, const redisReply *entry, char *out, size_t size)
{
	write_text(field->field ? entry_value(entry, field->field) : entry->element[0], out, size);
	if (!out[0] && field->absent)
		snprintf(out, size, "%s", field->absent);
	if (field->kind == ENTRY_WRITTEN || (field->kind == ENTRY_TIME && out[0]))
		entry_write_time(entry_ms(out), out, size);
}

static cJSON *field_json(const struct entry_field *field, const char *text)
{
	if (!text[0])
		return cJSON_CreateNull();
	return field->kind == ENTRY_COUNT ? cJSON_CreateNumber(strtod(text, NULL))
					  : cJSON_CreateString(text);
}

cJSON *entry_json(enum registry_key stream, const redisReply *entry)
{
	cJSON *json = cJSON_CreateObject();
	const struct entry_field *field;
	char text[ENTRY_TEXT_MAX];

	for (size_t i = 0; json && (field = entry_field_at(stream, i)); i++) {
		entry_write(field, entry, text, sizeof(text));
		cJSON_AddItemToObject(json, field->json, field_json(field, text));
	}
	return json;
}

const redisReply *entry_body(const redisReply *entry)
{
	return entry_value(entry, "body");
}
