#ifndef WEIR_LOADGEN_COMPRESS_H
#define WEIR_LOADGEN_COMPRESS_H
/* Bodies packed as agents pack them. */
#include "common/buf.h"
#include "common/err.h"

enum compress_kind {
	COMPRESS_NONE,
	COMPRESS_GZIP,
	COMPRESS_ZLIB,
	COMPRESS_ZSTD,
	COMPRESS_SNAPPY, /* a block */
	COMPRESS_KINDS
};
extern const char *const compress_names[COMPRESS_KINDS + 1]; /* NULL behind the last */

/* What a Content-Encoding calls it; NULL: nothing is packed. */
const char *compress_encoding(enum compress_kind kind);

struct compressor;
/* kind is not COMPRESS_NONE. NULL: out of memory. */
struct compressor *compressor_new(enum compress_kind kind);
struct compressor *compressor_free(struct compressor *c);
DEFINE_CLEANUP(struct compressor, compressor_free)

/* Replaces what is in `out`. 0, -ENOMEM. */
int compressor_pack(struct compressor *c, const char *data, size_t len, struct buf *out) MUST_CHECK;

#endif
