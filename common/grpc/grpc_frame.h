#ifndef WEIR_COMMON_GRPC_FRAME_H
#define WEIR_COMMON_GRPC_FRAME_H
/*
 * The one message that a unary call of gRPC sends, out of the bytes of its stream: a byte that says
 * whether it is compressed, four with its length, and its bytes. Pure: it owns no memory but
 * this struct, and what comes out does not depend on how the bytes were cut.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/http/http.h"

#define GRPC_PREFIX_BYTES 5

struct grpc_frame {
	unsigned char prefix[GRPC_PREFIX_BYTES];
	unsigned n_prefix;  /* bytes of it that are there */
	bool is_compressed; /* the prefix is whole: what it says */
	uint32_t len;       /* of the message */
	uint32_t n_left;    /* of the message, to come */
};

enum grpc_frame_event {
	GRPC_FRAME_MORE,   /* all bytes that were given are used up */
	GRPC_FRAME_BEGINS, /* the prefix is whole */
	GRPC_FRAME_BYTES,  /* *bytesp is of the message */
	GRPC_FRAME_BAD     /* no such prefix, or bytes behind the message */
};

/* One event at a time: takes its bytes from the front of *inputp. Call it until GRPC_FRAME_MORE or
 * GRPC_FRAME_BAD. */
enum grpc_frame_event grpc_frame_feed(struct grpc_frame *f, struct http_slice *inputp,
				      struct http_slice *bytesp);
/* The message has come, whole. */
bool grpc_frame_is_whole(const struct grpc_frame *f);
/* The prefix of a message that is not compressed. */
void grpc_frame_write_prefix(char prefix[GRPC_PREFIX_BYTES], uint32_t len);

#endif
