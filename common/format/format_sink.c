#include "common/format/format_sink.h"

#include <math.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/json/json_text.h"

void format_put(struct format_sink *sink, const char *data, size_t len)
{
	struct buf *out = sink->out;

	if (!out || sink->is_full)
		return;
	if (len > sink->max_bytes || out->len > sink->max_bytes - len)
		sink->is_full = true;
	else
		buf_append(out, data, len);
}

/* The most that the text can need as a JSON string. */
static size_t measure_text(const char *data, size_t len)
{
	size_t n = 2;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)data[i];

		n += byte < 0x20 ? 6 : byte == '"' || byte == '\\' ? 2 : byte < 0x80 ? 1 : 3;
	}
	return n;
}

void format_put_text(struct format_sink *sink, const char *data, size_t len)
{
	struct buf *out = sink->out;
	size_t room;

	if (!out || sink->is_full)
		return;
	room = sink->max_bytes - out->len;
	if ((len > room / 6 || room < 2) && measure_text(data, len) > room)
		sink->is_full = true;
	else
		json_text_append(out, data, len);
}

void format_put_u64(struct format_sink *sink, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do
		digits[sizeof(digits) - ++n] = (char)('0' + value % 10);
	while (value /= 10);
	format_put(sink, digits + sizeof(digits) - n, n);
}

void format_put_i64(struct format_sink *sink, int64_t value)
{
	if (value < 0)
		format_put(sink, "-", 1);
	format_put_u64(sink, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void format_put_double(struct format_sink *sink, double value, const char *const names[3])
{
	char text[32];

	if (isnan(value)) {
		format_put_str(sink, names[0]);
	} else if (isinf(value)) {
		format_put_str(sink, names[value > 0 ? 1 : 2]);
	} else if (sink->out) {
		snprintf(text, sizeof(text), "%.17g", value);
		format_put_str(sink, text);
	}
}

void format_put_hex(struct format_sink *sink, const char *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	format_put(sink, "\"", 1);
	for (size_t i = 0; i < len && sink->out && !sink->is_full; i++) {
		unsigned char byte = (unsigned char)data[i];
		char pair[2] = { digits[byte >> 4], digits[byte & 15] };

		format_put(sink, pair, sizeof(pair));
	}
	format_put(sink, "\"", 1);
}

void format_begin(struct format_sink *sink)
{
	format_put_str(sink, "{\"messages\":[");
}

int format_begin_message(struct format_sink *sink)
{
	if (sink->n_messages > 0)
		format_put(sink, ",", 1);
	if (sink->n_messages == UINT32_MAX || sink->is_full)
		return FORMAT_E_TOO_LARGE;
	sink->n_messages++;
	return 0;
}

int format_result(const struct format_sink *sink)
{
	if (sink->is_full)
		return FORMAT_E_TOO_LARGE;
	if (sink->out && sink->out->failed)
		return -ENOMEM;
	return sink->n_messages > 0 ? 0 : FORMAT_E_EMPTY;
}

int format_end(struct format_sink *sink)
{
	format_put_str(sink, "]}");
	return format_result(sink);
}
