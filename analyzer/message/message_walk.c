#include "analyzer/message/message_walk.h"

#include "analyzer/message/message_fields.h"
#include "analyzer/message/message_otlp.h"
#include "analyzer/message/message_wrapper.h"
#include "common/json/json_packet.h"

static char peek(const struct json_cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

static void set_path(struct message *m, const char *name)
{
	buf_clear(&m->path);
	buf_append_str(&m->path, name);
}

/* Whatever is no object has no names: its value is the text. */
static int read_message(struct message *m, struct json_cursor *c)
{
	const char *start = c->at;
	int r;

	if (peek(c) == '{') {
		buf_clear(&m->path);
		r = message_read_wrapped(m, c);
	} else {
		set_path(m, "message");
		r = message_read_value(m, c, MESSAGE_MAX_DEPTH, false);
	}
	m->raw = (struct json_slice){ start, (size_t)(c->at - start) };
	return r;
}

static int on_element(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_visit *visit = arg;
	struct message_mark mark = message_mark(visit->m);
	int r = read_message(visit->m, c);

	(void)depth;
	return message_visit_emit(visit, &mark, r);
}

/* An entry of a stream: [nanoseconds, line, {metadata}]. */
struct entry {
	struct message *m;
	unsigned n_parts;
};

static int on_entry_part(struct json_cursor *c, unsigned depth, void *arg)
{
	static const char *const names[] = { "timestamp", "message" };
	struct entry *entry = arg;
	unsigned i = entry->n_parts++;

	(void)depth;
	if (i < ARRAY_LEN(names)) {
		set_path(entry->m, names[i]);
		return message_read_value(entry->m, c, MESSAGE_MAX_DEPTH, false);
	}
	buf_clear(&entry->m->path);
	return peek(c) == '{' ? message_read_value(entry->m, c, 0, false)
			      : json_scan_value(c, JSON_BATCH_MAX_DEPTH);
}

static int on_entry(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_visit *visit = arg;
	struct entry entry = { visit->m, 0 };
	struct message_mark mark = message_mark(visit->m);
	const char *start = c->at;
	size_t n;
	int r;

	if (peek(c) != '[')
		return on_element(c, depth, arg);
	r = json_scan_array(c, depth, on_entry_part, &entry, &n);
	visit->m->raw = (struct json_slice){ start, (size_t)(c->at - start) };
	return message_visit_emit(visit, &mark, r);
}

/* Labels and entries may stand in any order, and labels are known first. */
static int on_stream(struct json_cursor *c, unsigned depth, void *arg)
{
	struct message_visit *visit = arg;
	struct message_mark mark = message_mark(visit->m);
	struct message_members found = { .names = { "stream", "values" }, .other = "entries" };
	size_t n;
	int r = message_find_members(c, depth, &found);

	if (r == 0 && found.values[0].at && *found.values[0].at == '{') {
		buf_clear(&visit->m->path);
		r = message_read_value(visit->m, &found.values[0], 0, false);
		message_end_context(visit->m);
	}
	if (r == 0 && found.values[1].at && *found.values[1].at == '[')
		r = json_scan_array(&found.values[1], JSON_BATCH_MAX_DEPTH, on_entry, visit, &n);
	message_rewind(visit->m, &mark);
	return r;
}

/* The members beside the array are true for all messages, but for the packet's id. */
struct outside {
	struct message *m;
	const char *name; /* of the array */
	struct json_cursor array;
};

static int on_outside(struct json_cursor *c, unsigned depth, const struct json_slice *key,
		      void *arg)
{
	struct outside *outside = arg;

	if (!outside->array.at && json_slice_is(key, outside->name)) {
		outside->array = *c;
		return json_scan_value(c, depth);
	}
	if (json_slice_is(key, "id"))
		return json_scan_value(c, depth);
	return message_read_member(outside->m, c, key, 1, false);
}

static int walk_envelope(struct message_visit *visit, struct json_cursor *c,
			 enum json_envelope envelope)
{
	struct outside outside = { visit->m, json_envelope_names[envelope], { 0 } };
	json_element_fn fn = envelope == JSON_ENVELOPE_RESOURCE_LOGS ? message_on_resource
			     : envelope == JSON_ENVELOPE_STREAMS     ? on_stream
								     : on_element;
	size_t n;
	int r = json_scan_object(c, JSON_BATCH_MAX_DEPTH, on_outside, &outside);

	message_end_context(visit->m);
	if (r || !outside.array.at)
		return r;
	return json_scan_array(&outside.array, JSON_BATCH_MAX_DEPTH, fn, visit, &n);
}

int message_walk(struct message *m, const char *data, size_t len, message_fn fn, void *arg)
{
	struct message_visit visit = { m, fn, arg };
	struct json_cursor c = { data, data + len };
	struct json_packet packet;
	size_t n;
	int r;

	message_rewind(m, &(struct message_mark){ 0 });
	buf_clear(&m->names);
	buf_clear(&m->path);
	json_scan_space(&c);
	if (peek(&c) == '[')
		return json_scan_array(&c, JSON_BATCH_MAX_DEPTH, on_element, &visit, &n);
	r = json_packet_read(data, len, JSON_BATCH_MAX_DEPTH, &packet);
	if (r)
		return r;
	if (packet.envelope == JSON_ENVELOPE_NONE)
		return on_element(&c, JSON_BATCH_MAX_DEPTH, &visit);
	return walk_envelope(&visit, &c, packet.envelope);
}
