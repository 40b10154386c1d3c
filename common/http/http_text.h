#ifndef WEIR_COMMON_HTTP_TEXT_H
#define WEIR_COMMON_HTTP_TEXT_H
/* The characters that the parts of an HTTP message are made of, private to the HTTP reader. */
#include <strings.h>

#include "common/http/http.h"

/* Kinds of characters, as bits. */
enum {
	HTTP_TOKEN = 1,
	HTTP_REG_NAME = 2, /* of a host */
	HTTP_IPV6 = 4,
	HTTP_DIGIT = 8,
	HTTP_HEX = 16,
	HTTP_TARGET = 32, /* of a request target: all that is visible in ASCII */
};

extern const uint8_t http_char_kinds[256];

/* The first character in [at, end) that is not of `kind`, else `end`. */
static inline const char *http_skip_kind(const char *at, const char *end, uint8_t kind)
{
	while (at < end && http_char_kinds[(unsigned char)*at] & kind)
		at++;
	return at;
}

/* The first control character other than HTAB in [at, end), else `end`. */
const char *http_skip_text(const char *at, const char *end);

/* [at, end) without the spaces and HTABs around it. */
struct http_slice http_trim(const char *at, const char *end);

/* Letters of either case. */
static inline bool http_is_word(struct http_slice s, const char *word, size_t len)
{
	return s.len == len && strncasecmp(s.data, word, len) == 0;
}
#define HTTP_IS_WORD(slice, literal) http_is_word(slice, literal, sizeof(literal) - 1)

/* As a string; what does not fit is cut. */
void http_slice_copy(struct http_slice slice, char *out, size_t size);

#endif
