#ifndef WEIR_NODE_ANSWER_BODY_H
#define WEIR_NODE_ANSWER_BODY_H
/*
 * What is kept of an answer's body, whatever brought it: the front that a dead letter quotes, and the body of a
 * success as far as its transfer wants it. And what a whole call of gRPC says.
 */
#include "common/buf.h"
#include "common/grpc/grpc_answer.h"
#include "common/http/http_response.h"
#include "node/send/transfer.h"

#define ANSWER_BODY_MOST_BYTES (1u << 20) /* a longer one is broken off */

struct answer_body {
	size_t n_bytes; /* that came */
	size_t said_len;
	char said[HTTP_RESPONSE_QUOTE_BYTES];
	struct buf kept; /* owned */
};

void answer_body_begin(struct answer_body *b);
void answer_body_deinit(struct answer_body *b);
/* False: it is too long. */
bool answer_body_add(struct answer_body *b, const struct transfer *t, const void *data, size_t len);
/* The answer of an HTTP server is told to the transfer, which must end before the next answer_body_begin. */
void answer_body_tell(const struct answer_body *b, struct transfer *t, int status,
		      int64_t retry_after_s, bool is_whole, bool is_json);
/*
 * The same, of a call; what its stream says of the body is filled in here. False: it is no answer, and *whyp says
 * why (static).
 */
bool answer_body_tell_call(struct answer_body *b, struct transfer *t, struct grpc_stream *stream,
			   int64_t retry_after_s, const char **whyp) MUST_CHECK;

#endif
