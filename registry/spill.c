#include "registry/spill.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SPILL_ENTRY_BYTES 128 /* about what Redis needs around a packet */

static struct iovec bytes_of(const void *data, size_t len)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)data, .iov_len = len };
}

static struct iovec text_of(char text[24], uint64_t value)
{
	return bytes_of(text, (size_t)snprintf(text, 24, "%" PRIu64, value));
}

static bool is_text(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING;
}

static bool is_count(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0;
}

/* {text, number, number}, as spill_push and spill_done answer; names may follow. */
static bool is_word_and_counts(const redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY && reply->elements >= 3 &&
	       is_text(reply->element[0]) && is_count(reply->element[1]) &&
	       is_count(reply->element[2]);
}

void spill_push_begin(struct spill_push *push, const char *node, uint64_t max_bytes)
{
	push->args = (struct script_args){ .more = push->more };
	push->n = 0;
	push->is_held = false;
	script_arg_str(&push->args, node);
	script_arg_int(&push->args, (int64_t)max_bytes);
}

void spill_push_add(struct spill_push *push, const struct spill_packet *packet)
{
	struct iovec *more = &push->more[push->args.n_more];
	char(*numbers)[24] = push->numbers[push->n];

	assert(push->n < SPILL_PUSH_MAX);
	more[0] = bytes_of(packet->id_len ? packet->id : "", packet->id_len);
	more[1] = bytes_of(packet->form, strlen(packet->form));
	more[2] = text_of(numbers[0], packet->n_messages);
	more[3] = text_of(numbers[1], packet->received_ms);
	more[4] = bytes_of(packet->body, packet->len);
	more[5] = text_of(numbers[2], packet->n_failures);
	more[6] = bytes_of(packet->via ? packet->via : "", packet->via ? strlen(packet->via) : 0);
	push->args.n_more += 7;
	push->n++;
}

void spill_push_hold(struct spill_push *push, const char *holder)
{
	push->more[push->args.n_more++] = bytes_of(holder, strlen(holder));
	push->is_held = true;
}

void spill_push_number(struct spill_push *push, const char *who, uint64_t number)
{
	if (!push->is_held)
		push->more[push->args.n_more++] = bytes_of("", 0);
	push->more[push->args.n_more++] = bytes_of(who, strlen(who));
	push->more[push->args.n_more++] = text_of(push->number, number);
}

/* As in lua/lib/spill.lua. */
uint64_t spill_packet_cost(const struct spill_packet *packet)
{
	return packet->id_len + strlen(packet->form) + packet->len + SPILL_ENTRY_BYTES;
}

const char *spill_pushed_name(const struct spill_pushed *pushed, unsigned i)
{
	const redisReply *name;

	if (i + 3 >= pushed->reply->elements)
		return NULL;
	name = pushed->reply->element[i + 3];
	return is_text(name) && name->len < SPILL_ENTRY_NAME_MAX ? name->str : NULL;
}

int spill_push_answer(const redisReply *reply, struct spill_pushed *pushed)
{
	if (!is_word_and_counts(reply))
		return SPILL_E_ANSWER;
	pushed->is_full = strcmp(reply->element[0]->str, "full") == 0;
	if (!pushed->is_full && strcmp(reply->element[0]->str, "ok") != 0)
		return SPILL_E_ANSWER;
	pushed->n_stored = (unsigned)reply->element[1]->integer;
	pushed->bytes = (uint64_t)reply->element[2]->integer;
	pushed->reply = reply;
	return 0;
}

void spill_take_args(struct script_args *args, const char *worker, unsigned max_packets,
		     uint64_t max_bytes, bool own)
{
	*args = (struct script_args){ 0 };
	script_arg_str(args, worker);
	script_arg_int(args, max_packets);
	script_arg_int(args, (int64_t)max_bytes);
	script_arg_str(args, own ? "own" : "new");
}

void spill_take_own_after(struct script_args *args, const char *worker, unsigned max_packets,
			  uint64_t max_bytes, const char *after)
{
	spill_take_args(args, worker, max_packets, max_bytes, true);
	script_arg_str(args, after);
}

void spill_take_name_large(struct script_args *args, uint64_t cost_bytes)
{
	if (args->n == 4)
		script_arg_str(args, "0");
	script_arg_int(args, (int64_t)cost_bytes);
}

/* {entry, packet id, how it came, messages, received (ms), cost in bytes, body, failures, via} */
static bool is_entry(const redisReply *reply)
{
	redisReply **e = reply->element;

	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 9 && is_text(e[0]) &&
	       e[0]->len < SPILL_ENTRY_NAME_MAX && is_text(e[1]) && is_text(e[2]) &&
	       is_count(e[3]) && is_count(e[4]) && is_count(e[5]) && is_text(e[6]) &&
	       is_count(e[7]) && is_text(e[8]);
}

int spill_take_answer(const redisReply *reply, struct spill_taken *taken)
{
	*taken = (struct spill_taken){ 0 };
	if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
	    !is_count(reply->element[0]) || !is_count(reply->element[1]))
		return SPILL_E_ANSWER;
	for (size_t i = 2; i < reply->elements; i++)
		if (!is_entry(reply->element[i]))
			return SPILL_E_ANSWER;
	taken->n_in_spill = (uint64_t)reply->element[0]->integer;
	taken->n = (unsigned)reply->elements - 2;
	taken->n_claimed = (unsigned)reply->element[1]->integer;
	taken->reply = reply;
	return 0;
}

bool spill_taken_next(struct spill_taken *taken, struct spill_entry *entry)
{
	redisReply **e;

	if (taken->n_read == taken->n)
		return false;
	e = taken->reply->element[2 + taken->n_read++]->element;
	*entry = (struct spill_entry){
		.name = e[0]->str,
		.id = e[1]->str,
		.id_len = (size_t)e[1]->len,
		.form = e[2]->str,
		.n_messages = (uint32_t)e[3]->integer,
		.received_ms = (uint64_t)e[4]->integer,
		.cost_bytes = (uint64_t)e[5]->integer,
		.body = e[6]->str,
		.len = (size_t)e[6]->len,
		.n_failures = (unsigned)e[7]->integer,
		.via = e[8]->str,
	};
	return true;
}

void spill_done_begin(struct spill_done *done)
{
	done->args = (struct script_args){ .more = done->more };
	done->n = 0;
}

void spill_done_add(struct spill_done *done, const char *name, uint32_t n_messages,
		    uint64_t cost_bytes)
{
	struct iovec *more = &done->more[done->args.n_more];
	char(*numbers)[24] = done->numbers[done->n];

	assert(done->n < SPILL_DONE_MAX);
	more[0] = bytes_of(name, strlen(name));
	more[1] = text_of(numbers[0], n_messages);
	more[2] = text_of(numbers[1], cost_bytes);
	done->args.n_more += 3;
	done->n++;
}

int spill_done_answer(const redisReply *reply, struct spill_left *left)
{
	if (!is_word_and_counts(reply) || strcmp(reply->element[0]->str, "ok") != 0)
		return SPILL_E_ANSWER;
	left->n_removed = (unsigned)reply->element[1]->integer;
	left->n_entries = (uint64_t)reply->element[2]->integer;
	return 0;
}
