/*
 * systemd's export format: entries, with an empty line behind each. A field is NAME=TEXT and a line
 * end; one that holds any bytes is NAME, a line end, its length in 8 bytes (little-endian), these
 * bytes, and a line end.
 */
#include <string.h>

#include "common/format/format_sink.h"

struct field {
	const char *name, *value;
	size_t name_len, value_len;
};

struct cursor {
	const char *at, *end;
};

static uint64_t read_le64(const char *data)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | (unsigned char)data[i];
	return value;
}

static int read_binary(struct cursor *c, struct field *field)
{
	size_t n_left = (size_t)(c->end - c->at);
	uint64_t len;

	if (n_left < 9)
		return FORMAT_E_SYNTAX;
	len = read_le64(c->at);
	if (len > n_left - 9 || c->at[8 + len] != '\n')
		return FORMAT_E_SYNTAX;
	field->value = c->at + 8;
	field->value_len = (size_t)len;
	c->at += 9 + len;
	return 0;
}

/* The cursor is at a line that is not empty. */
static int read_field(struct cursor *c, struct field *field)
{
	const char *start = c->at, *stop = memchr(start, '\n', (size_t)(c->end - start)), *equals;

	c->at = stop ? stop + 1 : c->end;
	if (!stop)
		stop = c->end; /* the last line may lack its end */
	equals = memchr(start, '=', (size_t)(stop - start));
	field->name = start;
	field->name_len = (size_t)((equals ? equals : stop) - start);
	if (field->name_len == 0)
		return FORMAT_E_SYNTAX;
	if (!equals)
		return read_binary(c, field);
	field->value = equals + 1;
	field->value_len = (size_t)(stop - field->value);
	return 0;
}

static bool have_same_name(const struct field *a, const struct field *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static int peek_field(const struct cursor *c, struct field *field)
{
	struct cursor ahead = *c;

	if (c->at == c->end || *c->at == '\n')
		return FORMAT_E_EMPTY;
	return read_field(&ahead, field);
}

/* Fields of one name that follow each other are an array, as journalctl writes them. */
static int put_fields(struct format_sink *sink, struct cursor *c, const struct field *first)
{
	struct field field = *first, next;
	bool is_array = peek_field(c, &next) == 0 && have_same_name(first, &next);
	int r = 0;

	format_put_text(sink, field.name, field.name_len);
	format_put_str(sink, is_array ? ":[" : ":");
	format_put_text(sink, field.value, field.value_len);
	while (r == 0 && peek_field(c, &next) == 0 && have_same_name(first, &next)) {
		r = read_field(c, &field);
		format_put(sink, ",", 1);
		format_put_text(sink, field.value, field.value_len);
	}
	if (is_array)
		format_put(sink, "]", 1);
	return r;
}

static int read_entry(struct cursor *c, struct format_sink *sink)
{
	struct field field;
	bool is_first = true;
	int r = format_begin_message(sink);

	format_put(sink, "{", 1);
	while (r == 0 && c->at < c->end && *c->at != '\n') {
		r = read_field(c, &field);
		if (r)
			break;
		if (!is_first)
			format_put(sink, ",", 1);
		is_first = false;
		r = put_fields(sink, c, &field);
	}
	format_put(sink, "}", 1);
	return r;
}

int format_read_journal(const struct format_body *body, struct format_sink *sink)
{
	struct cursor c = { body->data, body->data + body->len };
	int r = 0;

	format_begin(sink);
	while (r == 0 && c.at < c.end) {
		if (*c.at == '\n')
			c.at++;
		else
			r = read_entry(&c, sink);
	}
	return r ? r : format_end(sink);
}
