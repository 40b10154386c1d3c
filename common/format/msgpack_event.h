#ifndef WEIR_COMMON_MSGPACK_EVENT_H
#define WEIR_COMMON_MSGPACK_EVENT_H
/*
 * Events of Fluent Bit and Fluentd, [time, record] or [[time, metadata], record], and other values
 * of msgpack, as JSON. For the readers alone.
 */
#include "common/format/format_sink.h"
#include "common/format/msgpack.h"

struct msgpack_event {
	struct msgpack_item time;
	struct msgpack_cursor metadata; /* at a map; at == end: there is none */
	struct msgpack_cursor record;   /* at a map */
};

/* A number, or the 8 bytes of an EventTime. */
bool msgpack_is_time(const struct msgpack_item *item);
/* The cursor is behind the header of an array of `n`. It moves only if that is an event. */
bool msgpack_event_read(struct msgpack_cursor *c, size_t n, struct msgpack_event *event);
/*
 * The cursor is at the record, and is left behind it. The time becomes the field "timestamp", and a
 * tag (len 0: none) the field "tag", unless the record has fields of these names. 0, FORMAT_E_*.
 */
int msgpack_event_put(struct format_sink *sink, struct msgpack_cursor *c,
		      const struct msgpack_event *event, struct format_slice tag) MUST_CHECK;
int msgpack_value_put(struct format_sink *sink, struct msgpack_cursor *c,
		      unsigned depth) MUST_CHECK;

#endif
