/*
 * What a call of gRPC becomes does not depend on how its bytes were cut. A packet has the bytes that
 * its prefix says, and no others. No question about health takes more room than there is for it.
 */
#include <string.h>

#include "node/ingest/grpc_call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BYTES 1000

struct outcome {
	enum refusal refusal;
	enum grpc_serving serving;
	struct buf packet;
};

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static struct grpc_call *new_call(enum grpc_method method, bool is_packed)
{
	struct h2_head head = { 0 };
	struct grpc_call *call;

	h2_head_begin(&head, MAX_BYTES);
	h2_head_take(&head, slice(":path"), slice(grpc_path(method)));
	h2_head_take(&head, slice("grpc-encoding"), slice(is_packed ? "gzip" : "identity"));
	call = grpc_call_new(&head, 0);
	assert(call && call->method == method && call->is_announced == is_packed);
	h2_head_deinit(&head);
	return call;
}

static enum refusal feed(struct grpc_call *call, const char *data, size_t len, struct buf *packet)
{
	struct http_slice input = { data, len }, bytes;
	enum refusal refusal = REFUSAL_NONE;

	while (refusal == REFUSAL_NONE && input.len > 0) {
		refusal = grpc_call_take(call, MAX_BYTES, &input, &bytes);
		assert(bytes.len == 0 ||
		       (bytes.data >= data && bytes.data + bytes.len <= data + len));
		buf_append(packet, bytes.data, bytes.len);
	}
	return refusal;
}

static void run(const char *data, size_t len, uint8_t choice, size_t piece, struct outcome *out)
{
	struct memory_pool pool = { 1 << 20 };
	struct grpc_call *call =
		new_call((enum grpc_method)(GRPC_EXPORT + choice % 3), choice & 0x80);
	struct memory memory;

	*out = (struct outcome){ REFUSAL_NONE };
	memory_init(&memory, &pool);
	for (size_t at = 0; at < len && out->refusal == REFUSAL_NONE; at += piece)
		out->refusal =
			feed(call, data + at, len - at < piece ? len - at : piece, &out->packet);
	if (out->refusal == REFUSAL_NONE)
		out->refusal = grpc_call_end(call, &memory, 1);
	assert(memory.used_bytes == 0);
	out->serving = call->serving;
	free(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct outcome whole, pieces;
	uint8_t choice = len ? data[0] : 0;

	assert(copy);
	if (len)
		memcpy(copy, data + 1, --len);
	run(copy, len, choice, len + 1, &whole);
	run(copy, len, choice, 1, &pieces);
	assert(whole.refusal == pieces.refusal && whole.serving == pieces.serving);
	assert(whole.packet.len == pieces.packet.len);
	if (whole.packet.len)
		assert(memcmp(whole.packet.data, pieces.packet.data, whole.packet.len) == 0);
	if (whole.refusal == REFUSAL_NONE && choice % 3 == 0)
		assert(whole.packet.len == len - GRPC_PREFIX_BYTES);
	buf_deinit(&whole.packet);
	buf_deinit(&pieces.packet);
	return 0;
}
