#include "common/printable.h"

#include <string.h>

/* General category Cf, with what looks like nothing, and Zl, Zp (Unicode 15). */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x00, 0x1f },       { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
	{ 0x600, 0x605 },     { 0x61c, 0x61c },     { 0x6dd, 0x6dd },     { 0x70f, 0x70f },
	{ 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x110bd, 0x110bd },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

size_t printable_decode(const char *s, size_t len, uint32_t *cpp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	size_t n = len == 0       ? 0
		   : p[0] < 0x80  ? 1
		   : p[0] < 0xc2  ? 0
		   : p[0] < 0xe0  ? 2
		   : p[0] < 0xf0  ? 3
		   : p[0] <= 0xf4 ? 4
				  : 0;

	uint32_t cp;

	if (n == 0 || n > len)
		return 0;
	cp = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3fu);
	}
	if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return 0;
	*cpp = cp;
	return n;
}

bool printable_is_hidden(uint32_t cp)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (cp >= hidden[i].first && cp <= hidden[i].last)
			return true;
	return false;
}

static void append_escape(struct buf *out, uint32_t cp)
{
	if (cp < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)cp);
	else
		buf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd7c0 + (cp >> 10)),
			   (unsigned)(0xdc00 + (cp & 0x3ff)));
}

/* Bytes of ASCII at the begin that all are seen as they are. */
static size_t plain_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

void printable_append(struct buf *out, const char *text, size_t len, const char *keep)
{
	for (size_t n; len > 0; text += n, len -= n) {
		uint32_t cp;

		n = plain_len(text, len);
		if (n > 0) {
			buf_append(out, text, n);
			continue;
		}
		n = printable_decode(text, len, &cp);
		if (n == 0) {
			n = 1;
			buf_append_str(out, "\\ufffd");
		} else if (printable_is_hidden(cp) && !(cp && cp < 0x20 && strchr(keep, (int)cp))) {
			append_escape(out, cp);
		} else {
			buf_append(out, text, n);
		}
	}
}
