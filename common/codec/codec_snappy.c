/* snappy: one block, as Loki's agents and Fluent Bit send it, or a stream of framed chunks. */
#include <snappy-c.h>
#include <stdint.h>

#include "common/codec/codec_out.h"
#include "common/codec/crc32c.h"

#define CHUNK_MAX_BYTES 65536
#define CRC_BYTES 4

enum { CHUNK_COMPRESSED = 0x00, CHUNK_PLAIN = 0x01, CHUNK_SKIPPABLE = 0x80 };

/* Appends a block; it may have max_bytes. */
static int append_block(const char *data, size_t len, size_t max_bytes, struct codec_out *out)
{
	size_t size = 0;
	int r;

	if (snappy_uncompressed_length(data, len, &size) != SNAPPY_OK || size > max_bytes)
		return CODEC_E_BAD;
	if (size > out->max_bytes - out->len)
		return out->excess;
	r = codec_out_reserve(out, size ? size : 1);
	if (r)
		return r;
	if (snappy_uncompress(data, len, out->data + out->len, &size) != SNAPPY_OK)
		return CODEC_E_BAD;
	out->len += size;
	return 0;
}

int codec_snappy_unpack_block(const char *data, size_t len, struct codec_out *out)
{
	return append_block(data, len, SIZE_MAX, out);
}

static uint32_t read_le(const unsigned char *p, unsigned n)
{
	uint32_t value = 0;

	while (n-- > 0)
		value = value << 8 | p[n];
	return value;
}

/* The checksum as the framing stores it. */
static uint32_t masked_crc(const char *data, size_t len)
{
	uint32_t crc = crc32c(data, len);

	return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static int append_chunk(unsigned type, const char *data, size_t len, struct codec_out *out)
{
	size_t before = out->len;
	int r;

	if (len < CRC_BYTES)
		return CODEC_E_BAD;
	if (type == CHUNK_COMPRESSED) {
		r = append_block(data + CRC_BYTES, len - CRC_BYTES, CHUNK_MAX_BYTES, out);
	} else {
		if (len - CRC_BYTES > CHUNK_MAX_BYTES)
			return CODEC_E_BAD;
		r = codec_out_append(out, data + CRC_BYTES, len - CRC_BYTES);
	}
	if (r)
		return r;
	return out->len == before || read_le((const unsigned char *)data, CRC_BYTES) ==
					     masked_crc(out->data + before, out->len - before)
		       ? 0
		       : CODEC_E_BAD;
}

int codec_snappy_unpack_framed(const char *data, size_t len, struct codec_out *out)
{
	int r = 0;

	while (r == 0 && len > 0) {
		const unsigned char *head = (const unsigned char *)data;
		size_t n;

		if (len < 4)
			return CODEC_E_BAD;
		n = read_le(head + 1, 3);
		if (n > len - 4)
			return CODEC_E_BAD;
		if (head[0] == CHUNK_COMPRESSED || head[0] == CHUNK_PLAIN)
			r = append_chunk(head[0], data + 4, n, out);
		else if (head[0] < CHUNK_SKIPPABLE)
			r = CODEC_E_BAD;
		data += 4 + n;
		len -= 4 + n;
	}
	return r;
}
