#ifndef WEIR_COMMON_H2_HEAD_H
#define WEIR_COMMON_H2_HEAD_H
/*
 * The header section of an HTTP/2 request as one of HTTP/1.1, so that one parser, with one set of
 * limits and refusals, reads both. And the way back for answers. Pure.
 *
 * The caller has validated names and values: no CR, LF or NUL is in them.
 */
#include "common/buf.h"
#include "common/http/http.h"

/* Bytes of `apart`. */
struct h2_part {
	size_t at, len;
};

struct h2_head {
	struct buf apart;  /* values that do not stand among the field lines */
	struct buf fields; /* field lines */
	struct h2_part method, path, authority, length, grpc_encoding, grpc_timeout;
	uint32_t max_bytes;
	bool is_large; /* it is larger than max_bytes, and not kept whole */
	bool is_grpc;  /* its content type says that it is a call of gRPC */
};

void h2_head_begin(struct h2_head *h, uint32_t max_bytes);
void h2_head_deinit(struct h2_head *h);
/* One field, in the order in which they came. */
void h2_head_take(struct h2_head *h, struct http_slice name, struct http_slice value);
/* What its buffers take of memory. */
static inline size_t h2_head_bytes(const struct h2_head *h)
{
	return h->apart.capacity + h->fields.capacity;
}
/* The value of a part; borrowed from `h`. */
struct http_slice h2_head_part(const struct h2_head *h, struct h2_part part);
/*
 * Appends the header section. has_body: a body follows; without a Content-Length it is chunked. That
 * of a call is always chunked, and has its grpc-encoding as Content-Encoding.
 */
void h2_head_write(const struct h2_head *h, bool has_body, struct buf *out);

/* One field of an answer. */
struct h2_field {
	struct http_slice name, value;
};
#define H2_FIELDS_MAX 16
/*
 * Splits the header section of an answer that Weir wrote itself, and makes its names lower-case in
 * place. The first field is ":status"; Connection is left out. Returns the bytes of the section.
 */
size_t h2_head_split(char *text, size_t len, struct h2_field fields[H2_FIELDS_MAX], size_t *np);

#endif
