#include "node/listen/forward_split.h"

#include <assert.h>

#include "common/format/msgpack.h"
#include "common/format/msgpack_write.h"
#include "node/listen/forward_frame.h"
#include "node/packet/packet_form.h"

#define DEPTH 256
#define MORE_PART 4  /* of max-body: that the packets may have more than the frame, by their tags */
#define JSON_TIMES 8 /* max-body: how much JSON may be made of one frame, as it is made at once */
#define HEAD_BYTES 16 /* of a frame: those of its array, its tag and its bytes */

struct split {
	struct source *source;
	struct parcel_chunk *chunk;
	struct format_slice tag;
	size_t max_bytes;     /* max-body */
	size_t n_left;        /* bytes that the packets may still have, all together */
	size_t json_left;     /* bytes of JSON that may still be made, fit or not */
	struct parcel **endp; /* of the list */
};

static int split_add(struct split *s, const struct group_part *frame, uint64_t n_messages)
{
	struct parcel *parcel;
	size_t n_json = s->max_bytes;
	int r = group_make_alone(s->source, frame, n_messages, s->chunk, &parcel);

	if (r == 0)
		n_json = packet_json(parcel->packet).len;
	s->json_left -= n_json < s->json_left ? n_json : s->json_left;
	if (r != 0)
		return r;
	/* many forms at once could need more memory than there is: lanes make them again */
	packet_forget_json(s->source->shared->config.memory, parcel->packet);
	*s->endp = parcel;
	s->endp = &parcel->next;
	return 0;
}

/* As a frame in packed mode. */
static int add_events(struct split *s, const char *data, size_t len, uint64_t n)
{
	struct memory *memory = s->source->shared->config.memory;
	size_t n_bytes = s->tag.len + len + HEAD_BYTES;
	struct buf out = { 0 };
	int r = -ENOMEM;

	if (n_bytes > s->n_left || s->json_left == 0 || n * s->tag.len > s->max_bytes)
		return GROUP_E_LONG;
	if (!memory_take(memory, n_bytes))
		return -ENOMEM;
	if (buf_reserve(&out, n_bytes) == 0) {
		msgpack_write_byte(&out, 0x92);
		msgpack_write_str(&out, s->tag.data, s->tag.len);
		msgpack_write_bin(&out, data, len);
		assert(!out.failed && out.len <= n_bytes); /* HEAD_BYTES are enough */
		r = split_add(s, &(struct group_part){ out.data, out.len }, n);
	}
	buf_deinit(&out);
	memory_give(memory, n_bytes);
	if (r == 0)
		s->n_left -= n_bytes;
	return r;
}

/* The events were read before: they are well-formed. Recurses as often as their number is halved. */
static int add_halves(struct split *s, const char *data, size_t len, uint64_t n)
{
	struct msgpack_cursor c = { data, data + len };
	int r = add_events(s, data, len, n);

	if (r != GROUP_E_LONG || n < 2)
		return r;
	for (uint64_t i = 0; i < n / 2; i++)
		if (msgpack_skip(&c, DEPTH))
			return GROUP_E_LONG;
	r = add_halves(s, data, (size_t)(c.at - data), n / 2);
	return r ? r : add_halves(s, c.at, (size_t)(c.end - c.at), n - n / 2);
}

static void free_all(struct parcel *first)
{
	struct parcel *next;

	for (; first; first = next) {
		next = first->next;
		parcel_free(first);
	}
}

int forward_split(struct source *source, const struct group_part *frame, uint64_t n_messages,
		  struct parcel_chunk *chunk, struct parcel **firstp)
{
	size_t max_bytes = source->shared->config.max_body_bytes;
	struct split s = { .source = source,
			   .chunk = chunk,
			   .max_bytes = max_bytes,
			   .json_left = (JSON_TIMES - 1) * max_bytes,
			   .endp = firstp };
	struct forward_frame parts;
	int r;

	*firstp = NULL;
	r = group_make_alone(source, frame, n_messages, chunk, firstp);
	if (r != GROUP_E_LONG || n_messages < 2 ||
	    forward_frame_read(frame->data, frame->len, &parts) != 0)
		return r;
	s.tag = parts.tag;
	s.n_left = frame->len + max_bytes / MORE_PART;
	r = add_halves(&s, parts.events.data, parts.events.len, n_messages);
	if (r != 0) {
		free_all(*firstp);
		*firstp = NULL;
	}
	assert((r == 0) == (*firstp != NULL));
	return r;
}
