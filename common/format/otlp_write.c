#include "common/format/otlp_write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "common/format/otlp_schema.h"
#include "common/json/json_unescape.h"

/*
 * The length of a message stands before it, and is known behind it. One byte is kept free for it; what needs
 * more is moved. That is bounded, as it would take long where much is nested deep.
 */
#define MOVES_PER_BYTE 16
#define MOVES_LEAST (64u << 10)
#define NUMBER_MAX_BYTES 63

struct writing {
	struct protobuf_out *out;
	size_t n_moves_left; /* bytes that may still be moved */
};

/* A message whose members are read. */
struct level {
	struct writing *w;
	const struct otlp_message *message;
};

static bool is_at(const struct json_cursor *c, char byte)
{
	return c->at < c->end && *c->at == byte;
}

static bool is_null(const struct json_cursor *c)
{
	return c->end - c->at >= 4 && memcmp(c->at, "null", 4) == 0;
}

/* ---- numbers ---- */

/* A number, or a string that holds one, NUL-terminated. */
static int scan_number(struct json_cursor *c, char text[NUMBER_MAX_BYTES + 1])
{
	struct json_slice slice = { c->at, 0 };
	bool is_string = is_at(c, '"');
	int r = is_string ? json_scan_string(c, &slice) : json_scan_value(c, 1);

	if (!is_string)
		slice.len = (size_t)(c->at - slice.data);
	if (r != 0 || slice.len == 0 || slice.len > NUMBER_MAX_BYTES || *slice.data == ' ')
		return OTLP_WRITE_E_SYNTAX;
	memcpy(text, slice.data, slice.len);
	text[slice.len] = '\0';
	return 0;
}

/* 1e3 and 2.0 are whole numbers, too. */
static bool read_whole(const char *text, bool is_signed, uint64_t *valuep)
{
	const double most = is_signed ? 0x1p63 : 0x1p64;
	char *end;
	double value;

	if (strspn(text, "-0123456789") == strlen(text)) {
		errno = 0;
		*valuep = is_signed ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
		return errno == 0 && end != text && !*end && (is_signed || *text != '-');
	}
	if (strspn(text, "-+.eE0123456789") != strlen(text))
		return false;
	value = strtod(text, &end);
	if (end == text || *end || trunc(value) != value || value >= most ||
	    value < (is_signed ? -most : 0))
		return false;
	*valuep = is_signed ? (uint64_t)(int64_t)value : (uint64_t)value;
	return true;
}

static bool read_double(const char *text, double *valuep)
{
	char *end;

	if (strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 ||
	    strcmp(text, "-Infinity") == 0) {
		*valuep = *text == 'N'   ? (double)NAN
			  : *text == '-' ? -(double)INFINITY
					 : (double)INFINITY;
		return true;
	}
	if (strspn(text, "-+.eE0123456789") != strlen(text))
		return false;
	*valuep = strtod(text, &end);
	return end != text && !*end;
}

static int put_double(struct protobuf_out *out, uint32_t field, const char *text)
{
	double value;
	uint64_t bits;

	if (!read_double(text, &value))
		return OTLP_WRITE_E_SYNTAX;
	memcpy(&bits, &value, sizeof(bits));
	protobuf_put_fixed64(out, field, bits);
	return 0;
}

static int put_number(struct protobuf_out *out, const struct otlp_row *row, struct json_cursor *c)
{
	char text[NUMBER_MAX_BYTES + 1];
	uint64_t value;
	int r = scan_number(c, text);

	if (r != 0)
		return r;
	if (row->kind == OTLP_DOUBLE)
		return put_double(out, row->number, text);
	if (!read_whole(text, row->kind == OTLP_INT64, &value))
		return OTLP_WRITE_E_SYNTAX;
	if (value > UINT32_MAX && row->kind != OTLP_INT64 && row->kind != OTLP_FIXED64)
		return OTLP_WRITE_E_SYNTAX;
	if (row->kind == OTLP_FIXED64)
		protobuf_put_fixed64(out, row->number, value);
	else if (row->kind == OTLP_FIXED32)
		protobuf_put_fixed32(out, row->number, (uint32_t)value);
	else
		protobuf_put_number(out, row->number, value);
	return 0;
}

static int put_bool(struct protobuf_out *out, const struct otlp_row *row, struct json_cursor *c)
{
	bool is_true = is_at(c, 't');

	if (!is_true && !is_at(c, 'f'))
		return OTLP_WRITE_E_SYNTAX;
	protobuf_put_number(out, row->number, is_true);
	return json_scan_value(c, 1) == 0 ? 0 : OTLP_WRITE_E_SYNTAX;
}

/* ---- bytes ---- */

