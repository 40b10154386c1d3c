/*
 * However the bytes are cut, the same frames are found in them. Put into a body, with what goes
 * before each, they are found once more. What is a frame has parts that lie within it.
 */
#include <string.h>

#include "common/buf.h"
#include "common/format/syslog_frame.h"
#include "common/format/syslog_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BYTES 200

static void add_message(struct buf *body, struct format_slice message)
{
	char prefix[SYSLOG_FRAME_PREFIX];
	size_t n = syslog_frame_prefix(message.data, message.len, prefix);
	struct syslog_message m;

	buf_append(body, prefix, n);
	buf_append(body, message.data, message.len);
	if (n == 0)
		buf_append(body, "\n", 1);
	syslog_message_parse(message.data, message.len, &m);
	assert(m.text.data >= message.data);
	assert(m.text.data + m.text.len == message.data + message.len);
}

/* All frames, from pieces of this size; returns how many. */
static size_t read_all(const char *data, size_t len, size_t piece, struct buf *body)
{
	size_t at = 0, n_seen = piece, n_scanned = 0, n_frames = 0;
	struct syslog_frame frame = { 0 };
	bool was_counted = false;

	while (at < len) {
		bool is_end = n_seen >= len;
		size_t n = (is_end ? len : n_seen) - at;
		enum syslog_frame_result r = syslog_frame_read(data + at, n, n_scanned, MAX_BYTES,
							       was_counted, is_end, &frame);

		if (r == SYSLOG_FRAME_LONG || (r == SYSLOG_FRAME_PARTIAL && is_end))
			break;
		if (r == SYSLOG_FRAME_PARTIAL) {
			n_scanned = n;
			n_seen += piece;
			continue;
		}
		assert(frame.n_taken > 0 && frame.n_taken <= n);
		assert(frame.message.len <= MAX_BYTES);
		if (frame.message.len) {
			add_message(body, frame.message);
			was_counted = frame.is_counted;
			n_frames++;
		}
		at += frame.n_taken;
		n_scanned = 0;
		if (at > n_seen)
			n_seen = at;
	}
	return n_frames;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct buf whole = { 0 }, pieces = { 0 };
	struct syslog_frame frame;
	size_t n, n_again = 0;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	n = read_all(copy, len, len, &whole);
	assert(read_all(copy, len, 1, &pieces) == n && pieces.len == whole.len);
	for (size_t at = 0; at < whole.len; at += frame.n_taken) {
		assert(syslog_frame_read(whole.data + at, whole.len - at, 0, whole.len, true, true,
					 &frame) == SYSLOG_FRAME_WHOLE);
		n_again += frame.message.len > 0;
	}
	assert(n_again == n);
	buf_deinit(&whole);
	buf_deinit(&pieces);
	return 0;
}
