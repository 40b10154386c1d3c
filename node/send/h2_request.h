#ifndef WEIR_NODE_H2_REQUEST_H
#define WEIR_NODE_H2_REQUEST_H
/*
 * One transfer as a stream of HTTP/2: its fields, where its next byte is, and what came back. No I/O.
 */
#include <nghttp2/nghttp2.h>

#include "node/send/answer_body.h"

#define H2_REQUEST_HEAD_BYTES (128u << 10) /* of an answer's fields, at most */

enum h2_end {
	H2_END_WHOLE,   /* its stream was closed, see error_code */
	H2_END_REFUSED, /* the server has not looked at it, and says so */
	H2_END_LOST     /* its connection was */
};

struct h2_request {
	TAILQ_ENTRY(h2_request) link;
	struct transfer *transfer; /* NULL: nobody waits for it any more */
	struct h2_link *owner;     /* borrowed; NULL: it is on no connection */
	int32_t id;                /* of its stream; -1: it has none yet */
	bool met_idle;             /* its connection had been idle when it was sent */
	unsigned n_reads_before, n_writes_before; /* of its connection, when it was sent */
	enum h2_end end;
	uint32_t error_code; /* of HTTP/2 */
	struct transfer_place place;
	size_t n_sent;         /* of the body */
	int status;            /* of the answer; 0: none yet */
	int64_t retry_after_s; /* -1: not said */
	bool is_json;
	size_t n_head_bytes;
	char *grpc[3]; /* owned: grpc-status, grpc-message, grpc-status-details-bin */
	struct answer_body body;
};
TAILQ_HEAD(h2_request_list, h2_request);

/* NULL: out of memory. */
struct h2_request *h2_request_new(struct transfer *t);
void h2_request_free(struct h2_request *r);
/* It is sent again, from its begin. */
void h2_request_rewind(struct h2_request *r);
/* Submits it: r->id. -ENOMEM; -EPROTO: nghttp2 does not take it. */
int h2_request_submit(struct h2_request *r, nghttp2_session *session, const char *scheme,
		      const char *authority, const char *path) MUST_CHECK;
/* A field of the answer's header section, or of its trailers. False: these are too long. */
bool h2_request_take_field(struct h2_request *r, const uint8_t *name, size_t n_name,
			   const uint8_t *value, size_t n_value);
/* Ends the transfer with what came: is_whole says whether that is all. on_done runs. */
void h2_request_tell(struct h2_request *r, bool is_whole, enum transfer_result otherwise,
		     const char *error);

#endif
