#ifndef WEIR_NODE_CONN_H
#define WEIR_NODE_CONN_H
/*
 * What is read from a connection and written to it, and how long it may take.
 */
#include "node/ingest/conn_state.h"

/* Takes fd. NULL: out of memory, or memory-max is reached: fd is still the caller's. */
struct conn *conn_new(struct conn_shared *shared, int fd, const struct net_addr *peer);
/* One that begins with TLS. */
struct conn *conn_new_tls(struct conn_shared *shared, int fd, const struct net_addr *peer);
/* Writes the answers that are ready; may close. */
void conn_flush(struct conn *c);
/* The same for all connections that have some. */
void conn_flush_all(struct conn_shared *shared);
/* Its state has lasted too long. */
void conn_on_timeout(struct conn *c);
/* Now and then: what takes too long in HTTP/2, and which of its connections have to end. */
void conn_look_at_http2(struct conn_shared *shared);
/* It is idle, and the node ends. */
void conn_stop(struct conn *c);

#endif
