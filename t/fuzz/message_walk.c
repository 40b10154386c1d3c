/*
 * A packet has as many messages as were counted, and whatever is in one, every sink writes JSON on one line.
 */
#include <stdint.h>
#include <string.h>

#include "analyzer/message/message_walk.h"
#include "analyzer/sink/sink_kind.h"
#include "common/json/json_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct origin origin = { "a1", "n1", "default", { "p\\u0031", 7 } };

static int on_message(const struct message *m, void *arg)
{
	static int (*const writers[])(const struct sink_message *,
				      struct buf *) = { gelf_write, loki_write, otlp_write,
							lines_write };
	struct sink_message sm = { m, &origin, "", 0 };
	uint64_t *n_messages = arg;
	struct buf out = { 0 };

	++*n_messages;
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		size_t n_line;

		buf_clear(&out);
		assert(writers[i](&sm, &out) == 0 && !out.failed && out.len > 0);
		n_line = out.len - (out.data[out.len - 1] == '\n');
		assert(!memchr(out.data, '\n', n_line));
		assert(json_scan_document(out.data, n_line, JSON_BATCH_MAX_DEPTH) == 0);
	}
	buf_deinit(&out);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct message m;
	struct json_packet packet;
	uint64_t n_messages = 0;
	AUTO_FREE char *body = malloc(len + 1);

	assert(body);
	if (len)
		memcpy(body, data, len);
	if (json_packet_read(body, len, JSON_MAX_DEPTH, &packet))
		return 0;
	m.now_ns = 1764378000000000000;
	assert(message_walk(&m, packet.raw.data, packet.raw.len, on_message, &n_messages) == 0);
	assert(n_messages == packet.n_messages);
	return 0;
}
