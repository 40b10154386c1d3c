/*
 * OTLP's logs: ExportLogsServiceRequest as protobuf, written as OTLP/JSON (names in lowerCamelCase,
 * ids in hex, 64-bit numbers as strings, enums as numbers). The messages are described by tables
 * (otlp_schema.h); fields that these do not know are skipped, as protobuf wants it.
 *
 * Who writes protobuf puts each field where it belongs, and a repeated one in one place. So what is
 * read is written at once. Protobuf allows any order, for which there is otlp_gather.h.
 */
#include "common/format/format_sink.h"
#include "common/format/otlp_gather.h"
#include "common/format/otlp_scalar.h"
#include "common/json/json_scan.h"

#define OUT_OF_ORDER (-1)

/* ---- counting ---- */

static int count(struct format_sink *sink, const struct otlp_message *message, const char *data,
		 size_t len, unsigned depth)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	const struct otlp_row *row, *last = message->rows;
	int r = 0;

	if (depth < 2)
		return FORMAT_E_SYNTAX;
	while (r == 0 && c.at < c.end) {
		struct protobuf_field field;

		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		row = otlp_find(message, &field, last);
		if (!row)
			continue;
		last = row;
		if (row->is_counted && sink->n_messages++ == UINT32_MAX)
			return FORMAT_E_TOO_LARGE;
		if (row->kind == OTLP_MESSAGE)
			r = count(sink, row->message, field.data, field.len,
				  depth - 1 - row->is_repeated);
	}
	return r;
}

/* Envelopes are within each other no deeper than the schema is: requests, resources, scopes. */
static bool is_envelope(const struct otlp_row *row)
{
	return row->kind == OTLP_MESSAGE && row->is_repeated && !row->is_counted;
}

/* An envelope has a field of something else, in which there may be records: under an older number, say. */
static bool is_foreign(const struct otlp_message *message, const char *data, size_t len)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field field;

	while (c.at < c.end && protobuf_next(&c, &field) == 0) {
		const struct otlp_row *row = otlp_find(message, &field, message->rows);

		if (!row || (is_envelope(row) && is_foreign(row->message, field.data, field.len)))
			return true;
	}
	return false;
}

/* ---- writing in the order of the fields ---- */

static int put(struct format_sink *sink, const struct otlp_message *message, const char *data,
	       size_t len, unsigned depth);

static int put_field(struct format_sink *sink, const struct otlp_row *row,
		     const struct protobuf_field *field, unsigned depth)
{
	if (row->is_counted && sink->n_messages++ == UINT32_MAX)
		return FORMAT_E_TOO_LARGE;
	if (row->kind == OTLP_MESSAGE)
		return put(sink, row->message, field->data, field->len,
			   depth - 1 - row->is_repeated);
	otlp_put_scalar(sink, row, field);
	return 0;
}

/* What stands between the last field and this one; `seen` has a bit for each field so far. */
static int put_joint(struct format_sink *sink, const struct otlp_message *message,
		     const struct otlp_row *last, const struct otlp_row *row, unsigned *seen)
{
	unsigned bit = 1u << (row - message->rows);

	if (row == last && row->is_repeated) {
		format_put(sink, ",", 1);
		return 0;
	}
	if (*seen & bit || (message->is_oneof && last))
		return OUT_OF_ORDER;
	*seen |= bit;
	if (last && last->is_repeated)
		format_put(sink, "]", 1);
	otlp_put_member(sink, row, !last);
	if (row->is_repeated)
		format_put(sink, "[", 1);
	return 0;
}

static int put(struct format_sink *sink, const struct otlp_message *message, const char *data,
	       size_t len, unsigned depth)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	const struct otlp_row *row, *last = NULL;
	unsigned seen = 0;
	int r = 0;

	if (depth < 2)
		return FORMAT_E_SYNTAX;
	if (sink->is_full)
		return FORMAT_E_TOO_LARGE;
	format_put(sink, "{", 1);
	while (r == 0 && c.at < c.end) {
		struct protobuf_field field;

		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		row = otlp_find(message, &field, last ? last : message->rows);
		if (!row)
			continue;
		r = put_joint(sink, message, last, row, &seen);
		if (r == 0)
			r = put_field(sink, row, &field, depth);
		last = row;
	}
	if (last && last->is_repeated)
		format_put(sink, "]", 1);
	format_put(sink, "}", 1);
	return r;
}

/* Fields that do not count, because they come again, are well-formed, too. */
static int write_gathered(struct format_sink *sink, const struct format_body *body)
{
	struct format_sink counting = { 0 };
	int r = count(&counting, &otlp_request, body->data, body->len, JSON_MAX_DEPTH);

	return r ? r : otlp_gather(sink, &otlp_request, body->data, body->len, JSON_MAX_DEPTH);
}

static int write_all(struct format_sink *sink, const struct format_body *body)
{
	size_t begin = sink->out->len;
	int r = put(sink, &otlp_request, body->data, body->len, JSON_MAX_DEPTH);

	if (r != OUT_OF_ORDER)
		return r;
	sink->out->len = begin;
	sink->is_full = false;
	sink->n_messages = 0;
	return write_gathered(sink, body);
}

int format_read_otlp_proto(const struct format_body *body, struct format_sink *sink)
{
	int r = sink->out ? write_all(sink, body)
			  : count(sink, &otlp_request, body->data, body->len, JSON_MAX_DEPTH);

	if (r == 0 && sink->n_messages == 0 && is_foreign(&otlp_request, body->data, body->len))
		return FORMAT_E_SYNTAX;
	return r ? r : format_result(sink);
}
