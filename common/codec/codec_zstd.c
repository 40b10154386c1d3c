/*
 * zstd. A frame that tells its size is unpacked right into its place, whatever its window; one that
 * does not needs a window in memory, which is bounded as RFC 8878 recommends.
 */
#include <zstd.h>

#include "common/codec/codec_out.h"

#define MAX_WINDOW_LOG 23                       /* 8 MiB */
#define KEPT_BYTES (512u << 10)                 /* of the decoder, between bodies */
#define DECODER_BYTES ((8u << 20) + KEPT_BYTES) /* the most that it can need */

static int begin(struct codec_tools *tools)
{
	if (!tools->zstd) {
		tools->zstd = ZSTD_createDCtx();
		if (!tools->zstd)
			return -ENOMEM;
		if (ZSTD_isError(ZSTD_DCtx_setParameter(tools->zstd, ZSTD_d_windowLogMax,
							MAX_WINDOW_LOG)))
			return -ENOMEM;
	}
	return ZSTD_isError(ZSTD_DCtx_reset(tools->zstd, ZSTD_reset_session_only)) ? -ENOMEM : 0;
}

/* A frame that tells its size, right into its place. */
static int unpack_sized(struct codec_tools *tools, const char *data, size_t len, size_t size,
			struct codec_out *out)
{
	int r = codec_out_reserve(out, size ? size : 1);
	size_t n;

	if (r)
		return r;
	n = ZSTD_decompressDCtx(tools->zstd, out->data + out->len, size, data, len);
	if (ZSTD_isError(n))
		return CODEC_E_BAD;
	out->len += n;
	return 0;
}

static int unpack_streamed(struct codec_tools *tools, const char *data, size_t len,
			   struct codec_out *out)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t hint = 1;
	int r = 0;

	while (r == 0 && hint != 0) {
		ZSTD_outBuffer to;

		if (out->len == out->capacity)
			r = codec_out_grow(out);
		if (r)
			return r;
		to = (ZSTD_outBuffer){ out->data, out->capacity, out->len };
		hint = ZSTD_decompressStream(tools->zstd, &to, &in);
		if (ZSTD_isError(hint) || (hint != 0 && to.pos < to.size && in.pos == in.size))
			return CODEC_E_BAD;
		out->len = to.pos;
	}
	return r;
}

/* The memory of the decoder is asked for once for a body, however many frames need it. */
static int charge(const struct codec_out *out, bool *is_chargedp)
{
	const struct codec_memory *memory = &out->memory;

	if (*is_chargedp)
		return 0;
	if (memory->take && !memory->take(memory->arg, DECODER_BYTES))
		return -ENOMEM;
	*is_chargedp = true;
	return 0;
}

static void discharge(struct codec_tools *tools, const struct codec_out *out)
{
	const struct codec_memory *memory = &out->memory;

	if (ZSTD_sizeof_DCtx(tools->zstd) > KEPT_BYTES)
		codec_zstd_end(tools);
	if (memory->give)
		memory->give(memory->arg, DECODER_BYTES);
}

/* One frame. *n_inp: its bytes. */
static int unpack_frame(struct codec_tools *tools, const char *data, size_t len,
			struct codec_out *out, size_t *n_inp, bool *is_chargedp)
{
	unsigned long long size = ZSTD_getFrameContentSize(data, len);
	size_t n_in = ZSTD_findFrameCompressedSize(data, len);
	int r = begin(tools);

	if (r)
		return r;
	if (size == ZSTD_CONTENTSIZE_ERROR || ZSTD_isError(n_in))
		return CODEC_E_BAD;
	*n_inp = n_in;
	if (size == ZSTD_CONTENTSIZE_UNKNOWN) {
		r = charge(out, is_chargedp);
		return r ? r : unpack_streamed(tools, data, n_in, out);
	}
	if (size > out->max_bytes - out->len)
		return out->excess;
	return unpack_sized(tools, data, n_in, (size_t)size, out);
}

int codec_zstd_unpack(struct codec_tools *tools, const char *data, size_t len,
		      struct codec_out *out)
{
	bool is_charged = false;
	int r = 0;

	while (r == 0 && len > 0) {
		size_t n_in = 0;

		r = unpack_frame(tools, data, len, out, &n_in, &is_charged);
		data += n_in;
		len -= n_in;
	}
	if (is_charged)
		discharge(tools, out);
	return r;
}

void codec_zstd_end(struct codec_tools *tools)
{
	ZSTD_freeDCtx(tools->zstd);
	tools->zstd = NULL;
}
