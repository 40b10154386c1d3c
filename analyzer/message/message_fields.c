#include "analyzer/message/message_fields.h"

#include <string.h>

#include "common/json/json_unescape.h"

struct reading {
	struct message *m;
	unsigned level;
	bool is_inside;
};

static char peek(const struct json_cursor *c)
{
	return c->at < c->end ? *c->at : '\0';
}

/* Appends a key, behind a dot where another one stands before it. Of one that no name has room for, with
 * or without escapes, there is as much as shows that. Returns the length before. */
static size_t push(struct message *m, const struct json_slice *key)
{
	size_t before = m->path.len;

	if (before > 0)
		buf_append(&m->path, ".", 1);
	if (key->len > MESSAGE_MAX_KEY)
		buf_append(&m->path, key->data, MESSAGE_MAX_NAME + 1);
	else if (buf_reserve(&m->path, key->len + 1) == 0)
		m->path.len += json_unescape(key, m->path.data + m->path.len);
	else
		m->path.failed = true;
	return before;
}

static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	const struct reading *reading = arg;

	(void)depth;
	return message_read_member(reading->m, c, key, reading->level, reading->is_inside);
}

static int read_raw(struct message *m, struct json_cursor *c, enum message_kind kind,
		    bool is_inside)
{
	struct json_slice raw = { c->at, 0 };

	if (json_scan_value(c, JSON_BATCH_MAX_DEPTH))
		return JSON_SCAN_E_SYNTAX;
	raw.len = (size_t)(c->at - raw.data);
	return message_add(m, kind, raw, is_inside);
}

static int read_text(struct message *m, struct json_cursor *c, bool is_inside)
{
	struct json_slice text;

	if (json_scan_string(c, &text))
		return JSON_SCAN_E_SYNTAX;
	return message_add(m, MESSAGE_TEXT, text, is_inside);
}

int message_read_value(struct message *m, struct json_cursor *c, unsigned level, bool is_inside)
{
	struct reading reading = { m, level + 1, is_inside };

	switch (peek(c)) {
	case '{':
		if (level >= MESSAGE_MAX_DEPTH)
			return read_raw(m, c, MESSAGE_JSON, is_inside);
		return json_scan_object(c, JSON_BATCH_MAX_DEPTH, on_member, &reading);
	case '[':
		return read_raw(m, c, MESSAGE_JSON, is_inside);
	case '"':
		return read_text(m, c, is_inside);
	case 't':
	case 'f':
		return read_raw(m, c, MESSAGE_BOOL, is_inside);
	case 'n':
		return json_scan_value(c, 0);
	default:
		return read_raw(m, c, MESSAGE_NUMBER, is_inside);
	}
}

int message_read_member(struct message *m, struct json_cursor *c, const struct json_slice *key,
			unsigned level, bool is_inside)
{
	size_t before = push(m, key);
	int r = message_read_value(m, c, level, is_inside);

	m->path.len = before;
	return r;
}

/* A number that OTLP/JSON writes as a string, because JavaScript could not hold it. */
static bool is_number(const struct json_slice *text)
{
	struct json_cursor c = { text->data, text->data + text->len };

	return text->len > 0 && text->len <= 20 &&
	       (*text->data == '-' || (*text->data >= '0' && *text->data <= '9')) &&
	       json_scan_value(&c, 0) == 0 && c.at == c.end;
}

static int read_int(struct message *m, struct json_cursor *c)
{
	struct json_slice text;

	if (peek(c) != '"')
		return message_read_value(m, c, MESSAGE_MAX_DEPTH, false);
	if (json_scan_string(c, &text))
		return JSON_SCAN_E_SYNTAX;
	return message_add(m, is_number(&text) ? MESSAGE_NUMBER : MESSAGE_TEXT, text, false);
}

static int on_list(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	const struct reading *reading = arg;

	if (json_slice_is(key, "values") && peek(c) == '[')
		return message_read_attributes(reading->m, c, reading->level);
	return json_scan_value(c, depth);
}

static int on_any_value(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			void *arg)
{
	struct reading *reading = arg;

	if (json_slice_is(key, "intValue"))
		return read_int(reading->m, c);
	if (json_slice_is(key, "kvlistValue") && peek(c) == '{' &&
	    reading->level < MESSAGE_MAX_DEPTH)
		return json_scan_object(c, depth, on_list, reading);
	return message_read_value(reading->m, c, MESSAGE_MAX_DEPTH, false);
}

int message_read_any_value(struct message *m, struct json_cursor *c, unsigned level)
{
	struct reading reading = { m, level + 1, false };

	if (peek(c) != '{')
		return message_read_value(m, c, level, false);
	return json_scan_object(c, JSON_BATCH_MAX_DEPTH, on_any_value, &reading);
}

/* The key may stand behind its value. */
struct attribute {
	struct json_slice key;
	struct json_cursor value;
};

static int on_attribute_member(struct json_cursor *c, unsigned depth, const struct json_slice *key,
			       void *arg)
{
	struct attribute *attribute = arg;
	struct json_cursor start = *c;

	if (json_slice_is(key, "key") && peek(c) == '"')
		return json_scan_string(c, &attribute->key);
	if (json_slice_is(key, "value"))
		attribute->value = start;
	return json_scan_value(c, depth);
}

static int on_attribute(struct json_cursor *c, unsigned depth, void *arg)
{
	const struct reading *reading = arg;
	struct attribute attribute = { 0 };
	size_t before;
	int r;

	if (peek(c) != '{')
		return json_scan_value(c, depth);
	r = json_scan_object(c, depth, on_attribute_member, &attribute);
	if (r || attribute.key.len == 0 || !attribute.value.at)
		return r;
	before = push(reading->m, &attribute.key);
	r = message_read_any_value(reading->m, &attribute.value, reading->level);
	reading->m->path.len = before;
	return r;
}

int message_read_attributes(struct message *m, struct json_cursor *c, unsigned level)
{
	struct reading reading = { m, level, false };
	size_t n;

	if (peek(c) != '[')
		return json_scan_value(c, JSON_BATCH_MAX_DEPTH);
	return json_scan_array(c, JSON_BATCH_MAX_DEPTH, on_attribute, &reading, &n);
}
