#ifndef WEIR_COMMON_CODEC_H
#define WEIR_COMMON_CODEC_H
/*
 * Unpacks what an agent sent compressed. The first bytes say how it was packed, because agents often
 * announce something else; the announcement alone counts for a block of snappy, which begins with no
 * sign of its own. What is packed again inside is unpacked again, up to CODEC_MAX_LAYERS times.
 *
 * A bomb stops early: no layer may grow past `max_bytes`, nor past CODEC_MAX_RATIO times the bytes
 * that came, except that CODEC_FREE_BYTES are always allowed. All memory is asked for first.
 */
#include <stddef.h>

#include "common/codec/codec_limits.h"
#include "common/codec/codec_names.h"
#include "common/err.h"

#define CODEC_MAX_LAYERS 4
#define CODEC_MAX_RATIO 1000
#define CODEC_FREE_BYTES (64u << 10)

struct codec;
struct codec *codec_new(const struct codec_memory *memory); /* copied; NULL: out of memory */
void codec_free(struct codec *codec);

/* What was unpacked: borrowed from `data` if nothing was packed, else until codec_release. */
struct codec_bytes {
	const char *data;
	size_t len;
	unsigned n_layers; /* how often it was packed */
};

/*
 * `announced`: what the request says about its body, as codec_names_read returns it. 0, CODEC_E_*,
 * -ENOMEM. codec_release must follow in any case, before the next call.
 */
int codec_unpack(struct codec *codec, const char *data, size_t len,
		 const struct codec_names *announced, size_t max_bytes,
		 struct codec_bytes *bytesp) MUST_CHECK;
/* Gives back all memory that depends on the size of the body. */
void codec_release(struct codec *codec);

#endif
