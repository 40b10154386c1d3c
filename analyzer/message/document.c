#include "analyzer/message/document.h"

#include <string.h>

#include "analyzer/message/message_time.h"
#include "common/json/json_text.h"
#include "common/json/json_unescape.h"

struct writing {
	struct buf *out;
	const struct message *m;
	bool is_indexed;
	bool has_time;
	bool is_own[MESSAGE_MAX_FIELDS]; /* by field: a member of the message goes by its name */
};

/* Line ends can only be white space between tokens. */
static void append_on_one_line(struct buf *out, const char *data, size_t len)
{
	size_t start = out->len;

	buf_append(out, data, len);
	for (size_t i = start; !out->failed && i < out->len; i++)
		if (out->data[i] == '\n' || out->data[i] == '\r')
			out->data[i] = ' ';
}

void document_append_quoted(struct buf *out, const struct json_slice *text)
{
	buf_append(out, "\"", 1);
	buf_append(out, text->data, text->len);
	buf_append(out, "\"", 1);
}

void document_append_scalar(struct buf *out, const struct message_field *field)
{
	if (field->kind == MESSAGE_TEXT)
		document_append_quoted(out, &field->value);
	else if (field->kind == MESSAGE_JSON)
		json_text_append(out, field->value.data, field->value.len);
	else
		buf_append(out, field->value.data, field->value.len);
}

void document_append_text(struct buf *out, const struct message *m)
{
	const struct message_field *field = m->text >= 0 ? &m->fields[m->text] : NULL;

	if (field && field->kind == MESSAGE_TEXT)
		document_append_quoted(out, &field->value);
	else if (field)
		json_text_append(out, field->value.data, field->value.len);
	else if (m->raw.len > 2 && m->raw.data[0] != '"')
		json_text_append(out, m->raw.data, m->raw.len);
	else
		buf_append_str(out, "\"-\"");
}

static void append_member(struct buf *out, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(out, ",\"%s\":", name);
	json_text_append(out, value, strlen(value));
}

void document_append_origin(struct buf *out, const struct origin *origin)
{
	append_member(out, "_analyzer", origin->analyzer);
	append_member(out, "_node", origin->node);
	append_member(out, "_pool", origin->pool);
	if (origin->packet_id.len == 0)
		return;
	buf_append_str(out, ",\"_packet_id\":");
	document_append_quoted(out, &origin->packet_id);
}

static const char *const own_names[] = { "_analyzer", "_node", "_pool", "_packet_id" };
static const char *const reserved_names[] = { "_id",
					      "_index",
					      "_source",
					      "_type",
					      "_routing",
					      "_ignored",
					      "_field_names",
					      "_size",
					      "_doc_count",
					      "_seq_no",
					      "_version",
					      "_tier",
					      "_primary_term",
					      "_nested_path",
					      "_feature",
					      "_data_stream_timestamp",
					      "_recovery_source" };

static bool is_one_of(const char *name, size_t len, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return true;
	return false;
}

/* A member that goes by a name of ours, or by one that nobody may use, is renamed and not lost. */
static bool is_taken(const struct writing *writing, const char *name, size_t len)
{
	return is_one_of(name, len, own_names, ARRAY_LEN(own_names)) ||
	       (writing->is_indexed &&
		is_one_of(name, len, reserved_names, ARRAY_LEN(reserved_names)));
}

static bool is_time(const char *name, size_t len)
{
	static const char *const names[] = { "@timestamp" };

	return is_one_of(name, len, names, ARRAY_LEN(names));
}

static void note_own(struct writing *writing, const char *name, size_t len)
{
	const struct message *m = writing->m;

	for (size_t i = 0; i < m->n_fields; i++)
		writing->is_own[i] |= m->fields[i].name_len == len &&
				      memcmp(message_name(m, &m->fields[i]), name, len) == 0;
}

/* Written with escapes, a name is still found. */
static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct writing *writing = arg;
	const char *start = c->at;
	char name[MESSAGE_MAX_KEY];
	size_t len = key->len <= sizeof(name) ? json_unescape(key, name) : 0;
	int r = json_scan_value(c, depth);

	if (r)
		return r;
	writing->has_time |= is_time(name, len);
	note_own(writing, name, len);
	buf_append_str(writing->out, is_taken(writing, name, len) ? ",\"x" : ",\"");
	buf_append(writing->out, key->data, key->len);
	buf_append(writing->out, "\":", 2);
	append_on_one_line(writing->out, start, (size_t)(c->at - start));
	return 0;
}

static void append_field(struct writing *writing, const struct message_field *field)
{
	const char *name = message_name(writing->m, field);
	struct buf key = { 0 };

	writing->has_time |= is_time(name, field->name_len);
	if (is_taken(writing, name, field->name_len))
		buf_append(&key, "x", 1);
	buf_append(&key, name, field->name_len);
	buf_append(writing->out, ",", 1);
	json_text_append(writing->out, key.data, key.len);
	buf_append(writing->out, ":", 1);
	if (field->kind == MESSAGE_JSON)
		append_on_one_line(writing->out, field->value.data, field->value.len);
	else
		document_append_scalar(writing->out, field);
	writing->out->failed |= key.failed;
	buf_deinit(&key);
}

void document_append(struct buf *out, const struct message *m, const struct origin *origin,
		     bool is_indexed)
{
	struct writing writing = { .out = out, .m = m, .is_indexed = is_indexed };
	struct json_cursor c;
	char time[MESSAGE_TIME_STRLEN];
	size_t start = out->len;
	int r = 0;

	if (m->object.len) {
		c = (struct json_cursor){ m->object.data, m->object.data + m->object.len };
		r = json_scan_object(&c, JSON_BATCH_MAX_DEPTH, on_member, &writing);
	}
	assert(r == 0); /* the walk has scanned it */
	for (size_t i = 0; i < m->n_fields; i++)
		if (!m->fields[i].is_inside && !writing.is_own[i] && !message_is_hidden(m, i))
			append_field(&writing, &m->fields[i]);
	document_append_origin(out, origin);
	if (is_indexed && !writing.has_time) {
		message_time_write(m->time >= 0 ? m->time_ns : m->now_ns, time);
		buf_printf(out, ",\"@timestamp\":\"%s\"", time);
	}
	if (!out->failed)
		out->data[start] = '{'; /* in the place of the first comma */
	buf_append(out, "}", 1);
}
