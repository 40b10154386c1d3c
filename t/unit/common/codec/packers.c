#include "t/unit/common/codec/packers.h"

#include <libdeflate.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zstd.h>

#include "common/codec/crc32c.h"
#include "common/err.h"

#define CHUNK_BYTES 65536

const char *const packer_names[PACKERS] = { "gzip", "deflate", "zstd", "zstd", "snappy", "snappy" };

static struct packed room(size_t len)
{
	struct packed p = { malloc(len ? len : 1), len };

	assert(p.data);
	return p;
}

static struct packed pack_deflate(enum packer packer, const char *data, size_t len)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	struct packed p = room(libdeflate_gzip_compress_bound(c, len));

	p.len = packer == PACK_GZIP ? libdeflate_gzip_compress(c, data, len, p.data, p.len)
				    : libdeflate_zlib_compress(c, data, len, p.data, p.len);
	libdeflate_free_compressor(c);
	assert(p.len > 0);
	return p;
}

static struct packed pack_zstd(enum packer packer, const char *data, size_t len)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	struct packed p = room(ZSTD_compressBound(len));
	ZSTD_outBuffer out = { p.data, p.len, 0 };
	ZSTD_inBuffer in = { data, len, 0 };

	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, packer == PACK_ZSTD);
	if (packer == PACK_ZSTD)
		ZSTD_CCtx_setPledgedSrcSize(c, len);
	else
		ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	while (ZSTD_compressStream2(c, &out, &in, ZSTD_e_end) != 0)
		assert(out.pos < out.size);
	ZSTD_freeCCtx(c);
	p.len = out.pos;
	return p;
}

static struct packed pack_block(const char *data, size_t len)
{
	struct packed p = room(snappy_max_compressed_length(len));

	assert(snappy_compress(data, len, p.data, &p.len) == SNAPPY_OK);
	return p;
}

static void put_le(char *to, uint32_t value, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = (char)(value >> 8 * i);
}

static size_t put_chunk(char *to, const char *data, size_t len, bool is_plain)
{
	uint32_t crc = crc32c(data, len);
	struct packed block = pack_block(data, len);
	size_t n = is_plain ? len : block.len;

	to[0] = is_plain ? 1 : 0;
	put_le(to + 1, (uint32_t)(n + 4), 3);
	put_le(to + 4, (crc >> 15 | crc << 17) + 0xa282ead8u, 4);
	memcpy(to + 8, is_plain ? data : block.data, n);
	packed_free(&block);
	return n + 8;
}

static struct packed pack_framed(const char *data, size_t len)
{
	struct packed p = room(10 + (len / CHUNK_BYTES + 1) * (CHUNK_BYTES * 2));
	bool is_plain = false;

	memcpy(p.data, "\xff\x06\x00\x00sNaPpY", 10);
	for (p.len = 10; len > 0; is_plain = !is_plain) {
		size_t n = len < CHUNK_BYTES ? len : CHUNK_BYTES;

		if (n > 4096 && len < CHUNK_BYTES)
			n /= 2;
		p.len += put_chunk(p.data + p.len, data, n, is_plain);
		data += n;
		len -= n;
	}
	return p;
}

struct packed pack(enum packer packer, const char *data, size_t len)
{
	switch (packer) {
	case PACK_GZIP:
	case PACK_ZLIB:
		return pack_deflate(packer, data, len);
	case PACK_ZSTD:
	case PACK_ZSTD_STREAM:
		return pack_zstd(packer, data, len);
	case PACK_SNAPPY_BLOCK:
		return pack_block(data, len);
	default:
		return pack_framed(data, len);
	}
}

struct packed pack_again(enum packer packer, struct packed inner)
{
	struct packed outer = pack(packer, inner.data, inner.len);

	packed_free(&inner);
	return outer;
}

struct packed packed_join(const struct packed *a, const struct packed *b)
{
	struct packed p = room(a->len + b->len);

	memcpy(p.data, a->data, a->len);
	memcpy(p.data + a->len, b->data, b->len);
	return p;
}

void packed_free(struct packed *p)
{
	free(p->data);
	*p = (struct packed){ 0 };
}
