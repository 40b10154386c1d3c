#ifndef WEIR_NODE_SENDER_H2_H
#define WEIR_NODE_SENDER_H2_H
/*
 * Transfers by HTTP/2 without TLS: h2c:// and grpc://. Those to one host share a connection, as streams of it, up
 * to as many as the host allows. libcurl is not used here: that of Debian 12 (7.88) cannot use such a connection
 * twice.
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

/* As sender_new. */
struct sender_h2 *sender_h2_new(struct event_base *base, const struct net_allow *allow);
/* Transfers under way end as TRANSFER_BROKEN. */
void sender_h2_free(struct sender_h2 *s);
/* -ENOMEM: on_done will not run. */
int sender_h2_start(struct sender_h2 *s, struct transfer *t) MUST_CHECK;

#endif
