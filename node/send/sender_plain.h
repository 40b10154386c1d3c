#ifndef WEIR_NODE_SENDER_PLAIN_H
#define WEIR_NODE_SENDER_PLAIN_H
/*
 * Transfers over plain HTTP/1.1. A delivery on a connection that stands is one sendmsg, one recv
 * and a part of an epoll_wait; its body is not copied, and nothing is allocated for it.
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

/* As sender_new. */
struct sender_plain *sender_plain_new(struct event_base *base, const struct net_allow *allow);
/* Transfers under way end as TRANSFER_BROKEN. */
void sender_plain_free(struct sender_plain *s);
/* -ENOMEM: on_done will not run. */
int sender_plain_start(struct sender_plain *s, struct transfer *t) MUST_CHECK;

#endif
