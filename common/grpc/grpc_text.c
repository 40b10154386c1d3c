#include "common/grpc/grpc_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"

static const char media_type[] = GRPC_MEDIA_TYPE;

bool grpc_is_type(struct http_slice content_type)
{
	size_t n = sizeof(media_type) - 1;

	if (content_type.len < n || strncasecmp(content_type.data, media_type, n) != 0)
		return false;
	return content_type.len == n || strchr("+; ", content_type.data[n]) != NULL;
}

/* Of one unit of time; 0: the letter is none. */
static uint64_t unit_ns(char letter)
{
	switch (letter) {
	case 'H':
		return 3600 * 1000 * US_PER_S;
	case 'M':
		return 60 * 1000 * US_PER_S;
	case 'S':
		return 1000 * US_PER_S;
	case 'm':
		return 1000 * US_PER_MS;
	case 'u':
		return 1000;
	case 'n':
		return 1;
	default:
		return 0;
	}
}

/* Eight digits of hours are less than 2^64 ns. */
bool grpc_read_timeout(struct http_slice value, uint64_t *usp)
{
	uint64_t n = 0, ns;

	if (value.len < 2 || value.len > 9)
		return false;
	for (size_t i = 0; i + 1 < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(value.data[i] - '0');
	}
	ns = unit_ns(value.data[value.len - 1]);
	if (ns == 0)
		return false;
	*usp = ns >= 1000 ? n * (ns / 1000) : n / 1000;
	return true;
}

#define MOST_MS 99999999u

void grpc_write_timeout(char out[GRPC_TIMEOUT_BYTES], uint32_t ms)
{
	if (ms <= MOST_MS)
		snprintf(out, GRPC_TIMEOUT_BYTES, "%um", ms);
	else
		snprintf(out, GRPC_TIMEOUT_BYTES, "%uS", ms / 1000);
}

void grpc_write_message(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (*text >= ' ' && *text <= '~' && *text != '%')
			buf_append(out, text, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}

static int hex_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

size_t grpc_read_message(const char *text, char *out, size_t size)
{
	size_t n = 0;

	while (*text && n < size) {
		int high = *text == '%' ? hex_value(text[1]) : -1;
		int low = high >= 0 ? hex_value(text[2]) : -1;

		out[n++] = low >= 0 ? (char)(high << 4 | low) : *text;
		text += low >= 0 ? 3 : 1;
	}
	return n;
}
