#ifndef WEIR_NODE_SENDER_H
#define WEIR_NODE_SENDER_H
/*
 * Requests to analyzers, on the loop of the caller: those to http:// by connections of our own
 * (sender_plain.h), those to h2c:// and grpc:// by nghttp2 (sender_h2.h), and those with TLS by libcurl
 * (sender_curl.h), which costs more.
 */
#include <event2/event.h>

#include "common/err.h"
#include "common/net/net_allow.h"
#include "node/send/sender_tls.h"
#include "node/send/transfer.h"

struct sender;

/* Connects to what `allow` allows (borrowed; NULL: anything). NULL: out of memory. */
struct sender *sender_new(struct event_base *base, const struct net_allow *allow);
/* Before the first transfer. Borrows tls. */
void sender_set_tls(struct sender *s, const struct sender_tls *tls);
/* Transfers under way end as TRANSFER_BROKEN; none may be started then. */
void sender_free(struct sender *s);
/* -ENOMEM: on_done will not run. */
int sender_start(struct sender *s, struct transfer *t) MUST_CHECK;
/* At the end of each turn of the loop: what was started gets going without another turn. */
void sender_turn(struct sender *s);

#endif
