/*
 * The forward protocol of Fluentd and Fluent Bit: arrays behind each other, each of them
 *   [tag, time, record] or [tag, time, record, option]   one message
 *   [tag, [event, ...]] or [tag, [event, ...], option]   as many as there are events
 *   [tag, bytes] or [tag, bytes, option]                 events behind each other in the bytes
 * Bytes that came compressed were unpacked before. The tag becomes the field "tag".
 */
#include "common/format/msgpack_event.h"

static bool is_bytes(const struct msgpack_item *item)
{
	return item->type == MSGPACK_STR || item->type == MSGPACK_BIN;
}

static int put_event(struct msgpack_cursor *c, struct format_sink *sink, struct format_slice tag)
{
	struct msgpack_item item;
	struct msgpack_event event;
	int r;

	if (msgpack_next(c, &item) || item.type != MSGPACK_ARRAY ||
	    !msgpack_event_read(c, item.n, &event))
		return FORMAT_E_SYNTAX;
	r = format_begin_message(sink);
	return r ? r : msgpack_event_put(sink, c, &event, tag);
}

static int read_entries(struct msgpack_cursor *c, size_t n, struct format_sink *sink,
			struct format_slice tag)
{
	int r = 0;

	while (r == 0 && n-- > 0)
		r = put_event(c, sink, tag);
	return r;
}

static int read_packed(const struct msgpack_item *bytes, struct format_sink *sink,
		       struct format_slice tag)
{
	struct msgpack_cursor c = { bytes->data, bytes->data + bytes->len };
	int r = 0;

	while (r == 0 && c.at < c.end)
		r = put_event(&c, sink, tag);
	return r;
}

/* The cursor is behind the time. */
static int read_record(struct msgpack_cursor *c, const struct msgpack_item *time,
		       struct format_sink *sink, struct format_slice tag)
{
	struct msgpack_event event = { .time = *time };
	struct msgpack_cursor ahead = *c;
	struct msgpack_item record;
	int r;

	if (!msgpack_is_time(time) || msgpack_next(&ahead, &record) || record.type != MSGPACK_MAP)
		return FORMAT_E_SYNTAX;
	r = format_begin_message(sink);
	return r ? r : msgpack_event_put(sink, c, &event, tag);
}

static int read_frame(struct msgpack_cursor *c, struct format_sink *sink)
{
	struct msgpack_item frame, tag, entries;
	struct format_slice name;
	size_t n_read = 2;
	int r;

	if (msgpack_next(c, &frame) || frame.type != MSGPACK_ARRAY || frame.n < 2 || frame.n > 4 ||
	    msgpack_next(c, &tag) || !is_bytes(&tag) || msgpack_next(c, &entries))
		return FORMAT_E_SYNTAX;
	name = (struct format_slice){ tag.data, tag.len };
	if (entries.type == MSGPACK_ARRAY) {
		r = read_entries(c, entries.n, sink, name);
	} else if (is_bytes(&entries)) {
		r = read_packed(&entries, sink, name);
	} else {
		r = frame.n < 3 ? FORMAT_E_SYNTAX : read_record(c, &entries, sink, name);
		n_read = 3;
	}
	while (r == 0 && n_read++ < frame.n)
		r = msgpack_skip(c, FORMAT_MESSAGE_DEPTH) ? FORMAT_E_SYNTAX : 0;
	return r;
}

int format_read_forward(const struct format_body *body, struct format_sink *sink)
{
	struct msgpack_cursor c = { body->data, body->data + body->len };
	int r = 0;

	format_begin(sink);
	while (r == 0 && c.at < c.end)
		r = read_frame(&c, sink);
	return r ? r : format_end(sink);
}
