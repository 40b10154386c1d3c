#ifndef WEIR_NODE_FORWARD_H
#define WEIR_NODE_FORWARD_H
/* A connection of the forward protocol: whether its sender is trusted, and where a frame ends. */
#include "common/buf.h"
#include "common/format/msgpack_stream.h"
#include "node/listen/forward_hello.h"

struct forward {
	struct msgpack_stream end; /* of the first frame */
	bool awaits_ping;
	char nonce[FORWARD_NONCE_BYTES];
};

void forward_free(struct forward *f);
/* {"ack": chunk} */
void forward_write_ack(struct buf *out, const char *chunk, size_t n_chunk);

#endif
