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
/* The connection with these answers to write. */
struct conn *conn_of_dirty(struct conn_dirty *dirty);
/* Writes the answers that are ready; may close. */
void conn_flush(struct conn *c);
/* Its state has lasted too long. */
void conn_on_timeout(struct conn *c);

#endif
