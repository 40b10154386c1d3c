#include "node/batch.h"

#include <stdarg.h>
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
	curl_slist_free_all(b->transfer.headers);
	buf_deinit(&b->body);
	free(b);
}

void batch_add(struct batch *b, struct packet *p)
{
	packet_queue_push(&b->packets, p);
	b->n_messages += p->n_messages;
}

static void write_body(struct batch *b, bool is_array)
{
	const char *separator = is_array ? "[" : "";

	if (buf_reserve(&b->body, b->packets.n_bytes + b->packets.n_packets + 2) != 0)
		b->body.failed = true;
	for (struct packet *p = b->packets.head; p; p = p->next) {
		p->n_attempts++;
		b->attempt = p->n_attempts > b->attempt ? p->n_attempts : b->attempt;
		buf_append_str(&b->body, separator);
		buf_append(&b->body, p->body, p->len);
		separator = ",";
	}
	if (is_array)
		buf_append(&b->body, "]", 1);
}

static int add_header(struct batch *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static int add_header(struct batch *b, const char *fmt, ...)
{
	struct curl_slist *list;
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	list = curl_slist_append(b->transfer.headers, line);
	if (!list)
		return -ENOMEM;
	b->transfer.headers = list;
	return 0;
}

int batch_write(struct batch *b, enum analyzer_accepts accepts, const char *node_id)
{
	/* halves of a batch may be more than one packet although the analyzer takes single ones by
	 * now */
	write_body(b, accepts == ACCEPTS_BATCH || b->packets.n_packets > 1);
	b->transfer.body = b->body.data;
	b->transfer.len = b->body.len;
	if (b->body.failed || add_header(b, "Content-Type: application/json") != 0 ||
	    add_header(b, "Expect:") != 0 ||
	    add_header(b, "Weir-Packets: %u", b->packets.n_packets) != 0 ||
	    add_header(b, "Weir-Messages: %u", b->n_messages) != 0 ||
	    add_header(b, "Weir-Node: %s", node_id) != 0 ||
	    add_header(b, "Weir-Attempt: %u", b->attempt) != 0)
		return -ENOMEM;
	return 0;
}

enum delivery_outcome batch_outcome(const struct transfer *t)
{
	switch (t->result) {
	case CURLE_OK:
		break;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return OUTCOME_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return OUTCOME_TIMEOUT;
	default:
		return OUTCOME_BROKEN;
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
