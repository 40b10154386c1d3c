#include "common/json/json_unescape.h"

#include <stdint.h>
#include <string.h>

bool json_unescape_is_needed(const struct json_slice *slice)
{
	return slice->len && memchr(slice->data, '\\', slice->len);
}

static uint32_t read_hex4(const char *p)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 4 |
			(uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return value;
}

/* Four digits behind "\u" at p, and the other half of a pair. *pp is left behind what was read. */
static uint32_t read_unicode(const char **pp, const char *end)
{
	const char *p = *pp;
	uint32_t cp = read_hex4(p + 2), low;

	*pp = p += 6;
	if (cp < 0xd800 || cp > 0xdfff)
		return cp;
	if (cp > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return 0xfffd;
	low = read_hex4(p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return 0xfffd;
	*pp = p + 6;
	return 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
}

static char *write_utf8(char *out, uint32_t cp)
{
	unsigned n_more = cp < 0x80 ? 0 : cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
	static const unsigned char leads[] = { 0, 0xc0, 0xe0, 0xf0 };

	*out++ = (char)(leads[n_more] | cp >> 6 * n_more);
	while (n_more--)
		*out++ = (char)(0x80 | (cp >> 6 * n_more & 0x3f));
	return out;
}

static char short_escape(char letter)
{
	static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
	const char *found = strchr(letters, letter);

	return found ? values[found - letters] : letter; /* else itself: quote, slash, backslash */
}

size_t json_unescape(const struct json_slice *slice, char *out)
{
	const char *p = slice->data, *end = p + slice->len;
	char *at = out;

	while (p < end) {
		if (*p != '\\') {
			*at++ = *p++;
		} else if (p[1] == 'u') {
			at = write_utf8(at, read_unicode(&p, end));
		} else {
			*at++ = short_escape(p[1]);
			p += 2;
		}
	}
	assert((size_t)(at - out) <= slice->len);
	return (size_t)(at - out);
}
