/* Syslog over TCP, as RFC 6587 has it, and over UDP, a message in each datagram. */
#include "common/format/syslog_frame.h"
#include "node/listen/group.h"
#include "node/listen/reader.h"

const struct stream_reader *reader_of(enum listen_port port)
{
	static const struct stream_reader *const readers[LISTEN_KINDS] = {
		[LISTEN_SYSLOG] = &reader_syslog,
		[LISTEN_GELF] = &reader_gelf,
		[LISTEN_FORWARD] = &reader_forward,
	};

	return readers[listen_port_kind(port)];
}

/* Frames that begin as a line does are lines in the packet, too. */
static int add(struct source *source, const struct format_slice *message)
{
	char prefix[SYSLOG_FRAME_PREFIX];
	size_t n = syslog_frame_prefix(message->data, message->len, prefix);
	struct group_part parts[] = {
		{ prefix, n },
		{ message->data, message->len },
		{ "\n", n == 0 },
	};

	return group_add(source, parts, ARRAY_LEN(parts), 1);
}

static int take(struct stream *s, const char *data, size_t len, bool is_end, size_t *n_takenp)
{
	struct syslog_frame frame;
	int r = 0;

	switch (syslog_frame_read(data, len, s->n_scanned, s->shared->config.max_body_bytes,
				  s->was_counted, is_end, &frame)) {
	case SYSLOG_FRAME_PARTIAL:
		return STREAM_E_PARTIAL;
	case SYSLOG_FRAME_LONG:
		listen_refuse(s->shared, s->port, LISTEN_DROP_TOO_LONG, &s->peer);
		s->n_skip = frame.n_skip;
		s->is_skipping = !frame.n_skip;
		s->was_counted = frame.is_counted;
		return 0;
	case SYSLOG_FRAME_WHOLE:
		break;
	}
	if (frame.message.len)
		r = add(s->source, &frame.message);
	if (r < 0)
		return STREAM_E_HELD;
	if (r == GROUP_E_LONG)
		listen_refuse(s->shared, s->port, LISTEN_DROP_TOO_LONG, &s->peer);
	if (frame.message.len)
		s->was_counted = frame.is_counted;
	*n_takenp = frame.n_taken;
	return 0;
}

const struct stream_reader reader_syslog = { .take = take, .skips_to = '\n' };

void reader_syslog_datagram(struct listen_shared *s, const struct net_addr *peer, const char *data,
			    size_t len)
{
	struct format_slice message = { data, len };
	struct source *source;
	int r = -ENOMEM;

	while (message.len && strchr("\r\n", message.data[message.len - 1]))
		message.len--; /* strchr finds the NUL, too */
	if (!message.len)
		return;
	source = source_get(s, LISTEN_SYSLOG_UDP, peer);
	if (message.len > s->config.max_body_bytes)
		r = GROUP_E_LONG;
	else if (source && !source_is_full(source))
		r = add(source, &message);
	if (r < 0)
		listen_drop(s, LISTEN_SYSLOG_UDP, LISTEN_DROP_QUEUE_FULL, 1);
	else if (r == GROUP_E_LONG)
		listen_refuse(s, LISTEN_SYSLOG_UDP, LISTEN_DROP_TOO_LONG, peer);
	if (source)
		source_put(source);
}
