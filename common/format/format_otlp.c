/*
 * OTLP's logs: ExportLogsServiceRequest as protobuf, written as OTLP/JSON (names in lowerCamelCase,
 * ids in hex, 64-bit numbers as strings, enums as numbers). The messages are described by tables;
 * fields that these do not know are skipped, as protobuf wants it.
 */
#include <string.h>

#include "common/base64.h"
#include "common/format/format_sink.h"
#include "common/format/protobuf.h"
#include "common/json/json_scan.h"

enum kind {
	KIND_TEXT,
	KIND_HEX,    /* bytes */
	KIND_BASE64, /* bytes */
	KIND_BOOL,
	KIND_INT64,   /* a varint, as a string */
	KIND_UINT32,  /* a varint, as a number */
	KIND_FIXED32, /* as a number */
	KIND_FIXED64, /* as a string */
	KIND_DOUBLE,
	KIND_MESSAGE
};

struct row {
	uint32_t number;
	enum kind kind;
	const char *name;
	const struct message *message; /* KIND_MESSAGE */
	bool is_repeated;
	bool is_counted; /* each of them is a message of a packet */
};

#define MAX_ROWS 12

struct message {
	const struct row *rows;
	size_t n_rows;
	bool is_oneof; /* of its fields the last one counts */
};

#define MESSAGE(rows)                                                                              \
	{                                                                                          \
		rows, ARRAY_LEN(rows), false                                                       \
	}

static const struct message any_value;
static const struct message key_value;

static const struct row array_rows[] = { { 1, KIND_MESSAGE, "values", &any_value, true, false } };
static const struct message array_value = MESSAGE(array_rows);
static const struct row list_rows[] = { { 1, KIND_MESSAGE, "values", &key_value, true, false } };
static const struct message key_value_list = MESSAGE(list_rows);

static const struct row any_value_rows[] = {
	{ 1, KIND_TEXT, "stringValue", NULL, false, false },
	{ 2, KIND_BOOL, "boolValue", NULL, false, false },
	{ 3, KIND_INT64, "intValue", NULL, false, false },
	{ 4, KIND_DOUBLE, "doubleValue", NULL, false, false },
	{ 5, KIND_MESSAGE, "arrayValue", &array_value, false, false },
	{ 6, KIND_MESSAGE, "kvlistValue", &key_value_list, false, false },
	{ 7, KIND_BASE64, "bytesValue", NULL, false, false },
};
static const struct message any_value = { any_value_rows, ARRAY_LEN(any_value_rows), true };

static const struct row key_value_rows[] = {
	{ 1, KIND_TEXT, "key", NULL, false, false },
	{ 2, KIND_MESSAGE, "value", &any_value, false, false },
};
static const struct message key_value = MESSAGE(key_value_rows);

static const struct row record_rows[] = {
	{ 1, KIND_FIXED64, "timeUnixNano", NULL, false, false },
	{ 11, KIND_FIXED64, "observedTimeUnixNano", NULL, false, false },
	{ 2, KIND_UINT32, "severityNumber", NULL, false, false },
	{ 3, KIND_TEXT, "severityText", NULL, false, false },
	{ 5, KIND_MESSAGE, "body", &any_value, false, false },
	{ 6, KIND_MESSAGE, "attributes", &key_value, true, false },
	{ 7, KIND_UINT32, "droppedAttributesCount", NULL, false, false },
	{ 8, KIND_FIXED32, "flags", NULL, false, false },
	{ 9, KIND_HEX, "traceId", NULL, false, false },
	{ 10, KIND_HEX, "spanId", NULL, false, false },
	{ 12, KIND_TEXT, "eventName", NULL, false, false },
};
static const struct message record = MESSAGE(record_rows);

static const struct row scope_rows[] = {
	{ 1, KIND_TEXT, "name", NULL, false, false },
	{ 2, KIND_TEXT, "version", NULL, false, false },
	{ 3, KIND_MESSAGE, "attributes", &key_value, true, false },
	{ 4, KIND_UINT32, "droppedAttributesCount", NULL, false, false },
};
static const struct message scope = MESSAGE(scope_rows);

static const struct row scope_logs_rows[] = {
	{ 1, KIND_MESSAGE, "scope", &scope, false, false },
	{ 2, KIND_MESSAGE, "logRecords", &record, true, true },
	{ 3, KIND_TEXT, "schemaUrl", NULL, false, false },
};
static const struct message scope_logs = MESSAGE(scope_logs_rows);

static const struct row resource_rows[] = {
	{ 1, KIND_MESSAGE, "attributes", &key_value, true, false },
	{ 2, KIND_UINT32, "droppedAttributesCount", NULL, false, false },
};
static const struct message resource = MESSAGE(resource_rows);

