/* The commands list and show, of both streams. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/json_scan.h"
#include "registry/ctl_entries.h"
#include "registry/ctl_table.h"

#define TEXT_MAX 256

/* A stream as it is shown. */
struct stream {
	enum registry_key key;
	unsigned bit;      /* in fields[].of */
	const char *name;  /* of the key and of the group of commands */
	const char *empty; /* said when nothing is in it */
	bool latest_first;
};

static const struct stream dead = { KEY_DEAD, 1, "dead", "no dead letters", true };
static const struct stream spill = { KEY_SPILL, 2, "spill", "the spill is empty", false };

enum kind { NAME, WRITTEN, TEXT, COUNT, TIME, BODY_BYTES };

/* What is shown of an entry, in this order. */
static const struct field {
	unsigned of; /* which streams have it */
	enum kind kind;
	const char *json;    /* its name for programs */
	const char *heading; /* in lists, as ctl_table_init wants it; NULL: not there */
	const char *field;   /* in the stream; NULL: not there */
} fields[] = {
	{ 3, NAME, "entry", "<ENTRY", NULL },
	{ 3, WRITTEN, "time", ">AGE", NULL },
	{ 1, TEXT, "analyzer", "<ANALYZER", "analyzer" },
	{ 1, TEXT, "reason", "<REASON", "reason" },
	{ 2, TEXT, "node", "<NODE", "node" },
	{ 1, TEXT, "node", NULL, "node" },
	{ 3, COUNT, "messages", ">MESSAGES", "messages" },
	{ 3, BODY_BYTES, "bytes", ">BYTES", "body" },
	{ 3, TEXT, "type", NULL, "type" },
	{ 3, TIME, "received", NULL, "received_ms" },
	{ 3, TEXT, "packet_id", "<PACKET", "id" },
};

void ctl_write_time(uint64_t ms, char *out, size_t size)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	char date[32];

	if (!gmtime_r(&s, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		snprintf(date, sizeof(date), "%" PRIu64, ms);
	snprintf(out, size, "%s.%03uZ", date, (unsigned)(ms % 1000));
}

/* A field of an entry, or NULL. */
static const redisReply *find(const redisReply *entry, const char *name)
{
	const redisReply *flat = entry->element[1];

	for (size_t i = 0; i + 1 < flat->elements; i += 2)
		if (flat->element[i]->type == REDIS_REPLY_STRING &&
		    flat->element[i + 1]->type == REDIS_REPLY_STRING &&
		    strcmp(flat->element[i]->str, name) == 0)
			return flat->element[i + 1];
	return NULL;
}

/* What came from outside, fit for a terminal and for JSON. */
static void write_text(const redisReply *value, char *out, size_t size)
{
	size_t len = value ? (size_t)value->len : 0;

	if (len >= size)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = value->str[i] >= 0x20 && value->str[i] < 0x7f ? value->str[i] : '?';
	out[len] = '\0';
}

/* "" if the entry does not have it. */
static void write_field(const struct field *field, const redisReply *entry, char *out, size_t size)
{
	const redisReply *value = field->field ? find(entry, field->field) : entry->element[0];

	write_text(value, out, size);
	if (field->kind == BODY_BYTES)
		snprintf(out, size, "%zu", value ? (size_t)value->len : 0);
	else if (field->kind == WRITTEN || (field->kind == TIME && out[0]))
		ctl_write_time(ctl_entry_ms(out), out, size);
}

static cJSON *field_json(const struct field *field, const char *text)
{
	if (!text[0])
		return cJSON_CreateNull();
	if (field->kind == COUNT || field->kind == BODY_BYTES)
		return cJSON_CreateNumber(strtod(text, NULL));
	return cJSON_CreateString(text);
}

/* Without its body. NULL: out of memory. */
static cJSON *entry_json(const struct stream *stream, const redisReply *entry)
{
	cJSON *json = cJSON_CreateObject();
	char text[TEXT_MAX];

	for (size_t i = 0; json && i < ARRAY_LEN(fields); i++) {
		if (!(fields[i].of & stream->bit))
			continue;
		write_field(&fields[i], entry, text, sizeof(text));
		cJSON_AddItemToObject(json, fields[i].json, field_json(&fields[i], text));
	}
	return json;
}

/* A list in the making: one of the two. */
struct list {
	const struct stream *stream;
	uint64_t now_ms, n_total;
	struct ctl_table table;
	cJSON *json; /* owned; NULL: the table is wanted */
};

static void start_table(struct list *list)
{
	const char *headings[ARRAY_LEN(fields)];
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if ((fields[i].of & list->stream->bit) && fields[i].heading)
			headings[n++] = fields[i].heading;
	ctl_table_init(&list->table, n, headings);
}

static void add_row(struct list *list, const redisReply *entry)
{
	uint64_t ms = ctl_entry_ms(entry->element[0]->str);
	char text[TEXT_MAX];

	if (list->json) {
		cJSON_AddItemToArray(list->json, entry_json(list->stream, entry));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!(fields[i].of & list->stream->bit) || !fields[i].heading)
			continue;
		if (fields[i].kind == WRITTEN)
			ctl_write_age(list->now_ms > ms ? list->now_ms - ms : 0, text);
		else
			write_field(&fields[i], entry, text, sizeof(text));
		ctl_table_cell(&list->table, "%s", text[0] ? text : "-");
	}
}

