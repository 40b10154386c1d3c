#include "analyzer/packets.h"

#include "analyzer/json_scan.h"

#define PACKETS_KEEP_MAX 65536 /* a bigger batch does not keep its memory for the next one */

static_assert(PACKETS_E_SYNTAX == JSON_SCAN_E_SYNTAX, "a scanner's error is handed up unchanged");

struct packet_fields {
	struct packet *packet;
	bool seen_id;
	bool seen_messages;
};

void packets_deinit(struct packets *packets)
{
	free(packets->items);
	*packets = (struct packets){ 0 };
}

static int packets_push(struct packets *packets, const struct packet *packet)
{
	if (packets->n_items == packets->capacity) {
		size_t capacity = packets->capacity ? packets->capacity * 2 : 64;
		struct packet *items = reallocarray(packets->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		packets->items = items;
		packets->capacity = capacity;
	}
	packets->items[packets->n_items++] = *packet;
	return 0;
}

static int scan_messages(struct json_cursor *c, unsigned depth, struct packet *packet)
{
	size_t n_messages;
	int r = json_scan_array(c, depth, NULL, NULL, &n_messages);

	if (r)
		return r;
	packet->n_messages = n_messages;
	return n_messages ? 0 : PACKETS_E_EMPTY;
}

static int on_field(struct json_cursor *c, unsigned depth, const struct json_slice *key, void *arg)
{
	struct packet_fields *fields = arg;
	bool is_id = !fields->seen_id && json_slice_is(key, "id");
	bool is_messages = !fields->seen_messages && json_slice_is(key, "messages");
	struct json_slice id;
	int r;

	fields->seen_id |= is_id;
	fields->seen_messages |= is_messages;
	if (is_messages && c->at < c->end && *c->at == '[')
		return scan_messages(c, depth, fields->packet);
	if (!is_id || c->at == c->end || *c->at != '"')
		return json_scan_value(c, depth);
	r = json_scan_string(c, &id);
	if (r)
		return r;
	fields->packet->id = id.data;
	fields->packet->id_len = id.len;
	return 0;
}

/* A scalar is told from bad syntax: they have different reasons in the answer. */
static int scan_scalar(struct json_cursor *c, unsigned depth)
{
	int r = json_scan_value(c, depth);

	return r ? r : PACKETS_E_SCALAR;
}

static int on_packet(struct json_cursor *c, unsigned depth, void *arg)
{
	struct packet packet = { .data = c->at, .n_messages = 1 };
	struct packet_fields fields = { .packet = &packet };
	int r;

	if (c->at < c->end && *c->at == '{')
		r = json_scan_object(c, depth, on_field, &fields);
	else if (c->at < c->end && *c->at == '[')
		r = scan_messages(c, depth, &packet);
	else
		r = scan_scalar(c, depth);
	if (r)
		return r;
	packet.len = (size_t)(c->at - packet.data);
	return packets_push(arg, &packet);
}

static int scan_batch(struct json_cursor *c, struct packets *packets)
{
	size_t n_packets;
	int r;

	if (c->at == c->end || *c->at != '[') {
		r = json_scan_value(c, JSON_SCAN_MAX_DEPTH);
		return r ? r : PACKETS_E_BATCH;
	}
	r = json_scan_array(c, JSON_SCAN_MAX_DEPTH, on_packet, packets, &n_packets);
	if (r)
		return r;
	return n_packets ? 0 : PACKETS_E_EMPTY;
}

int packets_split(struct packets *packets, const char *body, size_t len, bool is_batch)
{
	struct json_cursor c = { .at = body, .end = body + len };
	int r;

	if (packets->capacity > PACKETS_KEEP_MAX)
		packets_deinit(packets);
	packets->n_items = 0;
	json_scan_space(&c);
	r = is_batch ? scan_batch(&c, packets) : on_packet(&c, JSON_SCAN_MAX_DEPTH, packets);
	if (r)
		return r;
	json_scan_space(&c);
	return c.at == c.end ? 0 : PACKETS_E_SYNTAX;
}

static void write_line(const struct packet *packet, struct buf *lines)
{
	size_t start = lines->len;

	buf_append(lines, packet->data, packet->len);
	buf_append(lines, "\n", 1);
	if (lines->failed)
		return;
	for (char *p = lines->data + start, *end = p + packet->len; p < end; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
}

void packets_write_lines(const struct packets *packets, struct buf *lines)
{
	for (size_t i = 0; i < packets->n_items; i++)
		if (!packets->items[i].is_duplicate)
			write_line(&packets->items[i], lines);
}
