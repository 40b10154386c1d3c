#ifndef WEIR_NODE_H2_SESSION_H
#define WEIR_NODE_H2_SESSION_H
/*
 * An HTTP/2 connection of an agent: requests that common/h2 reads become streams (h2_stream.h), and each
 * end of it has its reason. For exchange_h2.c, which gives it bytes and takes answers to it.
 */
#include "common/h2/h2_server.h"
#include "node/ingest/h2_memory.h"
#include "node/ingest/h2_stream.h"

struct exchange_h2 {
	struct conn_dirty due; /* first, so that it is found again */
	struct exchange_h2 *prev, *next;
	struct h2_streams streams; /* with the connection */
	struct h2_server server;
	struct h2_memory memory;      /* of its session */
	struct h2_stream *delayed;    /* its answer is held back: too many wrong tokens came */
	uint64_t heard_us, pinged_us; /* when the client last sent anything, and was asked to */
	uint32_t window;
	bool at_eof;
};

static inline struct conn_shared *h2_session_shared(const struct exchange_h2 *h)
{
	return h->streams.connection->shared;
}

/* -ENOMEM; then exchange_h2_free does what is left. */
int h2_session_start(struct exchange_h2 *h) MUST_CHECK;
/* It gets its turn to write. */
void h2_session_mark_due(struct exchange_h2 *h);
/* No request is taken from now on. */
void h2_session_stop(struct exchange_h2 *h);
/* Why it ends, unless that is known already. */
void h2_session_give_reason(struct exchange_h2 *h, enum conn_close reason);
/* Ends it with an error code of HTTP/2 as its last word. */
void h2_session_end(struct exchange_h2 *h, enum conn_close reason, uint32_t code);
/* Resets a stream, once. */
void h2_session_give_up(struct exchange_h2 *h, struct h2_stream *s, uint32_t code);
/* After a stream has taken something, with its result. */
void h2_session_follow(struct exchange_h2 *h, struct h2_stream *s, int result);

#endif
