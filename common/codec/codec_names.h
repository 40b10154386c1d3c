#ifndef WEIR_COMMON_CODEC_NAMES_H
#define WEIR_COMMON_CODEC_NAMES_H
/* The codings that a Content-Encoding announces, in the order in which they were applied. Pure. */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum codec_coding {
	CODEC_IDENTITY,
	CODEC_GZIP,
	CODEC_ZLIB,
	CODEC_ZSTD,
	CODEC_SNAPPY_BLOCK,
	CODEC_SNAPPY_FRAMED,
	CODEC_CODINGS
};
extern const char *const codec_coding_names[CODEC_CODINGS];

#define CODEC_MAX_NAMES 8
#define CODEC_NAMES_E_UNKNOWN 1 /* a coding that is not known here, or too many of them */

struct codec_names {
	unsigned n;
	uint8_t codings[CODEC_MAX_NAMES]; /* enum codec_coding, never CODEC_IDENTITY */
};

/* `value`: of the field; len 0: it is absent. */
int codec_names_read(const char *value, size_t len, struct codec_names *names) MUST_CHECK;

#endif
