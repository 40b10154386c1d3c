#include "loadgen/compress.h"

#include <libdeflate.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL 1 /* the load generator must not be what is slow */

const char *const compress_names[] = { "none", "gzip", "zlib", "zstd", "snappy", NULL };
static_assert(ARRAY_LEN(compress_names) == COMPRESS_KINDS + 1, "every kind has a name");

struct compressor {
	enum compress_kind kind;
	struct libdeflate_compressor *deflate; /* gzip, zlib */
	ZSTD_CCtx *zstd;
};

const char *compress_encoding(enum compress_kind kind)
{
	static const char *const encodings[COMPRESS_KINDS] = { NULL, "gzip", "deflate", "zstd",
							       "snappy" };

	return encodings[kind];
}

struct compressor *compressor_new(enum compress_kind kind)
{
	struct compressor *c = calloc(1, sizeof(*c));

	assert(kind != COMPRESS_NONE);
	if (!c)
		return NULL;
	c->kind = kind;
	if (kind == COMPRESS_GZIP || kind == COMPRESS_ZLIB)
		c->deflate = libdeflate_alloc_compressor(LEVEL);
	if (kind == COMPRESS_ZSTD)
		c->zstd = ZSTD_createCCtx();
	return c->deflate || c->zstd || kind == COMPRESS_SNAPPY ? c : compressor_free(c);
}

struct compressor *compressor_free(struct compressor *c)
{
	if (!c)
		return NULL;
	libdeflate_free_compressor(c->deflate);
	ZSTD_freeCCtx(c->zstd);
	free(c);
	return NULL;
}

static size_t most_bytes(struct compressor *c, size_t len)
{
	switch (c->kind) {
	case COMPRESS_GZIP:
		return libdeflate_gzip_compress_bound(c->deflate, len);
	case COMPRESS_ZLIB:
		return libdeflate_zlib_compress_bound(c->deflate, len);
	case COMPRESS_ZSTD:
		return ZSTD_compressBound(len);
	default:
		return snappy_max_compressed_length(len);
	}
}

/* Bytes written; 0: it failed. */
static size_t pack(struct compressor *c, const char *data, size_t len, char *to, size_t room)
{
	size_t n = room;

	switch (c->kind) {
	case COMPRESS_GZIP:
		return libdeflate_gzip_compress(c->deflate, data, len, to, room);
	case COMPRESS_ZLIB:
		return libdeflate_zlib_compress(c->deflate, data, len, to, room);
	case COMPRESS_ZSTD:
		n = ZSTD_compressCCtx(c->zstd, to, room, data, len, LEVEL);
		return ZSTD_isError(n) ? 0 : n;
	default:
		return snappy_compress(data, len, to, &n) == SNAPPY_OK ? n : 0;
	}
}

int compressor_pack(struct compressor *c, const char *data, size_t len, struct buf *out)
{
	size_t room = most_bytes(c, len);

	buf_clear(out);
	if (buf_reserve(out, room))
		return -ENOMEM;
	out->len = pack(c, data, len, out->data, room);
	return out->len ? 0 : -ENOMEM;
}
