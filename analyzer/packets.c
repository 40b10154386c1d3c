#include "analyzer/packets.h"

#include "common/json/json_packet.h"

#define PACKETS_KEEP_MAX 65536 /* a bigger batch does not keep its memory for the next one */

static_assert(PACKETS_E_SYNTAX == JSON_PACKET_E_SYNTAX &&
		      PACKETS_E_SCALAR == JSON_PACKET_E_SCALAR &&
		      PACKETS_E_EMPTY == JSON_PACKET_E_EMPTY,
	      "a scanner's error is handed up unchanged");

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

static int on_packet(struct json_cursor *c, unsigned depth, void *arg)
{
	struct json_packet found;
	int r = json_packet_scan(c, depth, &found);

	if (r)
		return r;
	return packets_push(arg, &(struct packet){ .data = found.raw.data,
						   .len = found.raw.len,
						   .id = found.id.data,
						   .id_len = found.id.len,
						   .n_messages = found.n_messages });
}

static int scan_batch(struct json_cursor *c, struct packets *packets)
{
	size_t n_packets;
	int r;

	if (c->at == c->end || *c->at != '[') {
		r = json_scan_value(c, JSON_BATCH_MAX_DEPTH);
		return r ? r : PACKETS_E_BATCH;
	}
	r = json_scan_array(c, JSON_BATCH_MAX_DEPTH, on_packet, packets, &n_packets);
	if (r)
		return r;
	return n_packets ? 0 : PACKETS_E_EMPTY;
}

void packets_clear(struct packets *packets)
{
	if (packets->capacity > PACKETS_KEEP_MAX)
		packets_deinit(packets);
	packets->n_items = 0;
}

int packets_add(struct packets *packets, const char *body, size_t len)
{
	struct json_cursor c = { .at = body, .end = body + len };
	size_t n_before = packets->n_items;
	int r;

	json_scan_space(&c);
	r = on_packet(&c, JSON_MAX_DEPTH, packets);
	if (r)
		return r;
	json_scan_space(&c);
	if (c.at == c.end)
		return 0;
	packets->n_items = n_before;
	return PACKETS_E_SYNTAX;
}

int packets_split(struct packets *packets, const char *body, size_t len, bool is_batch)
{
	struct json_cursor c = { .at = body, .end = body + len };
	int r;

	packets_clear(packets);
	if (!is_batch)
		return packets_add(packets, body, len);
	json_scan_space(&c);
	r = scan_batch(&c, packets);
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
