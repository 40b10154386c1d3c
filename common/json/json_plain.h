#ifndef WEIR_COMMON_JSON_PLAIN_H
#define WEIR_COMMON_JSON_PLAIN_H
/*
 * Bytes that may stand in a JSON string as they are, and need no second look: ASCII without control
 * characters, '"' and '\\'. Most bytes of a log are, so they are looked at 16 at a time.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline bool json_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* 16 bytes, as all processors of 64 bits have registers for. */
typedef int8_t json_block __attribute__((vector_size(16)));

/* Not 0 where the bytes at `at` are not plain. Those from 0x80 are negative, and so below 0x20, too. */
static inline json_block json_find_special(const char *at)
{
	json_block block;

	memcpy(&block, at, sizeof(block));
	return (block < 0x20) | (block == '"') | (block == '\\');
}

static inline bool json_is_all_plain(json_block found)
{
	uint64_t halves[2];

	memcpy(halves, &found, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

/* The first byte that is not plain; `end` where all are. The last block may overlap the one before it. */
static inline const char *json_plain_end(const char *at, const char *end)
{
	const size_t size = sizeof(json_block);
	const char *begin = at;

	while ((size_t)(end - at) >= 2 * size &&
	       json_is_all_plain(json_find_special(at) | json_find_special(at + size)))
		at += 2 * size;
	while ((size_t)(end - at) >= size && json_is_all_plain(json_find_special(at)))
		at += size;
	if ((size_t)(end - begin) >= size && (size_t)(end - at) < size &&
	    json_is_all_plain(json_find_special(end - size)))
		return end;
	while (at < end && json_is_plain((unsigned char)*at))
		at++;
	return at;
}

#endif
