#include "node/deliver/batch.h"

#include <stdio.h>

const char *const delivery_outcome_names[] = { NULL,      "bad",     "busy",  "status",
					       "connect", "timeout", "broken" };
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
	free(b);
}

void batch_add(struct batch *b, struct packet *p)
{
	packet_queue_push(&b->packets, p);
	b->n_messages += p->n_messages;
}

static struct iovec part(const char *data, size_t len)
{
	return (struct iovec){ (char *)data, len };
}

/* "[" packet "," packet "]" */
static int write_parts(struct batch *b, bool is_array)
{
	size_t n_most = 2 * (size_t)b->packets.n_packets + 1, n = 0, len = 0;

	b->parts = b->few;
	if (n_most > ARRAY_LEN(b->few))
		b->parts = malloc(n_most * sizeof(*b->parts));
	if (!b->parts)
		return -ENOMEM;
	for (struct packet *p = b->packets.head; p; p = p->next) {
		if (is_array)
			b->parts[n++] = part(p == b->packets.head ? "[" : ",", 1);
		b->parts[n++] = part(p->body, p->len);
	}
	if (is_array)
		b->parts[n++] = part("]", 1);
	for (size_t i = 0; i < n; i++)
		len += b->parts[i].iov_len;
	b->transfer.parts = b->parts;
	b->transfer.n_parts = n;
	b->transfer.len = len;
	return 0;
}

static void count_attempt(struct batch *b)
{
	for (struct packet *p = b->packets.head; p; p = p->next) {
		p->n_attempts++;
		b->attempt = p->n_attempts > b->attempt ? p->n_attempts : b->attempt;
	}
}

static int write_headers(struct batch *b, const char *node_id, const char *token)
{
	int n = snprintf(b->headers, sizeof(b->headers),
			 "Content-Type: " PACKET_MEDIA_TYPE "\r\n"
			 "Weir-Packets: %u\r\n"
			 "Weir-Messages: %u\r\n"
			 "Weir-Node: %s\r\n"
			 "Weir-Attempt: %u\r\n"
			 "%s%s%s",
			 b->packets.n_packets, b->n_messages, node_id, b->attempt,
			 *token ? TRANSFER_BEARER : "", token, *token ? "\r\n" : "");

	b->transfer.headers = b->headers;
	return n > 0 && (size_t)n < sizeof(b->headers) ? 0 : -EMSGSIZE;
}

int batch_write(struct batch *b, enum analyzer_accepts accepts, const char *node_id,
		const char *token)
{
	/* halves of a batch may be more than one packet although the analyzer takes single ones by
	 * now */
	int r;

	assert(b->packets.n_packets > 0);
	r = write_parts(b, accepts == ACCEPTS_BATCH || b->packets.n_packets > 1);

	count_attempt(b);
	return r == 0 ? write_headers(b, node_id, token) : r;
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
		break;
	}
	switch (t->status) {
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
	default:
		return OUTCOME_STATUS;
	}
}
