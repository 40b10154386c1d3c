/*
 * The forward protocol of Fluentd and Fluent Bit. A frame with a chunk is a packet of its own, or several
 * where it is too long as JSON. It is acknowledged when these have their fate. Others are gathered.
 */
#include <assert.h>
#include <sys/socket.h>

#include "common/conf/conf_reload.h"
#include "common/format/msgpack_write.h"
#include "node/listen/forward.h"
#include "node/listen/forward_frame.h"
#include "node/listen/forward_split.h"
#include "node/listen/group.h"
#include "node/listen/reader.h"

#define PING_MAX_BYTES 4096

static const char *key_of(const struct stream *s)
{
	const char *key = conf_string(s->shared->config.keyp);

	return key ? key : conf_string(s->shared->config.tokenp);
}

static int begin(struct stream *s)
{
	struct forward *f = calloc(1, sizeof(*f));

	assert(!s->forward); /* it begins once: at once, or after the handshake */
	s->forward = f;
	if (!f)
		return -ENOMEM;
	msgpack_stream_init(&f->end);
	f->awaits_ping = key_of(s) != NULL;
	if (!f->awaits_ping)
		return 0;
	if (forward_hello_make_nonce(f->nonce) != 0)
		return -ENOMEM;
	forward_hello_write(stream_out(s), f->nonce);
	return 0;
}

static int refuse(struct stream *s, enum listen_drop drop)
{
	listen_refuse(s->shared, s->port, drop, &s->peer);
	return STREAM_E_CLOSE;
}

/* The key may have been taken away since the HELO: then nobody proves anything. */
static int take_ping(struct stream *s, const char *data, size_t len)
{
	const char *key = key_of(s);
	bool is_proven = key && forward_hello_judge(data, len, s->forward->nonce, key,
						    s->shared->config.host, stream_out(s));

	if (is_proven) {
		s->forward->awaits_ping = false;
		return 0;
	}
	if (s->out.len)
		stream_tls_write(&s->tls, s->fd, s->out.data, s->out.len);
	return refuse(s, LISTEN_DROP_UNAUTHORIZED);
}

/* Messages that came before go before. The list is taken. */
static void send_all(struct stream *s, struct parcel *first)
{
	struct parcel *next;

	for (struct parcel *p = first; p; p = p->next)
		if (p->chunk)
			stream_wait_for(s, p);
	group_flush(s->source);
	for (; first; first = next) {
		next = first->next;
		parcel_send(first);
	}
}

/* 0, -ENOMEM, GROUP_E_LONG. Nobody is told of a frame without a name. */
static int send_alone(struct stream *s, const struct group_part *frame, uint64_t n_messages,
		      const struct format_slice *name)
{
	struct memory *memory = s->shared->config.memory;
	struct parcel_chunk *chunk = NULL;
	struct parcel *first = NULL;
	int r = 0;

	if (name->len) {
		chunk = parcel_chunk_new(memory, name);
		if (!chunk)
			return -ENOMEM;
	}
	r = forward_split(s->source, frame, n_messages, chunk, &first);
	parcel_chunk_put(memory, chunk);
	if (r == 0)
		send_all(s, first);
	return r;
}

/* 0, -ENOMEM: there is no room now, or STREAM_E_CLOSE. */
static int add(struct stream *s, const char *data, size_t len, const struct format_slice *chunk)
{
	struct format_body body = { data, len, { "", 0 }, { "", 0 } };
	struct group_part part = { data, len };
	struct format_sink sink = { 0 };
	int r = format_read(FORMAT_FORWARD, &body, &sink);

	if (r == FORMAT_E_EMPTY) {
		if (chunk->len)
			forward_write_ack(stream_out(s), chunk->data, chunk->len);
		return 0;
	}
	if (r != 0)
		return refuse(s, LISTEN_DROP_BAD_FORMAT);
	if (chunk->len)
		r = send_alone(s, &part, sink.n_messages, chunk);
	else
		r = group_add(s->source, &part, 1, sink.n_messages);
	if (r == GROUP_E_LONG && !chunk->len)
		r = send_alone(s, &part, sink.n_messages, chunk);
	if (r == GROUP_E_LONG)
		return refuse(s, LISTEN_DROP_TOO_LONG);
	return r;
}

/* As a frame whose events are not compressed. */
static int add_unpacked(struct stream *s, const struct forward_frame *frame,
			const struct codec_bytes *bytes)
{
	struct memory *memory = s->shared->config.memory;
	size_t n = frame->tag.len + bytes->len + 16;
	struct buf out = { 0 };
	int r = -ENOMEM;

	if (!memory_take(memory, n))
		return -ENOMEM;
	if (buf_reserve(&out, n) == 0) {
		msgpack_write_byte(&out, 0x92);
		msgpack_write_str(&out, frame->tag.data, frame->tag.len);
		msgpack_write_bin(&out, bytes->data, bytes->len);
		r = add(s, out.data, out.len, &frame->chunk);
	}
	buf_deinit(&out);
	memory_give(memory, n);
	return r;
}

static int unpack(struct stream *s, const struct forward_frame *frame)
{
	struct listen_shared *shared = s->shared;
	struct codec_names none = { 0 };
	struct codec_bytes bytes;
	int r = codec_unpack(shared->codec, frame->packed.data, frame->packed.len, &none,
			     shared->config.max_body_bytes, &bytes);

	if (r == 0)
		r = add_unpacked(s, frame, &bytes);
	else if (r == CODEC_E_TOO_LARGE)
		r = refuse(s, LISTEN_DROP_TOO_LONG);
	else if (r == CODEC_E_RATIO)
		r = refuse(s, LISTEN_DROP_EXPANDS);
	else if (r > 0)
		r = refuse(s, LISTEN_DROP_BAD_ENCODING);
	codec_release(shared->codec);
	return r;
}

static int take_entries(struct stream *s, const char *data, size_t len)
{
	struct forward_frame frame;
	int r;

	if (forward_frame_read(data, len, &frame) != 0)
		return refuse(s, LISTEN_DROP_BAD_FORMAT);
	if (frame.is_compressed && frame.packed.len)
		r = unpack(s, &frame);
	else
		r = add(s, data, len, &frame.chunk);
	return r == -ENOMEM ? STREAM_E_HELD : r;
}

static int take(struct stream *s, const char *data, size_t len, bool is_end, size_t *n_takenp)
{
	struct forward *f = s->forward;
	size_t n;
	uint64_t max_bytes = f->awaits_ping ? PING_MAX_BYTES : s->shared->config.max_body_bytes;
	int r = msgpack_stream_read(&f->end, data, len, max_bytes);

	(void)is_end;
	if (r == MSGPACK_STREAM_E_PARTIAL)
		return STREAM_E_PARTIAL;
	if (r == MSGPACK_STREAM_E_LONG)
		return refuse(s, f->awaits_ping ? LISTEN_DROP_UNAUTHORIZED : LISTEN_DROP_TOO_LONG);
	if (r != 0)
		return refuse(s, LISTEN_DROP_BAD_FORMAT);
	n = (size_t)f->end.n_bytes;
	r = f->awaits_ping ? take_ping(s, data, n) : take_entries(s, data, n);
	if (r != 0)
		return r;
	msgpack_stream_init(&f->end);
	*n_takenp = n;
	return 0;
}

const struct stream_reader reader_forward = { .take = take, .begin = begin };
