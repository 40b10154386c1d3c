#include "node/listen/forward_frame.h"

#include <string.h>

#include "common/format/msgpack.h"

#define DEPTH 256

static bool is_bytes(const struct msgpack_item *item)
{
	return item->type == MSGPACK_STR || item->type == MSGPACK_BIN;
}

static bool is_text(const struct msgpack_item *item, const char *text)
{
	return is_bytes(item) && item->len == strlen(text) &&
	       memcmp(item->data, text, item->len) == 0;
}

/* {"chunk": ID, "compressed": "gzip", "size": n} */
static int read_option(struct msgpack_cursor *c, struct forward_frame *frame)
{
	struct msgpack_item map, key, value;
	struct msgpack_cursor at;

	if (msgpack_next(c, &map))
		return FORWARD_FRAME_E_SYNTAX;
	if (map.type != MSGPACK_MAP)
		return map.type == MSGPACK_NIL ? 0 : FORWARD_FRAME_E_SYNTAX;
	for (size_t i = 0; i < map.n; i++) {
		if (msgpack_next(c, &key) || key.type >= MSGPACK_ARRAY)
			return FORWARD_FRAME_E_SYNTAX;
		at = *c;
		if (msgpack_skip(c, DEPTH) || msgpack_next(&at, &value))
			return FORWARD_FRAME_E_SYNTAX;
		if (is_text(&key, "chunk") && is_bytes(&value) && value.len > FORWARD_CHUNK_MOST)
			return FORWARD_FRAME_E_SYNTAX;
		if (is_text(&key, "chunk") && is_bytes(&value))
			frame->chunk = (struct format_slice){ value.data, value.len };
		else if (is_text(&key, "compressed"))
			frame->is_compressed = !is_text(&value, "text");
	}
	return 0;
}

int forward_frame_read(const char *data, size_t len, struct forward_frame *frame)
{
	struct msgpack_cursor c = { data, data + len }, entries;
	struct msgpack_item top, tag, item;
	size_t n_read;

	*frame = (struct forward_frame){ 0 };
	if (msgpack_next(&c, &top) || top.type != MSGPACK_ARRAY || top.n < 2 || top.n > 4 ||
	    msgpack_next(&c, &tag) || !is_bytes(&tag))
		return FORWARD_FRAME_E_SYNTAX;
	frame->tag = (struct format_slice){ tag.data, tag.len };
	entries = c;
	if (msgpack_next(&entries, &item) || msgpack_skip(&c, DEPTH))
		return FORWARD_FRAME_E_SYNTAX;
	if (is_bytes(&item))
		frame->packed = frame->events = (struct format_slice){ item.data, item.len };
	else if (item.type == MSGPACK_ARRAY)
		frame->events = (struct format_slice){ entries.at, (size_t)(c.at - entries.at) };
	n_read = 2;
	if (!is_bytes(&item) && item.type != MSGPACK_ARRAY) { /* a time, and its record */
		if (top.n < 3 || msgpack_skip(&c, DEPTH))
			return FORWARD_FRAME_E_SYNTAX;
		n_read = 3;
	}
	if (top.n > n_read + 1)
		return FORWARD_FRAME_E_SYNTAX;
	return top.n > n_read ? read_option(&c, frame) : 0;
}
