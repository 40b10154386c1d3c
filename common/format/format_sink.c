#include "common/format/format_sink.h"

#include <math.h>
#include <stdio.h>

#include "common/json/json_plain.h"
#include "common/json/json_text.h"

char *format_make_room(struct format_sink *sink, size_t n)
{
	struct buf *out = sink->out;

	if (n > sink->max_bytes || out->len > sink->max_bytes - n) {
		sink->is_full = true;
		return NULL;
	}
	if (buf_reserve(out, n) != 0)
		out->failed = true;
	return out->failed ? NULL : out->data + out->len;
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

static void put_plain(struct format_sink *sink, const char *data, size_t len)
{
	char *to = format_room(sink, len + 2);

	if (!to)
		return;
	to[0] = '"';
	if (len)
		memcpy(to + 1, data, len);
	to[len + 1] = '"';
	sink->out->len += len + 2;
}

void format_put_text(struct format_sink *sink, const char *data, size_t len)
{
	struct buf *out = sink->out;
	size_t room;

	if (!out || sink->is_full)
		return;
	if (json_plain_end(data, data + len) == data + len) {
		put_plain(sink, data, len);
		return;
	}
	room = sink->max_bytes - out->len;
	if ((len > room / 6 || room < 2) && measure_text(data, len) > room)
		sink->is_full = true;
	else
		json_text_append(out, data, len);
}

/* Digits of whole numbers: a division gives two of them. */
void format_put_u64(struct format_sink *sink, uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof(digits);

	while (value >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value > 0 || at == sizeof(digits))
		digits[--at] = (char)('0' + value);
	format_put(sink, digits + at, sizeof(digits) - at);
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
	char *to = format_room(sink, 2 * len + 2);

	if (!to)
		return;
	*to++ = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)data[i];

		*to++ = digits[byte >> 4];
		*to++ = digits[byte & 15];
	}
	*to = '"';
	sink->out->len += 2 * len + 2;
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
