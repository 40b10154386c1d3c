#ifndef WEIR_COMMON_TLS_BEGIN_H
#define WEIR_COMMON_TLS_BEGIN_H
/*
 * What a connection to a TLS port begins with. Nothing of it is taken from the socket, but for the
 * header of a trusted proxy, which is not encrypted.
 */
#include "common/net/net.h"

enum tls_begin {
	TLS_BEGIN_WAIT, /* for more bytes */
	TLS_BEGIN_TLS,
	TLS_BEGIN_PLAIN, /* something else */
	TLS_BEGIN_CLOSED,
	TLS_BEGIN_RESET
};

/* What is known of a proxy in between. */
struct tls_begin_proxy {
	bool is_awaited; /* its header may come */
	bool has_come;   /* it did, and `client` is the one that it names */
	struct net_addr client;
};

enum tls_begin tls_begin(int fd, struct tls_begin_proxy *proxy) MUST_CHECK;

#endif
