#include "node/deliver/batch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const delivery_outcome_names[] = { NULL,      "bad",     "busy",   "status",
					       "connect", "timeout", "broken", "loop" };
static_assert(ARRAY_LEN(delivery_outcome_names) == DELIVERY_OUTCOMES, "every failure has a name");

struct batch *batch_new(struct lane *lane)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->lane = lane;
	packet_queue_init(&b->packets);
	return b;
}

void batch_free(struct batch *b)
{
	assert(!b->packets.n_packets);
	if (b->parts != b->few)
		free(b->parts);
	free(b->packed);
	free(b->made);
	free(b->long_headers);
	free(b->url);
	free(b);
}

void batch_add(struct batch *b, struct packet *p)
{
	packet_queue_push(&b->packets, p);
	b->n_messages += p->n_messages;
	b->n_bytes += packet_json(p).len;
}

static struct iovec part(const char *data, size_t len)
{
	return (struct iovec){ (char *)data, len };
}

static struct iovec body_of(const struct packet *p)
{
	struct format_slice json = packet_json(p);

	return part(json.data, json.len);
}

int batch_reserve_parts(struct batch *b, size_t n_parts)
{
	b->parts = b->few;
	if (n_parts > ARRAY_LEN(b->few))
		b->parts = malloc(n_parts * sizeof(*b->parts));
	return b->parts ? 0 : -ENOMEM;
}

void batch_set_parts(struct batch *b, size_t n_parts)
{
	size_t len = 0;

	for (size_t i = 0; i < n_parts; i++)
		len += b->parts[i].iov_len;
	b->transfer.parts = b->parts;
	b->transfer.n_parts = n_parts;
	b->transfer.len = len;
}

/* "[" packet "," packet "]" */
static int write_parts(struct batch *b, bool is_array)
{
	size_t n = 0;

	if (batch_reserve_parts(b, 2 * (size_t)b->packets.n_packets + 1) != 0)
		return -ENOMEM;
	for (struct packet *p = b->packets.head; p; p = p->next) {
		if (is_array)
			b->parts[n++] = part(p == b->packets.head ? "[" : ",", 1);
		b->parts[n++] = body_of(p);
	}
	if (is_array)
		b->parts[n++] = part("]", 1);
	batch_set_parts(b, n);
	return 0;
}

/* A larger body would keep the loop for too long. */
#define PACK_MOST_BYTES (4u << 20)

int batch_pack(struct batch *b, const struct batch_style *style)
{
	struct transfer *t = &b->transfer;
	struct iovec out;
	int r;

	if (!style->pack || t->len > PACK_MOST_BYTES)
		return 0;
	assert(!b->packed);
	r = codec_pack_gzip(style->pack, t->parts, t->n_parts, t->len, &out);
	if (r != 0)
		return r;
	b->packed = out.iov_base;
	b->few[0] = out;
	t->parts = b->few;
	t->n_parts = 1;
	t->len = out.iov_len;
	return 0;
}

void batch_count_attempt(struct batch *b)
{
	for (struct packet *p = b->packets.head; p; p = p->next) {
		p->n_attempts++;
		b->attempt = p->n_attempts > b->attempt ? p->n_attempts : b->attempt;
	}
}

#define ORIGIN "Weir-Node: %s\r\nWeir-Pool: %s%s%s\r\nWeir-Hops: %u\r\n"

void batch_origin_lines(const char *node_id, const char *pool, char out[BATCH_ORIGIN_BYTES])
{
	if (snprintf(out, BATCH_ORIGIN_BYTES, ORIGIN, node_id, "", "", pool, 1) >=
	    BATCH_ORIGIN_BYTES)
		out[0] = '\0';
}

#define LITERAL(text) text, sizeof(text) - 1

