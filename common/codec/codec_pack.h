#ifndef WEIR_COMMON_CODEC_PACK_H
#define WEIR_COMMON_CODEC_PACK_H
/*
 * Packs the body of a request by gzip, at the quickest level: a loop waits for it.
 */
#include <stddef.h>
#include <sys/uio.h>

#include "common/err.h"

struct codec_pack;

/* NULL: out of memory. */
struct codec_pack *codec_pack_new(void);
/* NULL is fine. */
void codec_pack_free(struct codec_pack *pack);
/* The parts, of `len` bytes together, as one stream of gzip, the caller's to free. 0, or -ENOMEM. */
int codec_pack_gzip(struct codec_pack *pack, const struct iovec *parts, size_t n_parts, size_t len,
		    struct iovec *outp) MUST_CHECK;

#endif
