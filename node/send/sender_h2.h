#ifndef WEIR_NODE_SENDER_H2_H
#define WEIR_NODE_SENDER_H2_H
/*
 * Transfers by HTTP/2: h2c:// and grpc:// without TLS, https:// and grpcs:// with it. Those to one host share a
 * connection, as streams of it, up to as many as the host allows. A host of an https:// URL that does not agree to
 * HTTP/2 in the handshake gets them by HTTP/1.1, from another sender.
 *
 * A connection that brings nothing while a transfer waits its whole time on it gets no other one, and is closed once
 * nothing is under way on it: it may be dead, which TCP notices after a quarter of an hour. One that takes nothing in
 * that time is closed at once. The others on it end as TRANSFER_TIMEOUT, as no packet of theirs has broken it.
 *
 * A transfer that the server says it has not looked at is sent once more, and so is one that meets the close of an
 * idle connection before any byte of an answer. One that wants a fresh connection gets it alone, so that a packet
 * that ends connections ends nobody else's stream.
 */
#include <event2/event.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/transfer.h"

struct sender_h2;
struct tls_context;

struct sender_h2_config {
	struct event_base *base;
	const struct net_allow *allow; /* as sender_new */
	struct tls_context *tls;       /* borrowed; NULL: without TLS */
	const char *protocols;         /* "h2", or "h2,http/1.1"; with TLS */
	/* The host of its URL does not agree to HTTP/2: the transfer, which has begun, is the callee's now. NULL: such
	 * a transfer fails. */
	void (*on_other)(void *arg, struct transfer *t);
	void *arg;
};

/* NULL: out of memory. */
struct sender_h2 *sender_h2_new(const struct sender_h2_config *config);
/* Transfers under way end as TRANSFER_BROKEN. */
void sender_h2_free(struct sender_h2 *s);
/* -ENOMEM: on_done will not run. */
int sender_h2_start(struct sender_h2 *s, struct transfer *t) MUST_CHECK;

#endif
