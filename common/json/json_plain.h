#ifndef WEIR_COMMON_JSON_PLAIN_H
#define WEIR_COMMON_JSON_PLAIN_H
/*
 * Bytes that may stand in a JSON string as they are, and need no second look: ASCII without control
 * characters, '"' and '\\'. Most bytes of a log are, so they are looked at 16 at a time.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* A bit for each byte of what a comparison of blocks gave: from the lowest on, in the order of the bytes. */
static inline unsigned json_block_bits(json_block found)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)found);
#else
	uint64_t halves[2];

	memcpy(halves, &found, sizeof(halves));
	for (int i = 0; i < 2; i++) /* one bit of each byte, gathered in the highest byte */
		halves[i] = (le64toh(halves[i]) & 0x8040201008040201) * 0x0101010101010101 >> 56;
	return (unsigned)(halves[0] | halves[1] << 8);
#endif
}

/* Where the first of them is, from 0; the size of a block where there is none. */
static inline size_t json_first_special(json_block found)
{
	unsigned bits = json_block_bits(found);

	return bits ? (size_t)__builtin_ctz(bits) : sizeof(found);
}

/* The same for fewer bytes than a block has. */
static inline const char *json_plain_end_of_few(const char *at, const char *end)
{
	while (at < end && json_is_plain((unsigned char)*at))
		at++;
	return at;
}

/* The first byte that is not plain; `end` where all are. The last block may overlap the one before it. */
static inline const char *json_plain_end(const char *at, const char *end)
{
	const size_t size = sizeof(json_block);
	size_t n;

	if ((size_t)(end - at) < size)
		return json_plain_end_of_few(at, end);
	while ((size_t)(end - at) >= 2 * size &&
	       json_first_special(json_find_special(at) | json_find_special(at + size)) == size)
		at += 2 * size;
	for (; (size_t)(end - at) >= size; at += size) {
		n = json_first_special(json_find_special(at));
		if (n < size)
			return at + n;
	}
	return end - size + json_first_special(json_find_special(end - size));
}

#endif
