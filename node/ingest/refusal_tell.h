#ifndef WEIR_NODE_REFUSAL_TELL_H
#define WEIR_NODE_REFUSAL_TELL_H
/*
 * Who learns of a request that is refused: metrics of each one, the log and the page of those that
 * agents do not repeat. 4xx make agents drop what they sent, so each is told with its sender.
 */
#include "common/net/net.h"
#include "node/ingest/conn_shared.h"

void refusal_count(struct conn_shared *shared, const struct answer *answer, enum refusal refusal);
/* Counts it, too. client_name: of the certificate; NULL: none. path: as it was sent; empty where it
 * is not known. */
void refusal_tell(struct conn_shared *shared, const struct net_addr *peer, const char *client_name,
		  const struct answer *answer, enum refusal refusal, struct http_slice path);
/* A packet has been in this pool before: somebody has to take an analyzer away. */
void refusal_tell_circle(const struct http_head *head, enum refusal refusal);

#endif
