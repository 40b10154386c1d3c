#include "registry/settlement.h"

#include <string.h>

/* The scripts pack little-endian; so do all machines this builds for. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	      "vectors are packed as they lie in memory");
static_assert(sizeof(double) == 8, "IEEE doubles");

static void caller_args(struct script_args *args, const struct caller *caller)
{
	*args = (struct script_args){ 0 };
	script_arg_str(args, caller->worker);
	script_arg_str(args, caller->token);
	script_arg_int(args, (int64_t)caller->number);
	script_arg_int(args, (int64_t)caller->epoch);
}

/* Their offsets, in the order of the columns. */
static const size_t columns[] = {
	offsetof(struct settlement_delta, credit),
	offsetof(struct settlement_delta, routed),
	offsetof(struct settlement_delta, delivered),
	offsetof(struct settlement_delta, delivered_packets),
	offsetof(struct settlement_delta, forgiven),
};
#define ROUTED_COLUMNS 2 /* the first of them, in every call */

static void pack_columns(struct buf *out, const struct settle_request *request, size_t n)
{
	for (size_t column = 0; column < n; column++)
		for (unsigned i = 0; i < request->n_slots; i++)
			buf_append(out, (const char *)&request->deltas[i] + columns[column],
				   sizeof(double));
}

void settle_args(struct script_args *args, const struct caller *caller,
		 const struct settle_request *request, struct buf *scratch)
{
	size_t n_columns = request->counts ? ARRAY_LEN(columns) : ROUTED_COLUMNS;

	buf_clear(scratch);
	pack_columns(scratch, request, n_columns);
	caller_args(args, caller);
	script_arg_int(args, caller->lease_ms);
	script_arg_double(args, request->expected_messages);
	script_arg(args, scratch->data, scratch->len);
	script_arg_str(args, request->unreachable);
	script_arg_double(args, caller->catchup_max_messages);
	script_arg_str(args, request->node_info);
	script_arg_str(args, request->leaving ? "leave" : request->idle ? "1" : "");
	script_arg_str(args, request->accounts ? request->accounts : "");
	script_arg_int(args, (int64_t)n_columns);
	if (request->slow && *request->slow)
		script_arg_str(args, request->slow);
}

void route_args(struct script_args *args, const struct caller *caller, const uint32_t *sizes,
		unsigned n_sizes, const char *not_now, struct buf *scratch)
{
	buf_clear(scratch);
	buf_append(scratch, sizes, n_sizes * sizeof(*sizes));
	caller_args(args, caller);
	script_arg(args, scratch->data, scratch->len);
	script_arg_str(args, not_now);
	script_arg_double(args, caller->catchup_max_messages);
}

/* What follows status and epoch: four numbers and a vector in the middle of them. */
static bool has_figures(const redisReply *reply)
{
	if (reply->elements != 7 || reply->element[4]->type != REDIS_REPLY_STRING)
		return false;
	for (size_t i = 2; i < reply->elements; i++)
		if (i != 4 && (reply->element[i]->type != REDIS_REPLY_INTEGER ||
			       reply->element[i]->integer < 0))
			return false;
	return true;
}

static void parse(const redisReply *reply, size_t element_size, struct settlement_answer *answer)
{
	*answer = (struct settlement_answer){ .status = SETTLEMENT_FAILED };
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_INTEGER)
		return;
	answer->epoch = (uint64_t)reply->element[1]->integer;
	if (strcmp(reply->element[0]->str, "behind") == 0)
		answer->status = SETTLEMENT_BEHIND;
	if (strcmp(reply->element[0]->str, "ok") != 0 || !has_figures(reply))
		return;
	answer->window_us = (uint64_t)reply->element[2]->integer;
	answer->window_max_us = (uint64_t)reply->element[3]->integer;
	answer->packed = reply->element[4]->str;
	answer->n_packed = (unsigned)((size_t)reply->element[4]->len / element_size);
	answer->route_call_us = (uint64_t)reply->element[5]->integer;
	answer->route_packet_us = (uint64_t)reply->element[6]->integer;
	answer->status = SETTLEMENT_OK;
}

void settle_answer(const redisReply *reply, struct settlement_answer *answer)
{
	parse(reply, sizeof(double), answer);
}

void route_answer(const redisReply *reply, struct settlement_answer *answer)
{
	parse(reply, sizeof(uint16_t), answer);
}

double settlement_credit(const struct settlement_answer *answer, unsigned slot)
{
	double credit = 0;

	if (slot < answer->n_packed)
		memcpy(&credit, answer->packed + slot * sizeof(credit), sizeof(credit));
	return credit;
}

unsigned settlement_choice(const struct settlement_answer *answer, unsigned packet)
{
	uint16_t slot = ROUTE_NONE;

	if (packet < answer->n_packed)
		memcpy(&slot, answer->packed + packet * sizeof(slot), sizeof(slot));
	return slot;
}