static int read_rows(struct ctl *ctl, struct list *list)
{
	const struct stream *s = list->stream;
	char from[SPILL_ENTRY_NAME_MAX + 1];
	int64_t left = ctl->options.limit;

	snprintf(from, sizeof(from), "%s", s->latest_first ? "+" : "-");
	while (left > 0) {
		redisReply *reply AUTO_REPLY = NULL;
		unsigned n = (unsigned)(left < CTL_ENTRIES_CHUNK ? left : CTL_ENTRIES_CHUNK);
		int r = ctl_entries_read(ctl, s->key, s->latest_first, from,
					 s->latest_first ? "-" : "+", n, &reply);

		if (r != 0)
			return r;
		for (size_t i = 0; i < reply->elements; i++)
			add_row(list, reply->element[i]);
		if (reply->elements < n)
			return 0;
		snprintf(from, sizeof(from), "(%s", reply->element[n - 1]->element[0]->str);
		left -= n;
	}
	return 0;
}

static enum ctl_exit print_table(const struct ctl *ctl, const struct list *list)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	ctl_table_write(&list->table, &out);
	if (list->n_total > (uint64_t)ctl->options.limit)
		buf_printf(&out, "%s %" PRId64 " of %" PRIu64 " (--limit shows more)\n",
			   list->stream->latest_first ? "the latest" : "the oldest",
			   ctl->options.limit, list->n_total);
	if (out.failed)
		return ctl_fail("out of memory");
	fwrite(out.data, 1, out.len, stdout);
	return CTL_OK;
}

static enum ctl_exit print_list(const struct ctl *ctl, struct list *list)
{
	cJSON *json;

	if (ctl->options.json) {
		json = cJSON_CreateObject();
		cJSON_AddNumberToObject(json, "total", (double)list->n_total);
		cJSON_AddItemToObject(json, "entries", list->json);
		return ctl_print_json(json);
	}
	if (list->n_total > 0)
		return print_table(ctl, list);
	puts(list->stream->empty);
	return CTL_OK;
}

static enum ctl_exit list(struct ctl *ctl, const struct stream *stream)
{
	struct list list = { .stream = stream };
	enum ctl_exit code;
	int r;

	list.json = ctl->options.json ? cJSON_CreateArray() : NULL;
	if (ctl->options.json && !list.json)
		return ctl_fail("out of memory");
	start_table(&list);
	r = ctl_entries_count(ctl, stream->key, &list.n_total);
	if (r == 0)
		r = ctl_redis_now_ms(ctl, &list.now_ms);
	if (r == 0)
		r = read_rows(ctl, &list);
	code = r == 0 ? print_list(ctl, &list) : ctl_explain(ctl, r, NULL);
	if (r != 0)
		cJSON_Delete(list.json);
	ctl_table_deinit(&list.table);
	return code;
}

static bool is_json(const redisReply *body)
{
	struct json_cursor c = { body->str, body->str + body->len };

	json_scan_space(&c);
	if (json_scan_value(&c, JSON_SCAN_MAX_DEPTH) != 0)
		return false;
	json_scan_space(&c);
	return c.at == c.end;
}

static enum ctl_exit print_json(const struct stream *stream, const redisReply *entry)
{
	const redisReply *body = find(entry, "body");
	cJSON *json = entry_json(stream, entry);

	cJSON_AddItemToObject(json, "body",
			      body && is_json(body) ? cJSON_CreateRaw(body->str)
						    : cJSON_CreateNull());
	return ctl_print_json(json);
}

static void print_entry(const struct stream *stream, const redisReply *entry)
{
	const redisReply *body = find(entry, "body");
	char text[TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!(fields[i].of & stream->bit))
			continue;
		write_field(&fields[i], entry, text, sizeof(text));
		fprintf(stderr, "%-10s %s\n", fields[i].json, text[0] ? text : "-");
	}
	if (body)
		fwrite(body->str, 1, (size_t)body->len, stdout);
	if (isatty(STDOUT_FILENO))
		putchar('\n');
}

static enum ctl_exit show(struct ctl *ctl, const struct stream *stream, char **names)
{
	enum ctl_exit code = ctl_entries_check(names);
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	if (code != CTL_OK)
		return code;
	r = ctl_entries_read(ctl, stream->key, false, names[0], names[0], 1, &reply);
	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	if (reply->elements == 0)
		return ctl_fail("no entry %s in pool \"%s\" (see weirctl %s list)", names[0],
				ctl->options.pool, stream->name);
	if (ctl->options.json)
		return print_json(stream, reply->element[0]);
	print_entry(stream, reply->element[0]);
	return CTL_OK;
}

enum ctl_exit ctl_dead_list(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	(void)command;
	(void)arguments;
	return list(ctl, &dead);
}

enum ctl_exit ctl_dead_show(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	(void)command;
	return show(ctl, &dead, arguments);
}

enum ctl_exit ctl_spill_list(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	(void)command;
	(void)arguments;
	return list(ctl, &spill);
}

enum ctl_exit ctl_spill_show(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	(void)command;
	return show(ctl, &spill, arguments);
}
