#ifndef WEIR_NODE_SENDER_CURL_H
#define WEIR_NODE_SENDER_CURL_H
/*
 * Transfers by libcurl's multi interface: https:// and grpcs://, by HTTP/1.1 or by HTTP/2, as the handshake agrees.
 * About 50 µs each. Those to one host that speaks HTTP/2 share a connection, as streams of it. A transfer that wants
 * a fresh connection is kept apart: a packet that ends connections shall end nobody else's stream.
 */
#include <event2/event.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/transfer.h"

struct sender_curl;
struct sender_tls;

/* As sender_new and sender_set_tls. is_alone: each transfer has a connection that is closed behind it. */
struct sender_curl *sender_curl_new(struct event_base *base, const struct net_allow *allow,
				    const struct sender_tls *tls, bool is_alone);
/* Transfers under way end as TRANSFER_BROKEN. */
void sender_curl_free(struct sender_curl *s);
/* -ENOMEM: on_done will not run. */
int sender_curl_start(struct sender_curl *s, struct transfer *t) MUST_CHECK;
/* See sender_turn. */
void sender_curl_turn(struct sender_curl *s);

#endif
