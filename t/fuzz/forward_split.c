/*
 * However a frame is divided, its packets have all of its messages, each the same tag, in their order,
 * and none is longer than allowed as JSON. A frame that is not divided leaves nothing behind.
 */
#include <string.h>

#include "common/format/format.h"
#include "common/format/msgpack_stream.h"
#include "node/listen/forward_frame.h"
#include "node/listen/forward_split.h"
#include "t/unit/node/listen/listen_bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BODY 300
#define MEMORY_BYTES (256 << 10)

static struct listen_bench bench;
static struct buf events; /* of the packets so far, behind each other */
static struct forward_frame whole;

static void look(struct listen_bench *b, struct packet *p)
{
	struct forward_frame frame;
	int r = packet_make_json(&b->memory, p);

	assert(r == 0 && packet_json(p).len <= MAX_BODY);
	r = forward_frame_read(p->body, p->len, &frame);
	assert(r == 0 && frame.tag.len == whole.tag.len);
	assert(memcmp(frame.tag.data, whole.tag.data, whole.tag.len) == 0);
	buf_append(&events, frame.events.data, frame.events.len);
}

/* In one packet, the frame is as it came; its events may stand in an array, or be a message alone. */
static void send_all(struct parcel *first, uint64_t n_messages)
{
	bool is_alone = !first->next;
	struct parcel *next;

	bench.n_messages = bench.n_packets = 0;
	for (; first; first = next) {
		next = first->next;
		parcel_send(first);
	}
	assert(bench.n_messages == n_messages && (bench.n_packets == 1) == is_alone);
	assert(events.len == whole.events.len);
	assert(events.len == 0 || memcmp(events.data, whole.events.data, events.len) == 0);
	buf_clear(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct format_body body = { copy, 0, { "", 0 }, { "", 0 } };
	struct msgpack_stream end;
	struct format_sink sink = { 0 };
	struct parcel *first = NULL;
	int r;

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	if (!bench.families)
		listen_bench_init(&bench, LISTEN_FORWARD_TCP, MAX_BODY, MEMORY_BYTES);
	bench.look = look;
	msgpack_stream_init(&end);
	if (msgpack_stream_read(&end, copy, len, len) != 0)
		return 0;
	body.len = (size_t)end.n_bytes; /* one frame, as its reader hands it on */
	if (format_read(FORMAT_FORWARD, &body, &sink) != 0 ||
	    forward_frame_read(copy, body.len, &whole) != 0)
		return 0;
	r = forward_split(bench.source, &(struct group_part){ copy, body.len }, sink.n_messages,
			  NULL, &first);
	assert((r == 0) == (first != NULL));
	if (r == 0)
		send_all(first, sink.n_messages);
	listen_bench_check(&bench);
	return 0;
}
