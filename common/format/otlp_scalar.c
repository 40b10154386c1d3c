#include "common/format/otlp_scalar.h"

#include <string.h>

#include "common/base64.h"

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

/* A copy of constant length needs no call; what is behind the name is written over. */
void otlp_put_member(struct format_sink *sink, const struct otlp_row *row, bool is_first)
{
	const char *member = row->member + is_first;
	size_t len = row->n_member - is_first;
	char *to = format_room(sink, len);

	if (!to)
		return;
	if (sink->out->capacity - sink->out->len >= OTLP_MEMBER_BYTES)
		memcpy(to, member, OTLP_MEMBER_BYTES - 1);
	else
		memcpy(to, member, len);
	sink->out->len += len;
}

void otlp_put_scalar(struct format_sink *sink, const struct otlp_row *row,
		     const struct protobuf_field *field)
{
	switch (row->kind) {
	case OTLP_TEXT:
		format_put_text(sink, field->data, field->len);
		break;
	case OTLP_HEX:
		format_put_hex(sink, field->data, field->len);
		break;
	case OTLP_BASE64:
		put_base64(sink, field->data, field->len);
		break;
	case OTLP_BOOL:
		format_put_str(sink, field->value ? "true" : "false");
		break;
	case OTLP_INT64:
	case OTLP_FIXED64:
		put_quoted(sink, (int64_t)field->value, row->kind == OTLP_INT64);
		break;
	case OTLP_UINT32:
	case OTLP_FIXED32:
		format_put_u64(sink, (uint32_t)field->value);
		break;
	case OTLP_DOUBLE:
		put_double(sink, field->value);
		break;
	case OTLP_MESSAGE:
		assert(row->kind != OTLP_MESSAGE);
		break;
	}
}
