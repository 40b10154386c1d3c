/*
 * gzip and zlib, by libdeflate. It unpacks a whole member at once into room that must be there, so
 * where the room was too small it begins again with eight times as much. Few attempts are left to
 * a stream whose claim is false: to unpack it may cost far more than its bytes show.
 */
#include <libdeflate.h>
#include <stdint.h>
#include <string.h>

#include "common/codec/codec_out.h"

#define GZIP_TAIL_BYTES 8
#define GROWTH 8 /* times, where the claim was wrong */

/* The size that the end of a gzip stream claims; it saves attempts, and nothing relies on it. */
static size_t claimed_size(enum codec_coding coding, const char *data, size_t len)
{
	const unsigned char *end = (const unsigned char *)data + len;
	size_t guess = 4 * len;

	if (coding != CODEC_GZIP || len < GZIP_TAIL_BYTES)
		return guess;
	guess = end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
	return guess;
}

static enum libdeflate_result unpack_member(struct codec_tools *tools, enum codec_coding coding,
					    const char *data, size_t len, struct codec_out *out,
					    size_t *n_inp, size_t *n_outp)
{
	char *to = out->data + out->len;
	size_t room = out->capacity - out->len;

	if (coding == CODEC_GZIP)
		return libdeflate_gzip_decompress_ex(tools->deflate, data, len, to, room, n_inp,
						     n_outp);
	return libdeflate_zlib_decompress_ex(tools->deflate, data, len, to, room, n_inp, n_outp);
}

static int grow(struct codec_out *out)
{
	size_t left = out->max_bytes - out->capacity;
	size_t n_more = out->capacity < left / (GROWTH - 1) ? out->capacity * (GROWTH - 1) : left;

	return left > 0 ? codec_out_reserve(out, out->capacity - out->len + n_more) : out->excess;
}

/* One member, in as much room as it needs. *n_inp: its bytes. */
static int unpack_growing(struct codec_tools *tools, enum codec_coding coding, const char *data,
			  size_t len, struct codec_out *out, size_t *n_inp)
{
	for (;;) {
		size_t n_out = 0;
		int r;

		switch (unpack_member(tools, coding, data, len, out, n_inp, &n_out)) {
		case LIBDEFLATE_SUCCESS:
			out->len += n_out;
			return *n_inp > 0 ? 0 : CODEC_E_BAD;
		case LIBDEFLATE_INSUFFICIENT_SPACE:
			r = grow(out);
			if (r)
				return r;
			break;
		default:
			return CODEC_E_BAD;
		}
	}
}

int codec_deflate_unpack(struct codec_tools *tools, enum codec_coding coding, const char *data,
			 size_t len, struct codec_out *out)
{
	size_t n_in = 0, room = claimed_size(coding, data, len), most = out->max_bytes - out->len;
	int r;

	if (!tools->deflate)
		tools->deflate = libdeflate_alloc_decompressor();
	if (!tools->deflate)
		return -ENOMEM;
	r = codec_out_reserve(out, room < most ? room + 1 : most);
	while (r == 0 && len > 0) {
		r = unpack_growing(tools, coding, data, len, out, &n_in);
		data += n_in;
		len -= r == 0 ? n_in : 0;
		if (coding != CODEC_GZIP && r == 0 && len > 0)
			return CODEC_E_BAD; /* zlib has one stream, and nothing behind it */
	}
	return r;
}

void codec_deflate_end(struct codec_tools *tools)
{
	libdeflate_free_decompressor(tools->deflate);
	tools->deflate = NULL;
}
