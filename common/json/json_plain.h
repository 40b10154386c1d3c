#ifndef WEIR_COMMON_JSON_PLAIN_H
#define WEIR_COMMON_JSON_PLAIN_H
/*
 * Bytes that may stand in a JSON string as they are, and need no second look: ASCII without control
 * characters, '"' and '\\'. Most bytes of a log are, so they are looked at eight at a time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define JSON_PLAIN_ONES UINT64_C(0x0101010101010101)
#define JSON_PLAIN_TOPS UINT64_C(0x8080808080808080)

static inline bool json_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Whether one of the eight bytes is not plain. Subtracting borrows from the top bit of a byte below
 * the limit, and an exclusive or makes zero of the byte that is looked for. */
static inline bool json_has_special(uint64_t word)
{
	uint64_t quote = word ^ JSON_PLAIN_ONES * '"', slash = word ^ JSON_PLAIN_ONES * '\\';
	uint64_t found = word | (word - JSON_PLAIN_ONES * 0x20) | (quote - JSON_PLAIN_ONES) |
			 (slash - JSON_PLAIN_ONES);

	return (found & JSON_PLAIN_TOPS) != 0;
}

/* The first byte that is not plain; `end` where all are. */
static inline const char *json_plain_end(const char *at, const char *end)
{
	uint64_t word;

	while ((size_t)(end - at) >= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		if (json_has_special(word))
			break;
		at += sizeof(word);
	}
	while (at < end && json_is_plain((unsigned char)*at))
		at++;
	return at;
}

#endif
