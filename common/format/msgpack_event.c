#include "common/format/msgpack_event.h"

#include <string.h>

#define EVENT_TIME_BYTES 8
#define NS_PER_S 1000000000u

static uint32_t be32(const char *data)
{
	const unsigned char *p = (const unsigned char *)data;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool msgpack_is_time(const struct msgpack_item *item)
{
	return item->type == MSGPACK_UINT || item->type == MSGPACK_INT ||
	       item->type == MSGPACK_DOUBLE ||
	       (item->type == MSGPACK_EXT && item->ext_type == 0 && item->len == EVENT_TIME_BYTES);
}

static bool is_map_next(const struct msgpack_cursor *c)
{
	struct msgpack_cursor ahead = *c;
	struct msgpack_item item;

	return msgpack_next(&ahead, &item) == 0 && item.type == MSGPACK_MAP;
}

bool msgpack_event_read(struct msgpack_cursor *c, size_t n, struct msgpack_event *event)
{
	struct msgpack_cursor at = *c;
	bool has_metadata;

	*event = (struct msgpack_event){ 0 };
	if (n != 2 || msgpack_next(&at, &event->time))
		return false;
	has_metadata = event->time.type == MSGPACK_ARRAY && event->time.n == 2;
	if (has_metadata && msgpack_next(&at, &event->time))
		return false;
	if (!msgpack_is_time(&event->time))
		return false;
	if (has_metadata) {
		if (!is_map_next(&at))
			return false;
		event->metadata = at;
		if (msgpack_skip(&at, FORMAT_MESSAGE_DEPTH))
			return false;
	}
	if (!is_map_next(&at))
		return false;
	event->record = at;
	*c = at;
	return true;
}

static void put_time(struct format_sink *sink, const struct msgpack_item *time)
{
	static const char *const names[] = { "null", "null", "null" };
	char nanos[11] = ".000000000";
	uint32_t left;

	if (time->type == MSGPACK_UINT)
		format_put_u64(sink, time->number);
	else if (time->type == MSGPACK_INT)
		format_put_i64(sink, time->negative);
	else if (time->type == MSGPACK_DOUBLE)
		format_put_double(sink, time->real, names);
	if (time->type != MSGPACK_EXT)
		return;
	left = be32(time->data + 4) % NS_PER_S;
	for (int i = 9; i > 0; i--, left /= 10)
		nanos[i] = (char)('0' + left % 10);
	format_put_u64(sink, be32(time->data));
	format_put(sink, nanos, 10);
}

/* A key that is no text is written as its value would be, between quotes. */
static int put_key(struct format_sink *sink, struct msgpack_cursor *c)
{
	struct msgpack_cursor at = *c;
	struct msgpack_item key;
	int r = msgpack_next(&at, &key);

	if (r || key.type >= MSGPACK_ARRAY)
		return FORMAT_E_SYNTAX;
	if (key.type == MSGPACK_STR || key.type == MSGPACK_BIN || key.type == MSGPACK_EXT)
		return msgpack_value_put(sink, c, 1);
	format_put(sink, "\"", 1);
	r = msgpack_value_put(sink, c, 1);
	format_put(sink, "\"", 1);
	return r;
}

static int put_pairs(struct format_sink *sink, struct msgpack_cursor *c, size_t n, bool is_first,
		     unsigned depth)
{
	int r = 0;

	while (r == 0 && n-- > 0) {
		if (!is_first)
			format_put(sink, ",", 1);
		is_first = false;
		r = put_key(sink, c);
		format_put(sink, ":", 1);
		if (r == 0)
			r = msgpack_value_put(sink, c, depth - 1);
	}
	return r;
}

static int put_elements(struct format_sink *sink, struct msgpack_cursor *c, size_t n,
			unsigned depth)
{
	int r = 0;

	format_put(sink, "[", 1);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i > 0)
			format_put(sink, ",", 1);
		r = msgpack_value_put(sink, c, depth - 1);
	}
	format_put(sink, "]", 1);
	return r;
}

