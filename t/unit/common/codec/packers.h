#ifndef WEIR_TEST_PACKERS_H
#define WEIR_TEST_PACKERS_H
/* Packs bytes in each of the codings, as agents do. */
#include <stddef.h>

enum packer {
	PACK_GZIP,
	PACK_ZLIB,
	PACK_ZSTD,
	PACK_ZSTD_STREAM, /* without its size */
	PACK_SNAPPY_BLOCK,
	PACK_SNAPPY_FRAMED, /* chunks that are compressed and plain, in turn */
	PACKERS
};
extern const char *const packer_names[PACKERS]; /* for a Content-Encoding */

struct packed {
	char *data; /* owned */
	size_t len;
};

struct packed pack(enum packer packer, const char *data, size_t len);
/* Takes `inner`. */
struct packed pack_again(enum packer packer, struct packed inner);
struct packed packed_join(const struct packed *a, const struct packed *b);
void packed_free(struct packed *p);

#endif
