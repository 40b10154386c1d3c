/*
 * Loki's push API. All messages of an analyzer are one stream, because each set of labels costs Loki a
 * stream; level, host and the other fields are structured metadata of the entries.
 */
#include <string.h>

#include "analyzer/message/message_level.h"
#include "analyzer/sink/sink_form.h"
#include "common/json/json_text.h"

#define MAX_METADATA 100 /* Loki takes 128 of an entry */

static void begin(struct buf *body, const struct sink_options *options)
{
	buf_append_str(body, "{\"streams\":[{\"stream\":{\"job\":\"weir\",\"analyzer\":");
	json_text_append(body, options->analyzer, strlen(options->analyzer));
	buf_append_str(body, "},\"values\":[");
}

const struct sink_form loki_form = { .content_type = "application/json",
				     .max_items = 1000,
				     .separator = ",",
				     .begin = begin,
				     .end = "]}]}" };

/* Letters, digits and underscores, and no digit first. */
static void append_name(struct buf *out, const char *name, size_t len)
{
	buf_append_str(out, ",\"");
	if (name[0] >= '0' && name[0] <= '9')
		buf_append(out, "_", 1);
	for (size_t i = 0; i < len; i++) {
		bool is_fine = (name[i] >= 'a' && name[i] <= 'z') ||
			       (name[i] >= 'A' && name[i] <= 'Z') ||
			       (name[i] >= '0' && name[i] <= '9');

		buf_append(out, is_fine ? &name[i] : "_", 1);
	}
	buf_append_str(out, "\":");
}

/* Values of metadata are strings. */
static void append_value(struct buf *out, const struct message_field *field)
{
	if (field->kind == MESSAGE_TEXT)
		document_append_quoted(out, &field->value);
	else
		json_text_append(out, field->value.data, field->value.len);
}

static void append_found(struct buf *out, const struct message *m)
{
	if (m->level >= 0)
		buf_printf(out, ",\"level\":\"%s\"", message_level_names[m->level]);
	if (m->host < 0)
		return;
	buf_append_str(out, ",\"host\":");
	append_value(out, &m->fields[m->host]);
}

int loki_write(const struct sink_message *sm, struct buf *out)
{
	const struct message *m = sm->message;
	unsigned n = 0;
	size_t start;

	buf_printf(out, "[\"%llu\",", (unsigned long long)(m->time >= 0 ? m->time_ns : m->now_ns));
	document_append_text(out, m);
	buf_append(out, ",", 1);
	start = out->len;
	document_append_origin(out, sm->origin);
	append_found(out, m);
	for (size_t i = m->n_fields; i-- > 0 && n < MAX_METADATA;) {
		const char *name = message_name(m, &m->fields[i]);
		size_t len = m->fields[i].name_len;

		if (message_is_found(m, i) || message_is_hidden(m, i) ||
		    (len == 5 && memcmp(name, "level", 5) == 0) ||
		    (len == 4 && memcmp(name, "host", 4) == 0))
			continue;
		append_name(out, name, len);
		append_value(out, &m->fields[i]);
		n++;
	}
	if (!out->failed)
		out->data[start] = '{'; /* in the place of the first comma */
	buf_append_str(out, "}]");
	return 0;
}