static int put_container(struct format_sink *sink, struct msgpack_cursor *c,
			 const struct msgpack_item *item, unsigned depth)
{
	int r;

	if (depth == 0)
		return FORMAT_E_SYNTAX;
	if (sink->is_full)
		return FORMAT_E_TOO_LARGE;
	if (item->type == MSGPACK_ARRAY)
		return put_elements(sink, c, item->n, depth);
	format_put(sink, "{", 1);
	r = put_pairs(sink, c, item->n, true, depth);
	format_put(sink, "}", 1);
	return r;
}

int msgpack_value_put(struct format_sink *sink, struct msgpack_cursor *c, unsigned depth)
{
	static const char *const names[] = { "null", "null", "null" };
	struct msgpack_item item;

	if (msgpack_next(c, &item))
		return FORMAT_E_SYNTAX;
	switch (item.type) {
	case MSGPACK_NIL:
		format_put_str(sink, "null");
		return 0;
	case MSGPACK_BOOL:
		format_put_str(sink, item.number ? "true" : "false");
		return 0;
	case MSGPACK_UINT:
		format_put_u64(sink, item.number);
		return 0;
	case MSGPACK_INT:
		format_put_i64(sink, item.negative);
		return 0;
	case MSGPACK_DOUBLE:
		format_put_double(sink, item.real, names);
		return 0;
	case MSGPACK_STR:
	case MSGPACK_BIN:
		format_put_text(sink, item.data, item.len);
		return 0;
	case MSGPACK_EXT:
		format_put_hex(sink, item.data, item.len);
		return 0;
	default:
		return put_container(sink, c, &item, depth);
	}
}

/* Whether the map at the cursor has a key "timestamp" or "metadata". */
static bool has_key(struct msgpack_cursor c, const char *name)
{
	struct msgpack_item map, key;

	if (msgpack_next(&c, &map))
		return false;
	for (size_t i = 0; i < map.n; i++) {
		struct msgpack_cursor at = c;

		if (msgpack_next(&at, &key) || key.type >= MSGPACK_ARRAY ||
		    msgpack_skip(&at, FORMAT_MESSAGE_DEPTH))
			return false;
		if (key.type == MSGPACK_STR && key.len == strlen(name) &&
		    memcmp(key.data, name, key.len) == 0)
			return true;
		c = at;
	}
	return false;
}

/* The name of a field that is not of the record. */
static void put_own(struct format_sink *sink, bool *is_firstp, const char *name)
{
	format_put_str(sink, *is_firstp ? "\"" : ",\"");
	format_put_str(sink, name);
	format_put_str(sink, "\":");
	*is_firstp = false;
}

int msgpack_event_put(struct format_sink *sink, struct msgpack_cursor *c,
		      const struct msgpack_event *event, struct format_slice tag)
{
	struct msgpack_item record, metadata = { 0 };
	struct msgpack_cursor at = event->metadata;
	bool is_first = true;
	int r = 0;

	format_put(sink, "{", 1);
	if (tag.len && !has_key(*c, "tag")) {
		put_own(sink, &is_first, "tag");
		format_put_text(sink, tag.data, tag.len);
	}
	if (!has_key(*c, "timestamp")) {
		put_own(sink, &is_first, "timestamp");
		put_time(sink, &event->time);
	}
	if (at.at != at.end && msgpack_next(&at, &metadata) == 0 && metadata.n > 0 &&
	    !has_key(*c, "metadata")) {
		put_own(sink, &is_first, "metadata");
		r = put_container(sink, &at, &metadata, FORMAT_MESSAGE_DEPTH - 1);
	}
	if (r == 0 && msgpack_next(c, &record))
		r = FORMAT_E_SYNTAX;
	if (r == 0)
		r = put_pairs(sink, c, record.n, is_first, FORMAT_MESSAGE_DEPTH);
	format_put(sink, "}", 1);
	return r;
}
