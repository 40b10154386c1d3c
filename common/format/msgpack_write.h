#ifndef WEIR_COMMON_MSGPACK_WRITE_H
#define WEIR_COMMON_MSGPACK_WRITE_H
/* The little MessagePack that the forward protocol needs. */
#include <stdint.h>

#include "common/buf.h"

static inline void msgpack_write_byte(struct buf *out, unsigned byte)
{
	char c = (char)byte;

	buf_append(out, &c, 1);
}

static inline void msgpack_write_size(struct buf *out, unsigned head, size_t n)
{
	char bytes[] = { (char)head, (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	buf_append(out, bytes, sizeof(bytes));
}

static inline void msgpack_write_str(struct buf *out, const char *data, size_t len)
{
	if (len < 32)
		msgpack_write_byte(out, 0xa0 | (unsigned)len);
	else
		msgpack_write_size(out, 0xdb, len);
	buf_append(out, data, len);
}

static inline void msgpack_write_bin(struct buf *out, const char *data, size_t len)
{
	msgpack_write_size(out, 0xc6, len);
	buf_append(out, data, len);
}

#endif