static char *put(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

static char *put_number(char *at, uint32_t value)
{
	char digits[10], *digit = digits + sizeof(digits);

	do {
		*--digit = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return put(at, digit, (size_t)(digits + sizeof(digits) - digit));
}

/* By hand, as snprintf costs more than all else here. */
static int write_headers(struct batch *b, const struct batch_style *style)
{
	const char *origin = style->origin->lines;
	size_t len = strnlen(origin, BATCH_ORIGIN_BYTES);
	char *at =
		put(b->headers, LITERAL("Content-Type: " PACKET_MEDIA_TYPE "\r\nWeir-Packets: "));

	static_assert(BATCH_HEADER_BYTES >= BATCH_ORIGIN_BYTES + BATCH_LINES_BYTES + 160,
		      "all of it fits");
	assert(style->lines_len <= BATCH_LINES_BYTES);
	at = put_number(at, b->packets.n_packets);
	at = put(at, LITERAL("\r\nWeir-Messages: "));
	at = put_number(at, b->n_messages);
	at = put(at, LITERAL("\r\n"));
	at = put(at, origin, len);
	at = put(at, LITERAL("Weir-Attempt: "));
	at = put_number(at, b->attempt);
	at = put(at, LITERAL("\r\n"));
	if (b->packed)
		at = put(at, LITERAL(BATCH_PACKED_LINE));
	at = put(at, style->lines, style->lines_len);
	*at = '\0';
	b->transfer.headers = b->headers;
	return 0;
}

void batch_put_lines(struct buf *out, const struct batch *b, const struct batch_style *style,
		     const char *format)
{
	const struct batch_origin *origin = style->origin;
	const struct packet *p = b->packets.head;

	buf_printf(out, "Weir-Packets: %u\r\nWeir-Messages: %u\r\n", b->packets.n_packets,
		   b->n_messages);
	if (format)
		buf_printf(out, "Weir-Format: %s\r\n", format);
	buf_printf(out, ORIGIN "Weir-Attempt: %u\r\n", origin->node_id, p->via ? p->via : "",
		   p->via ? ", " : "", origin->pool, p->n_hops + 1u, b->attempt);
	buf_append(out, style->lines, style->lines_len);
}

int batch_take_headers(struct batch *b, struct buf *lines)
{
	buf_append(lines, "", 1);
	if (lines->failed)
		buf_deinit(lines);
	b->long_headers = lines->data;
	b->transfer.headers = b->long_headers;
	return b->long_headers ? 0 : -ENOMEM;
}

/* Its packets have been in other pools, all in the same ones, or the analyzer wants much. */
static int write_long_headers(struct batch *b, const struct batch_style *style)
{
	struct buf out = { 0 };

	buf_append_str(&out, "Content-Type: " PACKET_MEDIA_TYPE "\r\n");
	if (b->packed)
		buf_append_str(&out, BATCH_PACKED_LINE);
	batch_put_lines(&out, b, style, NULL);
	return batch_take_headers(b, &out);
}

int batch_make_json(const struct batch *b, struct memory *memory)
{
	int r = 0;

	for (struct packet *p = b->packets.head; p && r == 0; p = p->next)
		r = p->form ? packet_make_json(memory, p) : 0;
	return r;
}

int batch_write(struct batch *b, const struct batch_style *style)
{
	int r;

	assert(b->packets.n_packets > 0);
	r = batch_make_json(b, style->memory);
	/* halves of a batch may be more than one packet although the analyzer takes single ones by
	 * now */
	if (r == 0)
		r = write_parts(b, style->accepts == ACCEPTS_BATCH || b->packets.n_packets > 1);
	batch_count_attempt(b);
	if (r == 0)
		r = batch_pack(b, style);
	if (r != 0)
		return r;
	return b->packets.head->n_hops || style->lines_len > BATCH_LINES_BYTES
		       ? write_long_headers(b, style)
		       : write_headers(b, style);
}

enum delivery_outcome batch_outcome(const struct transfer *t)
{
	switch (t->result) {
	case TRANSFER_CONNECT:
		return OUTCOME_CONNECT;
	case TRANSFER_TIMEOUT:
		return OUTCOME_TIMEOUT;
	case TRANSFER_BROKEN:
		return OUTCOME_BROKEN;
	default:
		return batch_status_outcome(t->status);
	}
}

enum delivery_outcome batch_status_outcome(int status)
{
	switch (status) {
	case 200 ... 299:
		return OUTCOME_OK;
	case 400:
	case 413:
	case 415:
	case 422:
		return OUTCOME_BAD;
	case 429:
	case 503:
		return OUTCOME_BUSY;
	case 508:
		return OUTCOME_LOOP;
	default:
		return OUTCOME_STATUS;
	}
}
