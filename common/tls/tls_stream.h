#ifndef WEIR_COMMON_TLS_STREAM_H
#define WEIR_COMMON_TLS_STREAM_H
/*
 * TLS on one connected socket that does not block. First both sides greet each other; then it is
 * read and written as the socket itself would be.
 *
 * The owner waits for the socket as ever, with two differences. Bytes, or the end, may be here that
 * the socket does not tell of (has_more). And what was to be read may need the socket to be
 * writable first (wants_write). Both are of reads alone: a write changes neither.
 */
#include <sys/uio.h>

#include "common/tls/tls_context.h"

struct tls_stream;

/* A ClientHello that comes in several records says first how long it will be, up to 128 KiB, and OpenSSL gets
 * memory for that. This is how many clients of a context may be within one; others fail. */
#define TLS_IN_PIECES_MOST 32

/* The side of the server. The socket stays the caller's. NULL: out of memory. */
struct tls_stream *tls_stream_accept(struct tls_context *context, int fd);
/* Before it greets: it agrees on no protocol (ALPN), at a port that speaks none of those of its context. */
void tls_stream_forgo_alpn(struct tls_stream *s);
/* The side of the client, which believes a certificate of `host` alone: a name or an address. */
struct tls_stream *tls_stream_connect(struct tls_context *context, int fd, const char *host);
/* Before a client greets: the protocols that it offers, "h2,http/1.1", instead of those of its context. False: out
 * of memory. */
bool tls_stream_offer(struct tls_stream *s, const char *protocols) MUST_CHECK;
/* Says good-bye to the other side if the socket takes it now. */
void tls_stream_end(struct tls_stream *s);
void tls_stream_free(struct tls_stream *s);

#define TLS_STREAM_AGAIN 1  /* not done: the socket is to be waited for */
#define TLS_STREAM_FAILED 2 /* see tls_stream_why */
/* Goes on with greeting. 0: done. */
int tls_stream_greet(struct tls_stream *s) MUST_CHECK;
/* In words, after a failure: "its certificate is refused: certificate has expired". */
const char *tls_stream_why(const struct tls_stream *s);

/* As read and write: -1 with errno EAGAIN, ECONNRESET or EPROTO. A write that was not taken whole
 * goes on with the same bytes, which others may follow. */
ssize_t tls_stream_read(struct tls_stream *s, void *to, size_t size);
ssize_t tls_stream_write(struct tls_stream *s, const void *from, size_t len);
/* Writes several parts; small ones leave together. */
ssize_t tls_stream_writev(struct tls_stream *s, const struct iovec *parts, size_t n_parts);

bool tls_stream_has_more(const struct tls_stream *s);
bool tls_stream_wants_write(const struct tls_stream *s);

/* Once greeted. */
bool tls_stream_is_resumed(const struct tls_stream *s);
/* The protocol that both agreed on; "": none. */
const char *tls_stream_protocol(const struct tls_stream *s);
/* The name of the other side, whose certificate is verified; "": it has none. */
const char *tls_stream_peer(const struct tls_stream *s);

#endif
