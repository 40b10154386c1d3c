#ifndef WEIR_COMMON_CODEC_OUT_H
#define WEIR_COMMON_CODEC_OUT_H
/* What a layer is unpacked into: it grows as far as its limit lets it. For the codings alone. */
#include "common/codec/codec_limits.h"
#include "common/codec/codec_names.h"
#include "common/err.h"

struct codec_out {
	struct codec_memory memory;
	char *data; /* owned */
	size_t len, capacity;
	size_t max_bytes;
	int excess; /* the CODEC_E_* for what is larger than max_bytes */
};

/* Room for n_more bytes behind len. -ENOMEM; `excess`: there may be no more. */
int codec_out_reserve(struct codec_out *out, size_t n_more) MUST_CHECK;
/* Room for more than there is now, wherever that ends; the same results. */
int codec_out_grow(struct codec_out *out) MUST_CHECK;
int codec_out_append(struct codec_out *out, const char *data, size_t len) MUST_CHECK;
void codec_out_release(struct codec_out *out);

struct codec_tools;

/* One layer: all of `data` into `out`. 0, CODEC_E_BAD, and what codec_out_reserve returns. */
int codec_deflate_unpack(struct codec_tools *tools, enum codec_coding coding, const char *data,
			 size_t len, struct codec_out *out) MUST_CHECK;
int codec_zstd_unpack(struct codec_tools *tools, const char *data, size_t len,
		      struct codec_out *out) MUST_CHECK;
int codec_snappy_unpack_block(const char *data, size_t len, struct codec_out *out) MUST_CHECK;
int codec_snappy_unpack_framed(const char *data, size_t len, struct codec_out *out) MUST_CHECK;

/* What the libraries need between calls; each is made when it is needed first. */
struct codec_tools {
	struct libdeflate_decompressor *deflate;
	struct ZSTD_DCtx_s *zstd;
};
void codec_deflate_end(struct codec_tools *tools);
void codec_zstd_end(struct codec_tools *tools);

#endif
