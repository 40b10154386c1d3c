/* The commands list and show, of both streams. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/printable.h"
#include "registry/ctl/ctl_entries.h"
#include "registry/ctl/ctl_out.h"
#include "registry/ctl/ctl_table.h"
#include "registry/entry_body.h"

#define COLUMNS_MAX 16
#define BODY_BYTES_MAX (1ull << 32) /* more than a packet has */

/* A stream as it is shown. */
struct stream {
	enum registry_key key;
	const char *name;  /* of the key and of the group of commands */
	const char *empty; /* said when nothing is in it */
	bool latest_first;
};

static const struct stream dead = { KEY_DEAD, "dead", "no dead letters", true };
static const struct stream spill = { KEY_SPILL, "spill", "the spill is empty", false };

/* A list in the making: one of the two. */
struct list {
	const struct stream *stream;
	uint64_t now_ms, n_total;
	struct ctl_table table;
	cJSON *json; /* owned; NULL: the table is wanted */
};

static void start_table(struct list *list)
{
	const char *headings[COLUMNS_MAX];
	const struct entry_field *field;
	unsigned n = 0;

	for (size_t i = 0; (field = entry_field_at(list->stream->key, i)); i++)
		if (field->heading && n < COLUMNS_MAX)
			headings[n++] = field->heading;
	ctl_table_init(&list->table, n, headings);
}

static void add_row(struct list *list, const redisReply *entry)
{
	uint64_t ms = entry_ms(entry->element[0]->str);
	const struct entry_field *field;
	char text[ENTRY_TEXT_MAX];

	if (list->json) {
		cJSON_AddItemToArray(list->json, entry_json(list->stream->key, entry));
		return;
	}
	for (size_t i = 0; (field = entry_field_at(list->stream->key, i)); i++) {
		if (!field->heading)
			continue;
		if (field->kind == ENTRY_WRITTEN)
			ctl_write_age(list->now_ms > ms ? list->now_ms - ms : 0, text);
		else
			entry_write(field, entry, text, sizeof(text));
		ctl_table_cell(&list->table, "%s", text[0] ? text : "-");
	}
}

static int read_rows(const struct entries *entries, struct list *list, int64_t left)
{
	bool is_backward = list->stream->latest_first;
	char from[SPILL_ENTRY_NAME_MAX + 1];

	snprintf(from, sizeof(from), "%s", is_backward ? "+" : "-");
	while (left > 0) {
		redisReply *reply AUTO_REPLY = NULL;
		const struct entries_range next = {
			.is_backward = is_backward,
			.from = from,
			.to = is_backward ? "-" : "+",
			.n = (unsigned)(left < ENTRIES_CHUNK ? left : ENTRIES_CHUNK)
		};
		int r = entries_read(entries, &next, &reply);

		if (r != 0 || reply->elements == 0)
			return r;
		for (size_t i = 0; i < reply->elements; i++)
			add_row(list, reply->element[i]);
		snprintf(from, sizeof(from), "(%s",
			 reply->element[reply->elements - 1]->element[0]->str);
		left -= (int64_t)reply->elements;
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
	const struct entries entries = ctl_entries_of(ctl, stream->key);
	struct list list = { .stream = stream };
	enum ctl_exit code;
	int r;

	list.json = ctl->options.json ? cJSON_CreateArray() : NULL;
	if (ctl->options.json && !list.json)
		return ctl_fail("out of memory");
	start_table(&list);
	r = entries_count(&entries, &list.n_total);
	if (r == 0)
		r = entries_now_ms(&entries, &list.now_ms);
	if (r == 0)
		r = read_rows(&entries, &list, ctl->options.limit);
	code = r == 0 ? print_list(ctl, &list) : ctl_explain(ctl, r, NULL);
	if (r != 0)
		cJSON_Delete(list.json);
	ctl_table_deinit(&list.table);
	return code;
}

static enum ctl_exit print_json(const struct stream *stream, const redisReply *entry)
{
	cJSON *json = entry_json(stream->key, entry);

	entry_add_body(entry, json);
	return ctl_print_json(json);
}

static void print_entry(const struct stream *stream, const redisReply *entry)
{
	const struct entry_field *field;
	char text[ENTRY_TEXT_MAX];
	CLEANUP(buf_deinit) struct buf fields = { 0 }, body = { 0 };

	for (size_t i = 0; (field = entry_field_at(stream->key, i)); i++) {
		entry_write(field, entry, text, sizeof(text));
		buf_printf(&fields, "%-10s ", field->json);
		printable_append(&fields, text[0] ? text : "-", text[0] ? strlen(text) : 1, "");
		buf_append_str(&fields, "\n");
	}
	fputs(buf_str(&fields), stderr);
	entry_show_body(entry, &body);
	if (isatty(STDOUT_FILENO))
		printf("%s\n", buf_str(&body));
	else
		ctl_out_as_is(buf_str(&body), body.len);
}

static enum ctl_exit show(struct ctl *ctl, const struct stream *stream, char **names)
{
	const struct entries entries = ctl_entries_of(ctl, stream->key);
	const struct entries_range range = {
		.from = names[0], .to = names[0], .n = 1, .body_bytes = BODY_BYTES_MAX
	};
	enum ctl_exit code = ctl_entries_check(names);
	redisReply *reply AUTO_REPLY = NULL;
	int r;

	if (code != CTL_OK)
		return code;
	r = entries_read(&entries, &range, &reply);
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