static int hex_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch = (char)(ch | 0x20);
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool read_hex(const struct json_slice *text, char *bytes, size_t *np)
{
	*np = text->len / 2;
	for (size_t i = 0; i < *np; i++) {
		int high = hex_value(text->data[2 * i]), low = hex_value(text->data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (char)(high << 4 | low);
	}
	return text->len % 2 == 0;
}

/* What the string stands for, in no more bytes than it has. */
static bool read_bytes(enum otlp_kind kind, const struct json_slice *text, char *bytes, size_t *np)
{
	if (kind == OTLP_HEX)
		return read_hex(text, bytes, np);
	if (kind == OTLP_BASE64) {
		*np = base64_read(text->data, text->len, bytes, text->len);
		return *np > 0 || text->len == 0;
	}
	*np = json_unescape(text, bytes);
	return true;
}

/* The bytes are written where they stand if they are as many as the text has, and are moved if not. */
static int put_bytes(struct protobuf_out *out, const struct otlp_row *row, struct json_cursor *c)
{
	struct json_slice text;
	size_t head, n;
	char *at;

	if (!is_at(c, '"') || json_scan_string(c, &text) != 0)
		return OTLP_WRITE_E_SYNTAX;
	head = 1 + protobuf_varint_bytes(text.len);
	if (out->is_full || out->size - out->len < head + text.len) {
		out->is_full = true;
		return OTLP_WRITE_E_LARGE;
	}
	at = out->data + out->len + head;
	if (!read_bytes(row->kind, &text, at, &n))
		return OTLP_WRITE_E_SYNTAX;
	protobuf_put_head(out, row->number, n);
	memmove(out->data + out->len, at, n);
	out->len += n;
	return 0;
}

/* ---- messages ---- */

static int put_message(struct writing *w, const struct otlp_row *row, struct json_cursor *c,
		       unsigned depth);

static int put_value(struct writing *w, const struct otlp_row *row, struct json_cursor *c,
		     unsigned depth)
{
	switch (row->kind) {
	case OTLP_TEXT:
	case OTLP_HEX:
	case OTLP_BASE64:
		return put_bytes(w->out, row, c);
	case OTLP_BOOL:
		return put_bool(w->out, row, c);
	case OTLP_MESSAGE:
		return put_message(w, row, c, depth);
	default:
		return put_number(w->out, row, c);
	}
}

struct elements {
	struct writing *w;
	const struct otlp_row *row;
};

static int on_element(struct json_cursor *c, unsigned depth, void *arg)
{
	const struct elements *e = arg;

	return put_value(e->w, e->row, c, depth);
}

static int on_member(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	const struct level *level = arg;
	const struct otlp_row *row = level->message->rows, *end = row + level->message->n_rows;
	size_t n_elements;

	while (row < end && !json_slice_is(key, row->name))
		row++;
	if (row == end || is_null(c))
		return json_scan_value(c, depth);
	if (!row->is_repeated)
		return put_value(level->w, row, c, depth);
	if (!is_at(c, '['))
		return OTLP_WRITE_E_SYNTAX;
	return json_scan_array(c, depth, on_element, &(struct elements){ level->w, row },
			       &n_elements);
}

static int put_members(struct writing *w, const struct otlp_message *message, struct json_cursor *c,
		       unsigned depth)
{
	struct level level = { w, message };

	return is_at(c, '{') ? json_scan_object(c, depth, on_member, &level) : OTLP_WRITE_E_SYNTAX;
}

/* The message that begins behind `start` gets its length there, where one byte is free. */
static int put_length(struct writing *w, size_t start)
{
	struct protobuf_out *out = w->out,
			    head = { out->data + start, 0, PROTOBUF_VARINT_BYTES, false };
	size_t n = out->len - start - 1, n_more = protobuf_varint_bytes(n) - 1;

	if (out->is_full || (n_more && (n > w->n_moves_left || out->size - out->len < n_more)))
		return OTLP_WRITE_E_LARGE;
	if (n_more) {
		w->n_moves_left -= n;
		memmove(out->data + start + 1 + n_more, out->data + start + 1, n);
		out->len += n_more;
	}
	protobuf_put_varint(&head, n);
	return 0;
}

static int put_message(struct writing *w, const struct otlp_row *row, struct json_cursor *c,
		       unsigned depth)
{
	size_t start;
	int r;

	protobuf_put_varint(w->out, (uint64_t)row->number << 3 | PROTOBUF_BYTES);
	start = w->out->len;
	protobuf_put_raw(w->out, "", 1);
	if (w->out->is_full)
		return OTLP_WRITE_E_LARGE;
	r = put_members(w, row->message, c, depth);
	return r ? r : put_length(w, start);
}

int otlp_write_proto(const char *json, size_t len, struct protobuf_out *out)
{
	struct writing w = { out, len * MOVES_PER_BYTE + MOVES_LEAST };
	struct json_cursor c = { json, json + len };
	int r;

	json_scan_space(&c);
	r = put_members(&w, &otlp_request, &c, JSON_MAX_DEPTH);
	json_scan_space(&c);
	if (r == 0 && c.at != c.end)
		r = OTLP_WRITE_E_SYNTAX;
	return r == 0 && out->is_full ? OTLP_WRITE_E_LARGE : r;
}

bool otlp_write_may_be(const char *json, size_t len)
{
	static const char key[] = "\"resourceLogs\"";
	struct json_cursor c = { json, json + len };

	json_scan_space(&c);
	if (!is_at(&c, '{'))
		return false;
	c.at++;
	json_scan_space(&c);
	return (size_t)(c.end - c.at) >= sizeof(key) - 1 && memcmp(c.at, key, sizeof(key) - 1) == 0;
}
