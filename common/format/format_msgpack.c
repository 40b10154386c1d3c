/*
 * MessagePack: values behind each other. A value is
 *   [time, record] or [[time, metadata], record]   an event of Fluentd or Fluent Bit: one message
 *   any other array                                its elements, each an event or a message
 *   anything else                                  one message
 * The time of an event becomes the field "timestamp", unless its record has a field of that name.
 */
#include "common/format/msgpack_event.h"

static const struct format_slice no_tag;

/* One message: an event, or any value. */
static int read_message(struct msgpack_cursor *c, struct format_sink *sink)
{
	struct msgpack_cursor at = *c;
	struct msgpack_item item;
	struct msgpack_event event;
	int r = format_begin_message(sink);

	if (r)
		return r;
	if (msgpack_next(&at, &item))
		return FORMAT_E_SYNTAX;
	if (item.type == MSGPACK_ARRAY && msgpack_event_read(&at, item.n, &event)) {
		*c = at;
		return msgpack_event_put(sink, c, &event, no_tag);
	}
	return msgpack_value_put(sink, c, FORMAT_MESSAGE_DEPTH);
}

/* A value at the top. */
static int read_top(struct msgpack_cursor *c, struct format_sink *sink)
{
	struct msgpack_cursor at = *c;
	struct msgpack_item item;
	struct msgpack_event event;
	int r = 0;

	if (msgpack_next(&at, &item))
		return FORMAT_E_SYNTAX;
	if (item.type != MSGPACK_ARRAY)
		return item.type == MSGPACK_MAP ? read_message(c, sink) : FORMAT_E_SYNTAX;
	if (msgpack_event_read(&(struct msgpack_cursor){ at.at, at.end }, item.n, &event))
		return read_message(c, sink);
	for (size_t i = 0; r == 0 && i < item.n; i++)
		r = read_message(&at, sink);
	*c = at;
	return r;
}

int format_read_msgpack(const struct format_body *body, struct format_sink *sink)
{
	struct msgpack_cursor c = { body->data, body->data + body->len };
	int r = 0;

	format_begin(sink);
	while (r == 0 && c.at < c.end)
		r = read_top(&c, sink);
	return r ? r : format_end(sink);
}
