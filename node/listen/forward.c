#include "node/listen/forward.h"

#include <stdlib.h>

#include "common/format/msgpack_write.h"

void forward_free(struct forward *f)
{
	free(f);
}

void forward_write_ack(struct buf *out, const char *chunk, size_t n_chunk)
{
	msgpack_write_byte(out, 0x81);
	msgpack_write_str(out, "ack", 3);
	msgpack_write_str(out, chunk, n_chunk);
}
