#ifndef WEIR_NODE_ANSWER_GRPC_H
#define WEIR_NODE_ANSWER_GRPC_H
/*
 * Answers to calls of gRPC, as text like those of HTTP/1.1. A refusal is a header section alone, with
 * its status. A success has a message as its body, and h2_stream.h sends the status behind it. Pure.
 */
#include "node/ingest/answer.h"

/* answer->grpc says that it is one. */
void answer_grpc_write(struct buf *out, const struct answer *answer,
		       const struct answer_date *date);

#endif
