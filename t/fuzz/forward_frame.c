/*
 * What a frame says of itself lies within it. The frame that a node makes of its packed events has
 * the same tag, and as many messages as the reader of events finds in the first one.
 */
#include <string.h>

#include "common/buf.h"
#include "common/format/format.h"
#include "common/format/msgpack_stream.h"
#include "common/format/msgpack_write.h"
#include "node/listen/forward_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool is_within(struct format_slice part, const char *data, size_t len)
{
	return part.len == 0 || (part.data >= data && part.data + part.len <= data + len);
}

/* 0: they are no events. */
static uint64_t count(const char *data, size_t len)
{
	struct format_body body = { data, len, { "", 0 }, { "", 0 } };
	struct format_sink sink = { 0 };

	return format_read(FORMAT_FORWARD, &body, &sink) == 0 ? sink.n_messages : 0;
}

/* The frame that the node makes of packed events has the same tag and as many messages. */
static void check_packed(const struct forward_frame *frame, uint64_t n_messages)
{
	struct forward_frame again;
	struct buf out = { 0 };

	msgpack_write_byte(&out, 0x92);
	msgpack_write_str(&out, frame->tag.data, frame->tag.len);
	msgpack_write_bin(&out, frame->packed.data, frame->packed.len);
	assert(forward_frame_read(out.data, out.len, &again) == 0);
	assert(again.tag.len == frame->tag.len && again.packed.len == frame->packed.len);
	assert(memcmp(again.packed.data, frame->packed.data, frame->packed.len) == 0);
	assert(again.chunk.len == 0 && !again.is_compressed);
	assert(n_messages == 0 || count(out.data, out.len) == n_messages);
	buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct forward_frame frame;
	struct msgpack_stream end;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	if (forward_frame_read(copy, len, &frame) != 0)
		return 0;
	assert(is_within(frame.tag, copy, len));
	assert(is_within(frame.packed, copy, len));
	assert(is_within(frame.chunk, copy, len));
	msgpack_stream_init(&end);
	if (frame.packed.len && msgpack_stream_read(&end, copy, len, len) == 0)
		check_packed(&frame, count(copy, (size_t)end.n_bytes));
	return 0;
}
