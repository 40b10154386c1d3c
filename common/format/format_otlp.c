/*
 * OTLP's logs: ExportLogsServiceRequest as protobuf, written as OTLP/JSON (names in lowerCamelCase,
 * ids in hex, 64-bit numbers as strings, enums as numbers). The messages are described by tables
 * (otlp_schema.h); fields that these do not know are skipped, as protobuf wants it.
 */
#include <string.h>

#include "common/base64.h"
#include "common/format/format_sink.h"
#include "common/format/otlp_schema.h"
#include "common/format/protobuf.h"
#include "common/json/json_scan.h"

static void put_base64(struct format_sink *sink, const char *data, size_t len)
{
	format_put(sink, "\"", 1);
	for (size_t i = 0; i < len && sink->out && !sink->is_full; i += 3) {
		char four[4];

		base64_write(data + i, len - i < 3 ? len - i : 3, four);
		format_put(sink, four, sizeof(four));
	}
	format_put(sink, "\"", 1);
}

static void put_quoted(struct format_sink *sink, int64_t value, bool is_signed)
{
	format_put(sink, "\"", 1);
	if (is_signed)
		format_put_i64(sink, value);
	else
		format_put_u64(sink, (uint64_t)value);
	format_put(sink, "\"", 1);
}

static void put_double(struct format_sink *sink, uint64_t bits)
{
	static const char *const names[] = { "\"NaN\"", "\"Infinity\"", "\"-Infinity\"" };
	double value;

	memcpy(&value, &bits, sizeof(value));
	format_put_double(sink, value, names);
}

static int put_message(struct format_sink *sink, const struct otlp_message *message,
		       const char *data, size_t len, unsigned depth);

static int put_value(struct format_sink *sink, const struct otlp_row *row,
		     const struct protobuf_field *field, unsigned depth)
{
	switch (row->kind) {
	case OTLP_TEXT:
		format_put_text(sink, field->data, field->len);
		return 0;
	case OTLP_HEX:
		format_put_hex(sink, field->data, field->len);
		return 0;
	case OTLP_BASE64:
		put_base64(sink, field->data, field->len);
		return 0;
	case OTLP_BOOL:
		format_put_str(sink, field->value ? "true" : "false");
		return 0;
	case OTLP_INT64:
	case OTLP_FIXED64:
		put_quoted(sink, (int64_t)field->value, row->kind == OTLP_INT64);
		return 0;
	case OTLP_UINT32:
	case OTLP_FIXED32:
		format_put_u64(sink, (uint32_t)field->value);
		return 0;
	case OTLP_DOUBLE:
		put_double(sink, field->value);
		return 0;
	default:
		return put_message(sink, row->message, field->data, field->len, depth);
	}
}

/* Where a field stands in a message. */
struct place {
	const char *first, *last;
	unsigned n;
};

static int find_row(const struct otlp_message *message, const struct protobuf_field *field)
{
	for (size_t i = 0; i < message->n_rows; i++)
		if (message->rows[i].number == field->number)
			return otlp_wires[message->rows[i].kind] == field->wire ? (int)i : -1;
	return -1;
}

/* Finds the fields, and sees that all of the message is well-formed. */
static int find_places(const struct otlp_message *message, const char *data, size_t len,
		       struct place places[OTLP_MAX_ROWS])
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field field;
	int last = -1;

	while (c.at < c.end) {
		const char *at = c.at;
		int i;

		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		i = find_row(message, &field);
		if (i < 0)
			continue;
		if (message->is_oneof && last >= 0 && last != i)
			places[last].n = 0;
		last = i;
		if (places[i].n++ == 0)
			places[i].first = at;
		places[i].last = at;
	}
	return 0;
}

static int put_repeated(struct format_sink *sink, const struct otlp_row *row,
			const struct place *place, const char *end, unsigned depth)
{
	struct protobuf_cursor c = { place->first, end };
	unsigned n = 0;
	int r = 0;

	format_put(sink, "[", 1);
	while (r == 0 && n < place->n) {
		struct protobuf_field field;

		r = protobuf_next(&c, &field);
		if (r || field.number != row->number || field.wire != otlp_wires[row->kind])
			continue;
		if (n++ > 0)
			format_put(sink, ",", 1);
		if (row->is_counted && sink->n_messages++ == UINT32_MAX)
			return FORMAT_E_TOO_LARGE;
		r = put_value(sink, row, &field, depth - 1);
	}
	format_put(sink, "]", 1);
	return r;
}

static int put_single(struct format_sink *sink, const struct otlp_row *row,
		      const struct place *place, const char *end, unsigned depth)
{
	struct protobuf_cursor c = { place->last, end };
	struct protobuf_field field;

	return protobuf_next(&c, &field) ? FORMAT_E_SYNTAX : put_value(sink, row, &field, depth);
}

static int put_message(struct format_sink *sink, const struct otlp_message *message,
		       const char *data, size_t len, unsigned depth)
{
	struct place places[OTLP_MAX_ROWS] = { 0 };
	bool is_first = true;
	int r;

	if (depth < 2)
		return FORMAT_E_SYNTAX;
	if (sink->is_full)
		return FORMAT_E_TOO_LARGE;
	assert(message->n_rows <= OTLP_MAX_ROWS);
	r = find_places(message, data, len, places);
	format_put(sink, "{", 1);
	for (size_t i = 0; r == 0 && i < message->n_rows; i++) {
		const struct otlp_row *row = &message->rows[i];

		if (places[i].n == 0)
			continue;
		format_put_str(sink, is_first ? "\"" : ",\"");
		is_first = false;
		format_put_str(sink, row->name);
		format_put_str(sink, "\":");
		r = row->is_repeated ? put_repeated(sink, row, &places[i], data + len, depth - 1)
				     : put_single(sink, row, &places[i], data + len, depth - 1);
	}
	format_put(sink, "}", 1);
	return r;
}

/* All of its fields are those of something else. */
static bool is_foreign(const struct format_body *body)
{
	struct place places[OTLP_MAX_ROWS] = { 0 };

	return body->len > 0 && find_places(&otlp_request, body->data, body->len, places) == 0 &&
	       places[0].n == 0;
}

int format_read_otlp_proto(const struct format_body *body, struct format_sink *sink)
{
	int r = put_message(sink, &otlp_request, body->data, body->len, JSON_MAX_DEPTH);

	if (r == 0 && sink->n_messages == 0 && is_foreign(body))
		return FORMAT_E_SYNTAX;
	return r ? r : format_result(sink);
}
