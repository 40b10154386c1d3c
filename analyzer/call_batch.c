#include "analyzer/call_batch.h"

#include <string.h>

#include "analyzer/request_body.h"
#include "common/grpc/grpc_deliver.h"

#define MAX_PACKETS 65536 /* as --max-batch-packets has it */
#define MAX_FORMAT 32     /* bytes of the name of a format */

void call_batch_deinit(struct call_batch *call)
{
	free(call->items);
	*call = (struct call_batch){ 0 };
}

/* ---- reading ---- */

static enum refusal add(struct call_batch *call, const struct call_item *item)
{
	if (call->n_items == call->capacity) {
		size_t capacity = call->capacity ? call->capacity * 2 : 16;
		struct call_item *items = reallocarray(call->items, capacity, sizeof(*items));

		if (!items)
			return REFUSED_MEMORY;
		call->items = items;
		call->capacity = capacity;
	}
	call->items[call->n_items++] = *item;
	return REFUSED_NOT;
}

static struct format_slice slice(struct http_slice from)
{
	return (struct format_slice){ from.len > 0 ? from.data : "", from.len };
}

/* Appends the JSON form to `forms`. item->json: where it is in there; set_forms finds it later, since the buffer
 * grows. */
static void convert(const struct grpc_packet *p, struct buf *forms, struct call_item *item)
{
	char format[MAX_FORMAT] = "";
	const struct request_form form = { .format = format,
					   .path = slice(p->path),
					   .query = slice(p->query),
					   .type = slice(p->content_type) };
	size_t n_before = forms->len;

	if (p->format.len > 0 && p->format.len < sizeof(format))
		memcpy(format, p->format.data, p->format.len);
	item->refusal = request_body_convert(&form, p->body.data, p->body.len, forms);
	item->json = (struct http_slice){ NULL, forms->len - n_before };
}

/* The forms stand one behind the other. */
static void set_forms(struct call_batch *call, const struct buf *forms)
{
	const char *at = forms->len > 0 ? forms->data : "";

	for (size_t i = 0; i < call->n_items; i++) {
		call->items[i].json.data = at;
		at += call->items[i].json.len;
	}
}

enum refusal call_batch_read(struct call_batch *call, struct worker *worker, const char *message,
			     size_t len, bool is_request)
{
	struct protobuf_cursor cursor = protobuf_open(message, len);
	enum refusal refusal = REFUSED_NOT;
	struct grpc_packet p;
	int r = 0;

	while (!refusal && (r = grpc_packet_next(&cursor, &p)) == 0) {
		struct call_item item = { .json = p.body };

		if (call->n_items == MAX_PACKETS)
			return REFUSED_BATCH_SIZE;
		if (is_request)
			convert(&p, &worker->body, &item);
		refusal = add(call, &item);
	}
	if (is_request && worker->body.failed)
		return REFUSED_MEMORY;
	if (is_request)
		set_forms(call, &worker->body);
	if (!refusal && r == GRPC_DELIVER_E_SYNTAX)
		return REFUSED_SYNTAX;
	return !refusal && call->n_items == 0 ? REFUSED_EMPTY : refusal;
}

/* ---- taking ---- */

/* Those that are packets, in their order. */
static void scan(struct call_batch *call, struct packets *packets)
{
	packets_clear(packets);
	for (size_t i = 0; i < call->n_items; i++) {
		struct call_item *item = &call->items[i];

		if (!item->refusal)
			item->refusal =
				intake_why(packets_add(packets, item->json.data, item->json.len));
	}
}

static bool is_of_one(enum refusal refusal)
{
	return refusal == REFUSED_BY_SINK || refusal == REFUSED_SINK_SIZE;
}

static void sum(struct stats_batch *batch, const struct stats_batch *one)
{
	batch->n_packets += one->n_packets;
	batch->n_messages += one->n_messages;
	batch->n_duplicates += one->n_duplicates;
	batch->n_conflicts += one->n_conflicts;
}

static enum refusal take_some(struct packets *packets, struct intake *intake, struct worker *worker,
			      struct stats_batch *batch)
{
	struct stats_batch taken = { 0 };
	enum refusal refusal = intake_take_packets(intake, worker, packets, &taken);

	if (!refusal)
		sum(batch, &taken);
	return refusal;
}

/* The sink refuses one of them, and does not say which. */
static void take_each(struct call_batch *call, struct intake *intake, struct worker *worker,
		      struct stats_batch *batch)
{
	size_t at = 0;

	for (size_t i = 0; i < call->n_items; i++) {
		struct packets one = { .items = &worker->packets.items[at], .n_items = 1 };

		if (call->items[i].refusal)
			continue;
		call->items[i].refusal = take_some(&one, intake, worker, batch);
		at++;
	}
}

enum refusal call_batch_take(struct call_batch *call, struct intake *intake, struct worker *worker,
			     struct stats_batch *batch)
{
	size_t n_packets;
	enum refusal refusal;

	scan(call, &worker->packets);
	n_packets = worker->packets.n_items;
	if (n_packets == 0)
		return REFUSED_NOT;
	refusal = take_some(&worker->packets, intake, worker, batch);
	if (!refusal)
		return REFUSED_NOT;
	if (is_of_one(refusal) && n_packets > 1) {
		take_each(call, intake, worker, batch);
		return REFUSED_NOT;
	}
	if (!is_of_one(refusal) && n_packets == call->n_items)
		return refusal;
	for (size_t i = 0; i < call->n_items; i++)
		if (!call->items[i].refusal)
			call->items[i].refusal = refusal;
	return REFUSED_NOT;
}

void call_batch_write_results(const struct call_batch *call, struct buf *results)
{
	for (size_t i = 0; i < call->n_items; i++) {
		const struct refusal_info *info = &refusals[call->items[i].refusal];
		const char *detail = call->items[i].refusal ? info->detail : "";
		const struct grpc_result result = { (uint32_t)info->status,
						    { detail, strlen(detail) } };

		grpc_result_write(results, &result);
	}
}
