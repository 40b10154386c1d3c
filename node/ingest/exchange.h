#ifndef WEIR_NODE_EXCHANGE_H
#define WEIR_NODE_EXCHANGE_H
/*
 * The requests on a connection: read, handed on as packets, and answered in their order. conn.c
 * owns the socket and calls this.
 */
#include "node/ingest/conn.h"

/*
 * Reads as many requests as there is room for. Returns how many of the bytes it took, or -1: the
 * connection is closed.
 */
ssize_t exchange_feed(struct conn *c, const char *data, size_t len) MUST_CHECK;
/*
 * The request being read, or what was to become one, is refused, and nothing more is read. A
 * request that was refused already keeps its answer. False: the connection is closed.
 */
bool exchange_refuse_and_end(struct conn *c, enum refusal refusal,
			     enum conn_close reason) MUST_CHECK;
/* Appends the answers whose turn it is. True: the last of them ends the connection. */
bool exchange_render(struct conn *c, struct buf *out);
/* The connection is gone. Exchanges whose packets are on their way are freed when the fate is
 * known. */
void exchange_abandon_all(struct conn *c);

#endif
