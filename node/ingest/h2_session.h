#ifndef WEIR_NODE_H2_SESSION_H
#define WEIR_NODE_H2_SESSION_H
/*
 * An HTTP/2 connection to nghttp2: what it tells of frames that came becomes streams (h2_stream.h),
 * and what floods ends. For exchange_h2.c, which gives it bytes and takes answers to it.
 */
#include <nghttp2/nghttp2.h>

#include "node/ingest/h2_budget.h"
#include "node/ingest/h2_memory.h"
#include "node/ingest/h2_stream.h"

/* How far its end is. */
enum h2_stage {
	H2_OPEN,
	H2_LAST_CALL, /* the client was told to send no more requests; those on their way are taken */
	H2_CLOSING    /* none is taken any more; it ends with its last stream */
};

struct exchange_h2 {
	struct conn_dirty due; /* first, so that it is found again */
	struct exchange_h2 *prev, *next;
	struct h2_streams streams; /* with the connection */
	nghttp2_session *session;
	struct h2_memory memory; /* of the session */
	struct h2_head head;     /* of the request whose header section is coming */
	struct h2_budget budget;
	struct h2_stream *delayed; /* its answer is held back: too many wrong tokens came */
	enum h2_stage stage;
	uint64_t last_call_us;
	uint64_t heard_us, pinged_us; /* when the client last sent anything, and was asked to */
	uint32_t window;
	int32_t last_begun; /* the highest stream that the client has begun */
	bool has_settings;  /* the client's first frame has come */
	bool is_in_head;    /* a header section has begun, and is not whole */
	bool at_eof;
	bool is_broken; /* there was no memory for its last word: it is closed without one */
};

static inline struct conn_shared *h2_session_shared(const struct exchange_h2 *h)
{
	return h->streams.connection->shared;
}

/* An answer, with its body; NULL: without one. nghttp2_submit_response, for which there is memory. */
int h2_session_answer(struct exchange_h2 *h, const struct h2_stream *s, const nghttp2_nv *nvs,
		      size_t n, const nghttp2_data_provider *body) MUST_CHECK;
static inline nghttp2_nv h2_session_field(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)name,
			     .namelen = strlen(name),
			     .value = (uint8_t *)value,
			     .valuelen = strlen(value) };
}

/* -ENOMEM; then exchange_h2_free does what is left. */
int h2_session_start(struct exchange_h2 *h) MUST_CHECK;
/* It gets its turn to write. */
void h2_session_mark_due(struct exchange_h2 *h);
/* No request is taken from now on. */
void h2_session_stop(struct exchange_h2 *h);
/* Ends it with an error code of HTTP/2 as its last word. */
void h2_session_end(struct exchange_h2 *h, enum conn_close reason, uint32_t code);
/* Resets a stream, once. */
void h2_session_give_up(struct exchange_h2 *h, struct h2_stream *s, uint32_t code);
/* After a stream has taken something, with its result. */
void h2_session_follow(struct exchange_h2 *h, struct h2_stream *s, int result);
void h2_session_log_flood(const struct exchange_h2 *h, const char *frame);

#endif
