/* Whole or byte by byte, a value ends in the same place, and where the reader of items says. */
#include <string.h>

#include "common/format/msgpack.h"
#include "common/format/msgpack_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct msgpack_stream whole, pieces;
	struct msgpack_cursor c = { copy, copy + len };
	int r, r_pieces = MSGPACK_STREAM_E_PARTIAL;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	msgpack_stream_init(&whole);
	msgpack_stream_init(&pieces);
	r = msgpack_stream_read(&whole, copy, len, MAX_BYTES);
	for (size_t n = 0; n <= len && r_pieces == MSGPACK_STREAM_E_PARTIAL; n++)
		r_pieces = msgpack_stream_read(&pieces, copy, n, MAX_BYTES);
	assert(r == r_pieces);
	assert(r != 0 || whole.n_bytes == pieces.n_bytes);
	if (len <= MAX_BYTES && msgpack_skip(&c, 256) == 0)
		assert(r == 0 && whole.n_bytes == (uint64_t)(c.at - copy));
	return 0;
}
