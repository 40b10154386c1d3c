#include "common/format/otlp_gather.h"

#include "common/format/otlp_scalar.h"

static int put_value(struct format_sink *sink, const struct otlp_row *row,
		     const struct protobuf_field *field, unsigned depth)
{
	if (row->kind == OTLP_MESSAGE)
		return otlp_gather(sink, row->message, field->data, field->len, depth);
	otlp_put_scalar(sink, row, field);
	return 0;
}

/* Where a field stands in a message. */
struct place {
	const char *first, *last;
	unsigned n;
};

/* Finds the fields, and sees that all of the message is well-formed. */
static int find_places(const struct otlp_message *message, const char *data, size_t len,
		       struct place places[OTLP_MAX_ROWS])
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field field;
	const struct otlp_row *row, *last = NULL;

	while (c.at < c.end) {
		const char *at = c.at;
		struct place *place;

		if (protobuf_next(&c, &field))
			return FORMAT_E_SYNTAX;
		row = otlp_find(message, &field, last ? last : message->rows);
		if (!row)
			continue;
		if (message->is_oneof && last && last != row)
			places[last - message->rows].n = 0;
		last = row;
		place = &places[row - message->rows];
		if (place->n++ == 0)
			place->first = at;
		place->last = at;
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

int otlp_gather(struct format_sink *sink, const struct otlp_message *message, const char *data,
		size_t len, unsigned depth)
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
		otlp_put_member(sink, row, is_first);
		is_first = false;
		r = row->is_repeated ? put_repeated(sink, row, &places[i], data + len, depth - 1)
				     : put_single(sink, row, &places[i], data + len, depth - 1);
	}
	format_put(sink, "}", 1);
	return r;
}
