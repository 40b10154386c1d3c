#include "common/codec/codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/codec/codec_out.h"

struct codec {
	struct codec_tools tools;
	struct codec_out outs[2]; /* a layer is unpacked out of one into the other */
};

struct codec *codec_new(const struct codec_memory *memory)
{
	struct codec *codec = calloc(1, sizeof(*codec));

	if (codec && memory)
		codec->outs[0].memory = codec->outs[1].memory = *memory;
	return codec;
}

void codec_free(struct codec *codec)
{
	if (!codec)
		return;
	codec_release(codec);
	codec_deflate_end(&codec->tools);
	codec_zstd_end(&codec->tools);
	free(codec);
}

void codec_release(struct codec *codec)
{
	codec_out_release(&codec->outs[0]);
	codec_out_release(&codec->outs[1]);
}

static bool begins(const char *data, size_t len, const char *sign, size_t n)
{
	return len >= n && memcmp(data, sign, n) == 0;
}

/* Deflate, with any window, and the check of the two bytes (RFC 1950). */
static bool is_zlib(const char *data, size_t len)
{
	unsigned cmf, flags;

	if (len < 8)
		return false;
	cmf = (unsigned char)data[0];
	flags = (unsigned char)data[1];
	return (cmf & 0x0f) == 8 && cmf >> 4 <= 7 && (flags & 0x20) == 0 &&
	       (cmf << 8 | flags) % 31 == 0;
}

static enum codec_coding find_sign(const char *data, size_t len)
{
	if (begins(data, len, "\x1f\x8b", 2))
		return CODEC_GZIP;
	if (begins(data, len, "\x28\xb5\x2f\xfd", 4))
		return CODEC_ZSTD;
	if (begins(data, len, "\xff\x06\x00\x00sNaPpY", 10))
		return CODEC_SNAPPY_FRAMED;
	return is_zlib(data, len) ? CODEC_ZLIB : CODEC_IDENTITY;
}

static bool looks_like_json(const char *data, size_t len)
{
	size_t at = begins(data, len, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (at < len && data[at] && strchr(" \t\r\n", data[at]))
		at++;
	return at < len && (data[at] == '{' || data[at] == '[');
}

static int unpack_layer(struct codec *codec, enum codec_coding coding, const char *data, size_t len,
			struct codec_out *out)
{
	switch (coding) {
	case CODEC_GZIP:
	case CODEC_ZLIB:
		return codec_deflate_unpack(&codec->tools, coding, data, len, out);
	case CODEC_ZSTD:
		return codec_zstd_unpack(&codec->tools, data, len, out);
	default:
		assert(coding == CODEC_SNAPPY_FRAMED);
		return codec_snappy_unpack_framed(data, len, out);
	}
}

/* The announcement alone may say that it is a block of snappy, which may begin like zlib. */
static int unpack_block(const char *data, size_t len, enum codec_coding announced,
			enum codec_coding *codingp, struct codec_out *out)
{
	enum codec_coding sign = *codingp;
	int r;

	if (announced != CODEC_SNAPPY_BLOCK || (sign != CODEC_IDENTITY && sign != CODEC_ZLIB))
		return CODEC_E_BAD;
	r = codec_snappy_unpack_block(data, len, out);
	if (r != CODEC_E_BAD || sign == CODEC_IDENTITY)
		*codingp = CODEC_SNAPPY_BLOCK;
	return r;
}

/* A text may begin like zlib, and JSON like a block of snappy: then it was not packed after all. */
static bool was_no_layer(int r, enum codec_coding coding, enum codec_coding announced,
			 const char *data, size_t len)
{
	if (coding == CODEC_SNAPPY_BLOCK)
		return r > 0 && looks_like_json(data, len);
	return r == CODEC_E_BAD && coding == CODEC_ZLIB && announced == CODEC_IDENTITY;
}

static void set_limit(struct codec_out *out, size_t n_packed, size_t max_bytes)
{
	size_t grown =
		n_packed > SIZE_MAX / CODEC_MAX_RATIO ? SIZE_MAX : n_packed * CODEC_MAX_RATIO;

	if (grown < CODEC_FREE_BYTES)
		grown = CODEC_FREE_BYTES;
	out->excess = grown < max_bytes ? CODEC_E_RATIO : CODEC_E_TOO_LARGE;
	out->max_bytes = grown < max_bytes ? grown : max_bytes;
}

int codec_unpack(struct codec *codec, const char *data, size_t len,
		 const struct codec_names *announced, size_t max_bytes, struct codec_bytes *bytesp)
{
	unsigned n_announced = announced->n;
	size_t n_packed = len;

	*bytesp = (struct codec_bytes){ data, len, 0 };
	for (;;) {
		enum codec_coding said =
			n_announced ? announced->codings[--n_announced] : CODEC_IDENTITY;
		enum codec_coding coding = find_sign(bytesp->data, bytesp->len);
		struct codec_out *out = &codec->outs[bytesp->n_layers % 2];
		int r;

		out->len = 0;
		set_limit(out, n_packed, max_bytes);
		r = unpack_block(bytesp->data, bytesp->len, said, &coding, out);
		if (coding == CODEC_IDENTITY)
			return 0;
		if (bytesp->n_layers == CODEC_MAX_LAYERS)
			return CODEC_E_BAD;
		if (coding != CODEC_SNAPPY_BLOCK)
			r = unpack_layer(codec, coding, bytesp->data, bytesp->len, out);
		if (was_no_layer(r, coding, said, bytesp->data, bytesp->len))
			return 0;
		if (r)
			return r;
		*bytesp = (struct codec_bytes){ out->data ? out->data : "", out->len,
						bytesp->n_layers + 1 };
	}
}
