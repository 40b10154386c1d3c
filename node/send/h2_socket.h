#ifndef WEIR_NODE_H2_SOCKET_H
#define WEIR_NODE_H2_SOCKET_H
/*
 * The socket of a connection of HTTP/2, plain or with TLS. It never blocks; its owner has the events.
 */
#include "common/net/net.h"

#define H2_SOCKET_PROBLEM_SIZE 96

struct tls_context;
struct tls_stream;

struct h2_socket {
	int fd;                 /* -1: none */
	struct tls_stream *tls; /* NULL: plain, or not connected */
	char problem[H2_SOCKET_PROBLEM_SIZE];
};

/* Begins to connect. A negative errno: it does not. */
int h2_socket_connect(struct h2_socket *s, const struct net_addr *addr) MUST_CHECK;
/* It is writable: whether it is connected. 0, or the errno of why it is not. */
int h2_socket_connected(const struct h2_socket *s) MUST_CHECK;
void h2_socket_close(struct h2_socket *s);

/* It is to greet as a client that believes a certificate of `host` alone, and offers the protocols. False: out of
 * memory. */
bool h2_socket_secure(struct h2_socket *s, struct tls_context *context, const char *host,
		      const char *protocols) MUST_CHECK;

enum h2_greeting {
	H2_GREETING_DONE,   /* the server agrees to HTTP/2 */
	H2_GREETING_AGAIN,  /* the socket is to be waited for */
	H2_GREETING_OTHER,  /* the server does not agree to it */
	H2_GREETING_FAILED, /* see h2_socket_problem, with error 0 */
	H2_GREETINGS
};
enum h2_greeting h2_socket_greet(struct h2_socket *s) MUST_CHECK;

/* As recv and send; with TLS as tls_stream_read and tls_stream_write. */
ssize_t h2_socket_read(struct h2_socket *s, void *to, size_t size);
ssize_t h2_socket_write(struct h2_socket *s, const void *from, size_t len);
/* As tls_stream_has_more and tls_stream_wants_write. */
bool h2_socket_has_more(const struct h2_socket *s);
bool h2_socket_wants_write(const struct h2_socket *s);

/* Why a read or write failed with that errno: static, strerror's, or until the next problem. */
const char *h2_socket_problem(struct h2_socket *s, int error);

#endif
