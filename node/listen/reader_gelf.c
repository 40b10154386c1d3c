/* GELF over TCP, each message ended by a NUL, and over UDP, whole or in chunks, compressed or not. */
#include "common/format/format_route.h"
#include "node/listen/group.h"
#include "node/listen/reader.h"

/* Windows' writers of text begin with a byte order mark. */
static struct format_slice pass_over_mark(const char *data, size_t len)
{
	struct format_body body = { data, len, { "", 0 }, { "", 0 } };
	size_t n = format_mark_len(&body, (struct format_slice){ "", 0 });

	return (struct format_slice){ data + n, len - n };
}

static uint64_t count(const char *data, size_t len)
{
	struct format_body body = { data, len, { "", 0 }, { "", 0 } };
	struct format_sink sink = { 0 };

	return format_read(FORMAT_GELF, &body, &sink) == 0 ? sink.n_messages : 0;
}

static int add(struct source *source, const char *data, size_t len, uint64_t n_messages)
{
	struct group_part parts[] = { { data, len }, { "\n", 1 } };

	return group_add(source, parts, ARRAY_LEN(parts), n_messages);
}

static bool is_blank(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", data[i]))
			return false;
	return true;
}

/* ---- TCP ---- */

static int take(struct stream *s, const char *data, size_t len, bool is_end, size_t *n_takenp)
{
	size_t from = s->n_scanned < len ? s->n_scanned : len;
	const char *stop = memchr(data + from, '\0', len - from);
	size_t n = stop ? (size_t)(stop - data) : len;
	struct format_slice message;
	uint64_t n_messages;
	int r;

	if (n > s->shared->config.max_body_bytes) {
		listen_refuse(s->shared, s->port, LISTEN_DROP_TOO_LONG, &s->peer);
		s->is_skipping = true;
		return 0;
	}
	if (!stop && !is_end)
		return STREAM_E_PARTIAL;
	*n_takenp = stop ? n + 1 : n;
	if (is_blank(data, n))
		return 0;
	message = pass_over_mark(data, n);
	n_messages = count(message.data, message.len);
	if (n_messages == 0) {
		listen_refuse(s->shared, s->port, LISTEN_DROP_BAD_FORMAT, &s->peer);
		return 0;
	}
	r = add(s->source, message.data, message.len, n_messages);
	if (r == GROUP_E_LONG)
		listen_refuse(s->shared, s->port, LISTEN_DROP_TOO_LONG, &s->peer);
	if (r >= 0)
		return 0;
	*n_takenp = 0;
	return STREAM_E_HELD;
}

const struct stream_reader reader_gelf = { .take = take, .skips_to = '\0' };

/* ---- UDP ---- */

static void take_message(struct listen_shared *s, const struct net_addr *peer, const char *data,
			 size_t len)
{
	struct format_slice message = pass_over_mark(data, len);
	uint64_t n_messages = count(message.data, message.len);
	struct source *source;
	int r = -ENOMEM;

	if (n_messages == 0) {
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_BAD_FORMAT, peer);
		return;
	}
	source = source_get(s, LISTEN_GELF_UDP, peer);
	if (source && !source_is_full(source))
		r = add(source, message.data, message.len, n_messages);
	if (r < 0)
		listen_drop(s, LISTEN_GELF_UDP, LISTEN_DROP_QUEUE_FULL, 1);
	else if (r == GROUP_E_LONG)
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_TOO_LONG, peer);
	if (source)
		source_put(source);
}

static void unpack(struct listen_shared *s, const struct net_addr *peer, const char *data,
		   size_t len)
{
	struct codec_names none = { 0 };
	struct codec_bytes bytes;
	int r = codec_unpack(s->codec, data, len, &none, s->config.max_body_bytes, &bytes);

	if (r == 0)
		take_message(s, peer, bytes.data, bytes.len);
	else if (r == CODEC_E_TOO_LARGE)
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_TOO_LONG, peer);
	else if (r == CODEC_E_RATIO)
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_EXPANDS, peer);
	else if (r > 0)
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_BAD_ENCODING, peer);
	else
		listen_drop(s, LISTEN_GELF_UDP, LISTEN_DROP_QUEUE_FULL, 1);
	codec_release(s->codec);
}

void reader_gelf_datagram(struct listen_shared *s, struct gelf_chunks *chunks,
			  const struct net_addr *peer, const char *data, size_t len)
{
	struct gelf_whole whole = { 0 };

	if (!gelf_chunk_is_one(data, len)) {
		unpack(s, peer, data, len);
		return;
	}
	switch (gelf_chunks_add(chunks, peer, data, len, s->now_us, &whole)) {
	case GELF_CHUNK_WHOLE:
		unpack(s, peer, whole.data, whole.len);
		gelf_whole_free(chunks, &whole);
		break;
	case GELF_CHUNK_BAD:
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_BAD_CHUNK, peer);
		break;
	case GELF_CHUNK_LONG:
		listen_refuse(s, LISTEN_GELF_UDP, LISTEN_DROP_TOO_LONG, peer);
		break;
	case GELF_CHUNK_NO_ROOM:
		listen_drop(s, LISTEN_GELF_UDP, LISTEN_DROP_QUEUE_FULL, 1);
		break;
	case GELF_CHUNK_KEPT:
		break;
	}
}
