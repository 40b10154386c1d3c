#ifndef WEIR_NODE_SENDER_H
#define WEIR_NODE_SENDER_H
/*
 * Requests to analyzers, on the loop of the caller, by connections of our own: HTTP/1.1 (sender_plain.h) to http://,
 * HTTP/2 (sender_h2.h) to h2c://, grpc:// and grpcs://. To https:// it is HTTP/2 or HTTP/1.1, as the handshake
 * agrees.
 */
#include <event2/event.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/transfer.h"

#define SENDER_PROTOCOL "http/1.1" /* that a context for sender_set_tls offers */

struct sender;
struct tls_context;

/* Connects to what `allow` allows (borrowed; NULL: anything). NULL: out of memory. */
struct sender *sender_new(struct event_base *base, const struct net_allow *allow);
/* Before the first transfer. Borrows tls (NULL: the authorities of the system are believed). */
void sender_set_tls(struct sender *s, struct tls_context *tls);
/* Transfers under way end as TRANSFER_BROKEN; none may be started then. */
void sender_free(struct sender *s);
/* -ENOMEM: on_done will not run. */
int sender_start(struct sender *s, struct transfer *t) MUST_CHECK;

#endif
