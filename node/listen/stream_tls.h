#ifndef WEIR_NODE_STREAM_TLS_H
#define WEIR_NODE_STREAM_TLS_H
/*
 * TLS on a connection that sends messages without HTTP. Handshakes cost far more than messages do, so
 * each turn of the loop has a limit of time for them; those that are left go on at the next turn.
 */
#include "common/tls/tls_stream.h"
#include "node/listen/listen_shared.h"

#define STREAM_TLS_BYTES (24u << 10) /* charged for what OpenSSL keeps of a connection */

struct stream_tls {
	struct tls_stream *tls; /* owned; NULL: it has none, or has not begun */
	bool is_greeting;       /* the handshake is not over */
};

enum stream_tls_step {
	STREAM_TLS_WAIT, /* for the socket */
	STREAM_TLS_DONE,
	STREAM_TLS_END /* it is to be closed; the reason is in the log */
};

/* There is something to read. */
enum stream_tls_step stream_tls_greet(struct stream_tls *t, struct listen_shared *s, int fd,
				      const struct net_addr *peer) MUST_CHECK;
/* It took too long. */
void stream_tls_time_out(const struct listen_shared *s, const struct net_addr *peer);

/* As read and send: of the socket, or of TLS on it. */
ssize_t stream_tls_read(struct stream_tls *t, int fd, void *to, size_t size);
ssize_t stream_tls_write(struct stream_tls *t, int fd, const void *from, size_t len);
/* Bytes are here that the socket does not tell of. */
bool stream_tls_has_more(const struct stream_tls *t);
/* What was to be read needs the socket to be writable first. */
bool stream_tls_wants_write(const struct stream_tls *t);

#endif