static const struct row resource_logs_rows[] = {
	{ 1, KIND_MESSAGE, "resource", &resource, false, false },
	{ 2, KIND_MESSAGE, "scopeLogs", &scope_logs, true, false },
	{ 3, KIND_TEXT, "schemaUrl", NULL, false, false },
};
static const struct message resource_logs = MESSAGE(resource_logs_rows);

static const struct row request_rows[] = {
	{ 1, KIND_MESSAGE, "resourceLogs", &resource_logs, true, false },
};
static const struct message request = MESSAGE(request_rows);

static const uint8_t wires[] = {
	[KIND_TEXT] = PROTOBUF_BYTES,      [KIND_HEX] = PROTOBUF_BYTES,
	[KIND_BASE64] = PROTOBUF_BYTES,    [KIND_BOOL] = PROTOBUF_VARINT,
	[KIND_INT64] = PROTOBUF_VARINT,    [KIND_UINT32] = PROTOBUF_VARINT,
	[KIND_FIXED32] = PROTOBUF_FIXED32, [KIND_FIXED64] = PROTOBUF_FIXED64,
	[KIND_DOUBLE] = PROTOBUF_FIXED64,  [KIND_MESSAGE] = PROTOBUF_BYTES,
};

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

static int put_message(struct format_sink *sink, const struct message *message, const char *data,
		       size_t len, unsigned depth);

static int put_value(struct format_sink *sink, const struct row *row,
		     const struct protobuf_field *field, unsigned depth)
{
	switch (row->kind) {
	case KIND_TEXT:
		format_put_text(sink, field->data, field->len);
		return 0;
	case KIND_HEX:
		format_put_hex(sink, field->data, field->len);
		return 0;
	case KIND_BASE64:
		put_base64(sink, field->data, field->len);
		return 0;
	case KIND_BOOL:
		format_put_str(sink, field->value ? "true" : "false");
		return 0;
	case KIND_INT64:
	case KIND_FIXED64:
		put_quoted(sink, (int64_t)field->value, row->kind == KIND_INT64);
		return 0;
	case KIND_UINT32:
	case KIND_FIXED32:
		format_put_u64(sink, (uint32_t)field->value);
		return 0;
	case KIND_DOUBLE:
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

static int find_row(const struct message *message, const struct protobuf_field *field)
{
	for (size_t i = 0; i < message->n_rows; i++)
		if (message->rows[i].number == field->number)
			return wires[message->rows[i].kind] == field->wire ? (int)i : -1;
	return -1;
}

/* Finds the fields, and sees that all of the message is well-formed. */
static int find_places(const struct message *message, const char *data, size_t len,
		       struct place places[MAX_ROWS])
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

static int put_repeated(struct format_sink *sink, const struct row *row, const struct place *place,
			const char *end, unsigned depth)
{
	struct protobuf_cursor c = { place->first, end };
	unsigned n = 0;
	int r = 0;

	format_put(sink, "[", 1);
	while (r == 0 && n < place->n) {
		struct protobuf_field field;

		r = protobuf_next(&c, &field);
		if (r || field.number != row->number || field.wire != wires[row->kind])
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

static int put_single(struct format_sink *sink, const struct row *row, const struct place *place,
		      const char *end, unsigned depth)
{
	struct protobuf_cursor c = { place->last, end };
	struct protobuf_field field;

	return protobuf_next(&c, &field) ? FORMAT_E_SYNTAX : put_value(sink, row, &field, depth);
}

static int put_message(struct format_sink *sink, const struct message *message, const char *data,
		       size_t len, unsigned depth)
{
	struct place places[MAX_ROWS] = { 0 };
	bool is_first = true;
	int r;

	if (depth < 2)
		return FORMAT_E_SYNTAX;
	if (sink->is_full)
		return FORMAT_E_TOO_LARGE;
	assert(message->n_rows <= MAX_ROWS);
	r = find_places(message, data, len, places);
	format_put(sink, "{", 1);
	for (size_t i = 0; r == 0 && i < message->n_rows; i++) {
		const struct row *row = &message->rows[i];

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
	struct place places[MAX_ROWS] = { 0 };

	return body->len > 0 && find_places(&request, body->data, body->len, places) == 0 &&
	       places[0].n == 0;
}

int format_read_otlp_proto(const struct format_body *body, struct format_sink *sink)
{
	int r = put_message(sink, &request, body->data, body->len, JSON_MAX_DEPTH);

	if (r == 0 && sink->n_messages == 0 && is_foreign(body))
		return FORMAT_E_SYNTAX;
	return r ? r : format_result(sink);
}
