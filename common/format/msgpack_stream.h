#ifndef WEIR_COMMON_MSGPACK_STREAM_H
#define WEIR_COMMON_MSGPACK_STREAM_H
/*
 * Where one value of MessagePack ends in bytes that come piece by piece. No byte is looked at twice,
 * and nothing is kept but two numbers, whatever is nested in the value. Pure.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define MSGPACK_STREAM_E_PARTIAL 1 /* more bytes are needed */
#define MSGPACK_STREAM_E_SYNTAX 2
#define MSGPACK_STREAM_E_LONG 3 /* the value needs more than max_bytes */

struct msgpack_stream {
	uint64_t n_bytes;   /* up to here the value was read */
	uint64_t n_pending; /* values that must follow */
};

void msgpack_stream_init(struct msgpack_stream *s);
/* `data`: all bytes of the value so far, from its first. 0: it is whole, and has n_bytes. */
int msgpack_stream_read(struct msgpack_stream *s, const char *data, size_t len,
			size_t max_bytes) MUST_CHECK;

#endif
