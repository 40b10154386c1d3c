#ifndef WEIR_NODE_SENDER_PLAIN_H
#define WEIR_NODE_SENDER_PLAIN_H
/*
 * Transfers over HTTP/1.1, plain or with TLS. A plain delivery on a connection that stands is one
 * sendmsg, one recv and a part of an epoll_wait; its body is not copied, and nothing is allocated for
 * it. With TLS, its body is copied once, into the record that is encrypted.
 *
 * A transfer that meets the close of an idle connection before any byte of an answer is sent once
 * more, on a fresh one. Where a host has several addresses, they are tried in turn within
 * connect_ms.
 */
#include <event2/event.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/transfer.h"

struct sender_plain;
struct tls_context;

/* As sender_new. To http:// URLs, or, with tls (borrowed), to https:// ones. */
struct sender_plain *sender_plain_new(struct event_base *base, const struct net_allow *allow,
				      struct tls_context *tls);
/* Transfers under way end as TRANSFER_BROKEN. */
void sender_plain_free(struct sender_plain *s);
/* -ENOMEM: on_done will not run. */
int sender_plain_start(struct sender_plain *s, struct transfer *t) MUST_CHECK;

/* The handshake with the host of its URL did not agree on HTTP/2. The transfer goes on here, and others
 * are to come here at once, for some time, or until there is no connection. */
void sender_plain_take_over(struct sender_plain *s, struct transfer *t);
/* Whether the host of the URL is known to speak HTTP/1.1 alone. */
bool sender_plain_is_known(struct sender_plain *s, const char *url);

#endif
