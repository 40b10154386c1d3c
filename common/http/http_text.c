#include "common/http/http_text.h"

#include <string.h>

#define VISIBLE HTTP_TARGET
#define DELIM (VISIBLE | HTTP_REG_NAME) /* in a host, but in no token */
#define TCHAR (VISIBLE | HTTP_TOKEN)    /* in a token, but in no host */
#define BOTH (VISIBLE | HTTP_TOKEN | HTTP_REG_NAME)
#define HEX_DIGIT (HTTP_HEX | HTTP_IPV6)

/* clang-format off */
const uint8_t http_char_kinds[256] = {
	['0' ... '9'] = BOTH | HEX_DIGIT | HTTP_DIGIT,
	['A' ... 'F'] = BOTH | HEX_DIGIT, ['G' ... 'Z'] = BOTH,
	['a' ... 'f'] = BOTH | HEX_DIGIT, ['g' ... 'z'] = BOTH,
	['.'] = BOTH | HTTP_IPV6, [':'] = VISIBLE | HTTP_IPV6,
	['!'] = BOTH, ['$'] = BOTH, ['%'] = BOTH, ['&'] = BOTH, ['\''] = BOTH,
	['*'] = BOTH, ['+'] = BOTH, ['-'] = BOTH, ['_'] = BOTH, ['~'] = BOTH,
	['#'] = TCHAR, ['^'] = TCHAR, ['`'] = TCHAR, ['|'] = TCHAR,
	['('] = DELIM, [')'] = DELIM, [','] = DELIM, [';'] = DELIM, ['='] = DELIM,
	['"'] = VISIBLE, ['/'] = VISIBLE, ['<'] = VISIBLE, ['>'] = VISIBLE, ['?'] = VISIBLE,
	['@'] = VISIBLE, ['['] = VISIBLE, ['\\'] = VISIBLE, [']'] = VISIBLE, ['{'] = VISIBLE,
	['}'] = VISIBLE,
};
/* clang-format on */

/* Eight bytes at a time; a HTAB falls back to one at a time, which is rare enough. */
const char *http_skip_text(const char *at, const char *end)
{
	const uint64_t ones = 0x0101010101010101, highs = ones * 0x80;

	for (; end - at >= 8; at += 8) {
		uint64_t word, below_space, deletes;

		memcpy(&word, at, sizeof(word));
		below_space = (word - ones * 0x20) & ~word;
		deletes = word ^ ones * 0x7f;
		deletes = (deletes - ones) & ~deletes;
		if ((below_space | deletes) & highs)
			break;
	}
	while (at < end && (((unsigned char)*at >= 0x20 && *at != 0x7f) || *at == '\t'))
		at++;
	return at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct http_slice http_trim(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	while (at < end && is_blank(end[-1]))
		end--;
	return (struct http_slice){ at, end - at };
}

void http_slice_copy(struct http_slice slice, char *out, size_t size)
{
	size_t len = slice.len < size ? slice.len : size - 1;

	if (len)
		memcpy(out, slice.data, len);
	out[len] = '\0';
}
