#include "common/json/json_text.h"

#include <stdint.h>

#include "common/json/json_plain.h"

/* Well-formed UTF-8 (Unicode 15, table 3-7): by lead byte, the range of the second byte. */
struct utf8_lead {
	uint8_t first, last; /* of the lead byte */
	uint8_t n_bytes;
	uint8_t second_lo, second_hi;
};

static const struct utf8_lead utf8_leads[] = {
	{ 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
	{ 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
	{ 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct utf8_lead *utf8_find_lead(uint8_t byte)
{
	for (size_t i = 0; i < ARRAY_LEN(utf8_leads); i++) {
		if (byte >= utf8_leads[i].first && byte <= utf8_leads[i].last)
			return &utf8_leads[i];
	}
	return NULL;
}

/* Bytes of the sequence at `s`, at least 1; *validp: it is a whole character. */
static size_t utf8_sequence(const uint8_t *s, size_t len, bool *validp)
{
	const struct utf8_lead *lead = utf8_find_lead(s[0]);
	size_t n = 1;

	*validp = false;
	if (!lead || len < 2 || s[1] < lead->second_lo || s[1] > lead->second_hi)
		return 1;
	for (n = 2; n < lead->n_bytes && n < len && (s[n] & 0xC0) == 0x80;)
		n++;
	*validp = n == lead->n_bytes;
	return n;
}

static void append_escaped(struct buf *out, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	static const char *const names[0x80] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
		['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t",
	};

	if (names[c])
		buf_append_str(out, names[c]);
	else
		buf_append(out, (char[]){ '\\', 'u', '0', '0', digits[c >> 4], digits[c & 15] }, 6);
}

/* The end of the bytes from i on that may stand as they are. */
static size_t find_end(const char *data, size_t i, size_t len)
{
	for (;;) {
		i = (size_t)(json_plain_end(data + i, data + len) - data);
		if (i == len || (uint8_t)data[i] < 0x80)
			return i;
		do { /* characters of several bytes come in runs */
			bool valid;
			size_t n = utf8_sequence((const uint8_t *)data + i, len - i, &valid);

			if (!valid)
				return i;
			i += n;
		} while (i < len && (uint8_t)data[i] >= 0x80);
	}
}

void json_text_append(struct buf *out, const char *data, size_t len)
{
	size_t i = 0, start;
	bool valid;

	buf_append(out, "\"", 1);
	while (i < len) {
		start = i;
		i = find_end(data, i, len);
		buf_append(out, data + start, i - start);
		if (i == len)
			break;
		if ((uint8_t)data[i] < 0x80) {
			append_escaped(out, (uint8_t)data[i++]);
			continue;
		}
		i += utf8_sequence((const uint8_t *)data + i, len - i, &valid);
		buf_append_str(out, "\xEF\xBF\xBD");
	}
	buf_append(out, "\"", 1);
}
