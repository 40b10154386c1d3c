#ifndef WEIR_COMMON_FORMAT_BULK_H
#define WEIR_COMMON_FORMAT_BULK_H
/* Elasticsearch's _bulk: actions, each but "delete" followed by a document. */
#include "common/buf.h"
#include "common/err.h"
#include "common/format/format_body.h"

/*
 * The answer to each action of a body that was read without a fault: what stands between the
 * brackets of "items", in at most max_bytes. `seed`: ids are made of it for documents that came
 * without one. 0, FORMAT_E_*, -ENOMEM.
 */
int format_bulk_items(const struct format_body *body, uint64_t seed, size_t max_bytes,
		      struct buf *out) MUST_CHECK;

/*
 * Takes operations out of a body, in place: only those stay whose `keep` is set. 0; FORMAT_E_SYNTAX:
 * it has not n operations, and is as it was.
 */
int format_bulk_keep(char *body, size_t *lenp, const bool *keep, size_t n) MUST_CHECK;

#endif
