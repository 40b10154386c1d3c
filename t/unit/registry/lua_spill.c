/* The spill, by its scripts on a real Redis: spill_push, spill_take, spill_done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/scripts.h"
#include "registry/spill.h"
#include "t/unit/redis_pool.h"

#define ROOMY (1ULL << 40)
#define TYPE "application/json"
#define SIZE 100
#define COST (SIZE + sizeof(TYPE) - 1 + 128) /* of a packet without an id */
#define MANY 1000
#define BODY_MAX 4096

/* Packets of n messages with bodies of `size`; the first one's body begins with `first`, and so on.
 */
static struct spill_pushed push_for(struct redis_pool *pool, unsigned n, char first, size_t size,
				    uint64_t max_bytes, const char *holder)
{
	static struct spill_push push;
	char bodies[SPILL_PUSH_MAX][BODY_MAX];
	struct spill_pushed pushed;
	redisReply *reply;

	spill_push_begin(&push, "n1", max_bytes);
	for (unsigned i = 0; i < n; i++) {
		struct spill_packet packet = { .form = TYPE,
					       .n_messages = 3,
					       .received_ms = 1700000000123,
					       .body = bodies[i],
					       .len = size };

		memset(bodies[i], first + (char)i, size);
		spill_push_add(&push, &packet);
	}
	if (holder)
		spill_push_hold(&push, holder);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_PUSH, &push.args, &reply), 0);
	assert_int_equal(spill_push_answer(reply, &pushed), 0);
	for (unsigned i = 0; i < pushed.n_stored; i++)
		assert_non_null(spill_pushed_name(&pushed, i));
	freeReplyObject(reply);
	return pushed;
}

static struct spill_pushed push(struct redis_pool *pool, unsigned n, char first, size_t size,
				uint64_t max_bytes)
{
	return push_for(pool, n, first, size, max_bytes, NULL);
}

struct take {
	struct spill_taken answer; /* entries are read already */
	unsigned n;
	char letters[MANY + 1]; /* the first of each body */
	char names[MANY][SPILL_ENTRY_NAME_MAX];
	uint64_t costs[MANY];
};

static struct take take; /* the last one */

static struct take *take_some(struct redis_pool *pool, const char *worker, unsigned max_packets,
			      uint64_t max_bytes, bool own)
{
	struct script_args args;
	struct spill_entry entry;
	redisReply *reply;

	spill_take_args(&args, worker, max_packets, max_bytes, own);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	assert_int_equal(spill_take_answer(reply, &take.answer), 0);
	for (take.n = 0; spill_taken_next(&take.answer, &entry); take.n++) {
		take.letters[take.n] = entry.len ? entry.body[0] : '-';
		take.costs[take.n] = entry.cost_bytes;
		snprintf(take.names[take.n], SPILL_ENTRY_NAME_MAX, "%s", entry.name);
	}
	take.letters[take.n] = '\0';
	freeReplyObject(reply);
	return &take;
}

/* "abc" for the packets that begin so */
static const char *letters_of(struct redis_pool *pool, const char *worker)
{
	return take_some(pool, worker, MANY, ROOMY, false)->letters;
}

static struct spill_left done(struct redis_pool *pool, const struct take *t, unsigned from,
			      unsigned n)
{
	static struct spill_done done;
	struct spill_left left;
	redisReply *reply;

	spill_done_begin(&done);
	for (unsigned i = from; i < from + n; i++)
		spill_done_add(&done, t->names[i], 3, t->costs[i]);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_DONE, &done.args, &reply), 0);
	assert_int_equal(spill_done_answer(reply, &left), 0);
	freeReplyObject(reply);
	return left;
}

static void assert_total(struct redis_pool *pool, unsigned packets, uint64_t bytes)
{
	redisReply *reply = POOL_COMMAND(pool, "HMGET", redis_pool_key(pool, KEY_SPILL_TOTAL),
					 "packets", "messages", "bytes");

	assert_int_equal(strtoull(reply->element[0]->str, NULL, 10), packets);
	assert_int_equal(strtoull(reply->element[1]->str, NULL, 10), 3 * packets);
	assert_int_equal(strtoull(reply->element[2]->str, NULL, 10), bytes);
	freeReplyObject(reply);
}

/* It called last so long ago, in ms; and the dead are to be looked for. */
static void set_called(struct redis_pool *pool, const char *worker, int64_t ago_ms)
{
	char score[32];

	snprintf(score, sizeof(score), "%lld",
		 (long long)(clock_wall_us() / US_PER_MS) - (long long)ago_ms);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_SPILL_WORKERS), score, worker);
	POOL_DO(pool, "HDEL", redis_pool_key(pool, KEY_SPILL_TOTAL), "claimed_ms");
}

static void packets_come_out_in_the_order_they_went_in(void **state)
{
	struct spill_pushed pushed = push(*state, 3, 'a', SIZE, ROOMY);

	assert_int_equal(pushed.n_stored, 3);
	assert_false(pushed.is_full);
	assert_int_equal(pushed.bytes, 3 * COST);
	push(*state, 2, 'd', SIZE, ROOMY);
	assert_total(*state, 5, 5 * COST);
	assert_string_equal(take_some(*state, "n1/0", 4, ROOMY, false)->letters, "abcd");
	assert_int_equal(take.answer.n_in_spill, 5);
	assert_int_equal(take.answer.n_claimed, 0);
	assert_string_equal(letters_of(*state, "n2/0"), "e");
	assert_string_equal(letters_of(*state, "n2/0"), "");
}

static void a_packet_comes_back_as_it_was(void **state)
{
	struct redis_pool *pool = *state;
	static struct spill_push push;
	struct spill_packet packet = { .id = "p-1",
				       .id_len = 3,
				       .form = "text/plain; charset=utf-8\n/a\n\nPUT\n\ntext",
				       .n_messages = 70000,
				       .received_ms = 1700000000123,
				       .body = "\0\r\n\xff",
				       .len = 4 };
	struct script_args args;
	struct spill_taken taken;
	struct spill_entry entry;
	redisReply *reply;

	spill_push_begin(&push, "n1", ROOMY);
	spill_push_add(&push, &packet);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_PUSH, &push.args, &reply), 0);
	freeReplyObject(reply);
	spill_take_args(&args, "n1/0", 1, 1, false);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	assert_int_equal(spill_take_answer(reply, &taken), 0);
	assert_true(spill_taken_next(&taken, &entry));
	assert_int_equal(entry.id_len, 3);
	assert_memory_equal(entry.id, "p-1", 3);
	assert_string_equal(entry.form, packet.form);
	assert_int_equal(entry.n_messages, 70000);
	assert_int_equal(entry.received_ms, 1700000000123);
	assert_int_equal(entry.cost_bytes, 3 + strlen(packet.form) + 4 + 128);
	assert_int_equal(entry.len, 4);
	assert_memory_equal(entry.body, packet.body, 4);
	freeReplyObject(reply);
}

static void nothing_is_admitted_beyond_the_bound_and_nothing_trimmed(void **state)
{
	struct spill_pushed pushed = push(*state, 5, 'a', SIZE, 3 * COST);

	assert_int_equal(pushed.n_stored, 3);
	assert_true(pushed.is_full);
	assert_int_equal(pushed.bytes, 3 * COST);
	pushed = push(*state, 1, 'x', 1, 3 * COST);
	assert_int_equal(pushed.n_stored, 0);
	assert_true(pushed.is_full);
	assert_string_equal(letters_of(*state, "n1/0"), "abc");
	assert_total(*state, 3, 3 * COST); /* what is only taken still counts */
	done(*state, &take, 0, 1);
	assert_int_equal(push(*state, 2, 'y', SIZE, 3 * COST).n_stored, 1);
}

static void a_worker_gets_no_more_than_it_has_room_for(void **state)
{
	push(*state, 9, 'a', SIZE, ROOMY);
	assert_string_equal(take_some(*state, "n1/0", 2, ROOMY, false)->letters, "ab");
	assert_string_equal(take_some(*state, "n1/0", MANY, 2 * COST, false)->letters, "cd");
	assert_string_equal(take_some(*state, "n1/0", MANY, 2 * COST + 1, false)->letters, "efg");
	assert_string_equal(take_some(*state, "n1/0", MANY, 1, false)->letters, "h");
	assert_string_equal(take_some(*state, "n1/0", 0, ROOMY, false)->letters, "");
}

static void what_is_done_leaves_once(void **state)
{
	struct spill_left left;

	push(*state, 4, 'a', SIZE, ROOMY);
	letters_of(*state, "n1/0");
	left = done(*state, &take, 0, 3);
	assert_int_equal(left.n_removed, 3);
	assert_int_equal(left.n_entries, 1);
	assert_total(*state, 1, COST);
	left = done(*state, &take, 0, 3);
	assert_int_equal(left.n_removed, 0);
	assert_int_equal(left.n_entries, 1);
	assert_total(*state, 1, COST);
	assert_string_equal(take_some(*state, "n1/0", MANY, ROOMY, true)->letters, "d");
}

static void a_worker_is_told_again_what_it_has_not_done(void **state)
{
	push(*state, 6, 'a', SIZE, ROOMY);
	take_some(*state, "n2/0", 1, ROOMY, false);
	take_some(*state, "n1/0", 4, ROOMY, false);
	done(*state, &take, 1, 1);
	assert_string_equal(take_some(*state, "n1/0", MANY, ROOMY, true)->letters, "bde");
	assert_string_equal(take_some(*state, "n1/0", 2, ROOMY, true)->letters, "bd");
	assert_string_equal(take_some(*state, "n1/0", MANY, 1, true)->letters, "b");
	POOL_DO(*state, "XDEL", redis_pool_key(*state, KEY_SPILL), take.names[0]);
	assert_string_equal(take_some(*state, "n1/0", MANY, ROOMY, true)->letters, "de");
	assert_string_equal(take_some(*state, "n3/0", MANY, ROOMY, true)->letters, "");
}

static void what_the_dead_had_taken_goes_to_others_and_what_the_living_have_does_not(void **state)
{
	const char *spill = redis_pool_key(*state, KEY_SPILL);
	redisReply *reply;

	push(*state, 8, 'a', SIZE, ROOMY);
	assert_string_equal(take_some(*state, "dead/0", 4, ROOMY, false)->letters, "abcd");
	POOL_DO(*state, "XDEL", spill, take.names[1]);
	take_some(*state, "live/0", 1, ROOMY, false);
	take_some(*state, "late/0", 1, ROOMY, false);
	take_some(*state, "new/0", 1, ROOMY, false);
	assert_string_equal(letters_of(*state, "n9/0"), "h"); /* at first none is dead */
	assert_int_equal(take.answer.n_claimed, 0);
	set_called(*state, "dead/0", 8500);
	set_called(*state, "late/0", 5000);
	POOL_DO(*state, "ZREM", redis_pool_key(*state, KEY_SPILL_WORKERS), "new/0");

	assert_string_equal(take_some(*state, "n9/0", 2, ROOMY, false)->letters, "ac");
	assert_int_equal(take.answer.n_claimed, 2);
	push(*state, 1, 'i', SIZE, ROOMY);
	assert_string_equal(letters_of(*state, "n9/0"), "di");
	assert_int_equal(take.answer.n_claimed, 1);
	assert_string_equal(take_some(*state, "n9/0", MANY, ROOMY, true)->letters, "acdhi");
	reply = POOL_COMMAND(*state, "XINFO", "CONSUMERS", spill, "nodes");
	assert_int_equal(reply->elements, 4); /* the dead one is gone */
	freeReplyObject(reply);
	reply = POOL_COMMAND(*state, "XPENDING", spill, "nodes");
	assert_int_equal(reply->element[0]->integer, 3 + 5);
	freeReplyObject(reply);
}

/* How often it was called since the last CONFIG RESETSTAT. */
static unsigned n_calls_of(struct redis_pool *pool, const char *command)
{
	redisReply *reply = POOL_COMMAND(pool, "INFO", "commandstats");
	char name[64];
	const char *line;
	unsigned n = 0;

	snprintf(name, sizeof(name), "cmdstat_%s:calls=", command);
	line = strstr(reply->str, name);
	if (line)
		n = (unsigned)strtoul(line + strlen(name), NULL, 10);
	freeReplyObject(reply);
	return n;
}

/* Each of N workers asks once a second, and must not look at the N others then. */
static void the_dead_are_looked_for_once_a_second(void **state)
{
	struct redis_pool *pool = *state;
	char worker[16];

	push(pool, 31, 'a', SIZE, ROOMY);
	for (int i = 0; i < 30; i++) {
		snprintf(worker, sizeof(worker), "n%d/0", i);
		assert_int_equal(strlen(take_some(pool, worker, 1, ROOMY, false)->letters), 1);
	}
	POOL_DO(pool, "HDEL", redis_pool_key(pool, KEY_SPILL_TOTAL), "claimed_ms");
	POOL_DO(pool, "CONFIG", "RESETSTAT");
	for (int i = 0; i < 30; i++) {
		snprintf(worker, sizeof(worker), "n%d/0", i);
		take_some(pool, worker, 1, ROOMY, false);
	}
	assert_in_range(n_calls_of(pool, "zscore"), 29, 5 * 29); /* a second or so may pass */
	set_called(pool, "n1/0", 8500);
	assert_int_equal(strlen(letters_of(pool, "n9/0")), 1);
}

static void a_call_for_nothing_says_that_the_worker_lives(void **state)
{
	push(*state, 2, 'a', SIZE, ROOMY);
	take_some(*state, "n1/0", 1, ROOMY, false);
	letters_of(*state, "n2/0");
	set_called(*state, "n1/0", 60000);
	assert_string_equal(take_some(*state, "n1/0", 0, 0, false)->letters, "");
	assert_string_equal(letters_of(*state, "n2/0"), "");
}

/* Nobody called for a minute, as Redis was away: all have what they have. */
static void a_pause_of_redis_makes_nobody_dead(void **state)
{
	char before[32];

	push(*state, 1, 'a', SIZE, ROOMY);
	letters_of(*state, "n1/0");
	set_called(*state, "n1/0", 61000);
	snprintf(before, sizeof(before), "%lld", (long long)(clock_wall_us() / US_PER_MS) - 60000);
	POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_SPILL_TOTAL), "seen_ms", before);
	assert_string_equal(letters_of(*state, "n2/0"), "");
	assert_string_equal(letters_of(*state, "n2/0"), "");
	set_called(*state, "n1/0", 8500);
	assert_string_equal(letters_of(*state, "n2/0"), "a");
}

/* Those whose work is done elsewhere read in their journal what happened. */
static void what_is_in_it_is_told_with_what_happened(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	redisReply *reply;

	push(pool, 2, 'a', SIZE, ROOMY);
	script_arg_int(&args, 8);
	for (unsigned n_events = 1; n_events != (unsigned)-1; n_events--) {
		assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_LOOK, &args, &reply), 0);
		assert_int_equal(reply->elements, 5 + n_events);
		assert_string_equal(reply->element[0]->str, "");
		assert_int_equal(reply->element[1]->integer, 2);
		assert_int_equal(reply->element[2]->integer, 6);
		assert_int_equal(reply->element[3]->integer, 2 * COST);
		assert_int_equal(reply->element[4]->integer, 0);
		if (n_events)
			assert_string_equal(reply->element[5]->element[1]->str, "spill_began");
		freeReplyObject(reply);
	}
}

static void what_a_worker_holds_goes_to_no_other_whatever_is_before_it(void **state)
{
	push_for(*state, 2, 'a', SIZE, ROOMY, "n1/0");
	assert_string_equal(letters_of(*state, "n2/0"), "");
	push(*state, 1, 'c', SIZE, ROOMY);
	push_for(*state, 2, 'd', SIZE, ROOMY, "n1/0");
	push(*state, 1, 'f', SIZE, ROOMY);
	assert_string_equal(letters_of(*state, "n2/0"), "cf");
	assert_string_equal(letters_of(*state, "n2/0"), "");
	assert_string_equal(take_some(*state, "n1/0", MANY, ROOMY, true)->letters, "abde");
	assert_int_equal(done(*state, &take, 0, take.n).n_entries, 2);
}

static void what_a_dead_worker_held_goes_to_others(void **state)
{
	redisReply *reply;

	push(*state, 1, 'a', SIZE, ROOMY);
	push_for(*state, 2, 'b', SIZE, ROOMY, "n1/0");
	set_called(*state, "n1/0", 5000);
	reply = POOL_COMMAND(*state, "XPENDING", redis_pool_key(*state, KEY_SPILL), "nodes", "-",
			     "+", "10", "n1/0");
	assert_int_equal(reply->elements, 2);
	freeReplyObject(reply);
	assert_string_equal(letters_of(*state, "n2/0"), "a");
	set_called(*state, "n1/0", 8500);
	assert_string_equal(letters_of(*state, "n2/0"), "bc");
}

static void own_ones_are_read_behind_an_entry(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args;
	struct spill_entry entry;
	redisReply *reply;

	push_for(pool, 3, 'a', SIZE, ROOMY, "n1/0");
	take_some(pool, "n1/0", MANY, ROOMY, true);
	spill_take_own_after(&args, "n1/0", MANY, ROOMY, take.names[0]);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	assert_int_equal(spill_take_answer(reply, &take.answer), 0);
	assert_int_equal(take.answer.n, 2);
	assert_true(spill_taken_next(&take.answer, &entry));
	assert_int_equal(entry.body[0], 'b');
	freeReplyObject(reply);
}

static unsigned n_events(struct redis_pool *pool)
{
	redisReply *reply = POOL_COMMAND(pool, "XLEN", redis_pool_key(pool, KEY_JOURNAL));
	unsigned n = (unsigned)reply->integer;

	freeReplyObject(reply);
	return n;
}

static void held_packets_alone_are_no_event(void **state)
{
	push_for(*state, 1, 'a', SIZE, ROOMY, "n1/0");
	take_some(*state, "n1/0", MANY, ROOMY, true);
	done(*state, &take, 0, take.n);
	assert_int_equal(n_events(*state), 0);
	push_for(*state, 1, 'a', SIZE, ROOMY, "n1/0");
	push(*state, 1, 'b', SIZE, ROOMY);
	push(*state, 1, 'c', SIZE, ROOMY);
	assert_int_equal(n_events(*state), 1);
	letters_of(*state, "n2/0");
	done(*state, &take, 0, take.n);
	assert_int_equal(n_events(*state), 1);
	take_some(*state, "n1/0", MANY, ROOMY, true);
	done(*state, &take, 0, take.n);
	assert_int_equal(n_events(*state), 2);
}

static void a_group_that_is_gone_is_made_again_and_loses_nothing(void **state)
{
	const char *spill = redis_pool_key(*state, KEY_SPILL);

	push(*state, 3, 'a', SIZE, ROOMY);
	take_some(*state, "n1/0", 1, ROOMY, false);
	POOL_DO(*state, "XGROUP", "DESTROY", spill, "nodes");
	assert_string_equal(take_some(*state, "n1/0", MANY, ROOMY, true)->letters, "");
	assert_string_equal(letters_of(*state, "n1/0"), "abc");
	POOL_DO(*state, "DEL", spill);
	assert_string_equal(letters_of(*state, "n1/0"), "");
	push(*state, 1, 'd', SIZE, ROOMY);
	assert_total(*state, 1, COST);
	assert_string_equal(letters_of(*state, "n2/0"), "d");
}

static void an_empty_spill_has_room_whatever_its_totals_say(void **state)
{
	const char *total = redis_pool_key(*state, KEY_SPILL_TOTAL);

	push(*state, 1, 'a', SIZE, COST);
	letters_of(*state, "n1/0");
	POOL_DO(*state, "HSET", total, "packets", "9", "messages", "-4", "bytes", "99999");
	done(*state, &take, 0, 1);
	assert_total(*state, 0, 0);
	POOL_DO(*state, "HSET", total, "packets", "9", "messages", "-4", "bytes", "99999");
	assert_int_equal(push(*state, 2, 'b', SIZE, COST).n_stored, 1);
	assert_total(*state, 1, COST);
}

static unsigned below(unsigned n)
{
	static uint32_t x = 20240229;

	x = x * 1664525 + 1013904223;
	return (x >> 16) % n;
}

static void totals_are_exact_after_whatever_happens(void **state)
{
	static const char *const workers[] = { "n1/0", "n1/1", "n2/0" };
	unsigned packets = 0, n, from;
	uint64_t bytes = 0;
	struct spill_left left;

	for (int i = 0; i < 400; i++) {
		size_t size = 1 + below(BODY_MAX - 1);
		struct spill_pushed pushed = push(*state, 1 + below(8), 'a', size, 64 * BODY_MAX);

		packets += pushed.n_stored;
		bytes += pushed.n_stored * (size + COST - SIZE);
		assert_int_equal(pushed.bytes, bytes);
		take_some(*state, workers[below(3)], 1 + below(12), ROOMY, below(2));
		if (!take.n)
			continue;
		from = below(take.n);
		n = 1 + below(take.n - from);
		left = done(*state, &take, from, n);
		assert_int_equal(left.n_removed, n);
		for (unsigned k = from; k < from + n; k++)
			bytes -= take.costs[k];
		packets -= n;
		assert_int_equal(left.n_entries, packets);
		assert_total(*state, packets, bytes);
	}
	assert_true(packets > 0);
}

#define SPILL_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

static unsigned failures_of(struct redis_pool *pool, const char *worker, bool own)
{
	struct spill_taken taken;
	struct spill_entry entry = { 0 };
	struct script_args args;
	redisReply *reply;

	spill_take_args(&args, worker, 1, ROOMY, own);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	assert_int_equal(spill_take_answer(reply, &taken), 0);
	assert_true(spill_taken_next(&taken, &entry));
	freeReplyObject(reply);
	return entry.n_failures;
}

static void failed_deliveries_of_a_packet_travel_with_it(void **state)
{
	struct redis_pool *pool = *state;
	struct spill_packet packet = {
		.form = TYPE, .n_messages = 3, .n_failures = 4, .body = "suspect", .len = 7
	};
	static struct spill_push push;
	struct spill_pushed pushed;
	char field[SPILL_ENTRY_NAME_MAX + 16];
	redisReply *reply;

	spill_push_begin(&push, "n1", ROOMY);
	spill_push_add(&push, &packet);
	assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_PUSH, &push.args, &reply), 0);
	assert_int_equal(spill_push_answer(reply, &pushed), 0);
	snprintf(field, sizeof(field), "failures:%s", spill_pushed_name(&pushed, 0));
	freeReplyObject(reply);
	assert_int_equal(failures_of(pool, "n1/0", false), 4);
	/* as its holder notes one more */
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_SPILL_TOTAL), field, "5");
	assert_int_equal(failures_of(pool, "n1/0", true), 5);
	POOL_DO(pool, "HSET", redis_pool_key(pool, KEY_SPILL_TOTAL), field, "many");
	assert_int_equal(failures_of(pool, "n1/0", true), 0); /* it is no number */
	take_some(pool, "n1/0", 1, ROOMY, true);
	done(pool, &take, 0, 1);
	reply = POOL_COMMAND(pool, "HEXISTS", redis_pool_key(pool, KEY_SPILL_TOTAL), field);
	assert_int_equal(reply->integer, 0);
	freeReplyObject(reply);
}

static long long length(struct redis_pool *pool, enum registry_key key)
{
	redisReply *reply = POOL_COMMAND(pool, "XLEN", redis_pool_key(pool, key));
	long long n = reply->integer;

	freeReplyObject(reply);
	return n;
}

static void what_is_no_packet_bounds_a_call_and_the_journal(void **state)
{
	static const char junk[] =
		"for i = 1, 5000 do redis.call('XADD', KEYS[1], '*', 'x', i) end";
	unsigned n_calls = 0;

	POOL_DO(*state, "EVAL", junk, "1", redis_pool_key(*state, KEY_SPILL));
	push(*state, 1, 'z', SIZE, ROOMY);
	while (*letters_of(*state, "n1/0") == '\0')
		assert_int_equal(length(*state, KEY_DEAD), 128 * ++n_calls);
	assert_int_equal(n_calls, 5000 / 128);
	assert_string_equal(take.letters, "z");
	assert_int_equal(length(*state, KEY_DEAD), 5000);
	assert_int_equal(length(*state, KEY_JOURNAL),
			 1 + 4); /* the spill began; 1, 10, 100, 1000 */
}

/* Whoever comes first after the loss. */
static void totals_that_were_lost_are_guessed_by_whoever_comes_first(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	redisReply *reply;

	script_arg_int(&args, 0);
	push(pool, 3, 'a', BODY_MAX, ROOMY);
	POOL_DO(pool, "DEL", redis_pool_key(pool, KEY_SPILL_TOTAL));
	assert_int_equal(push(pool, 1, 'd', SIZE, 3 * BODY_MAX).n_stored, 0); /* it is full */
	assert_int_equal(push(pool, 1, 'd', SIZE, ROOMY).n_stored, 1);
	for (int i = 0; i < 2; i++) { /* it is told once */
		assert_int_equal(client_eval(pool->client, SCRIPT_SPILL_LOOK, &args, &reply), 0);
		assert_string_equal(reply->element[0]->str, i == 0 ? "spill_total" : "");
		assert_int_equal(reply->element[1]->integer, 4);
		assert_int_equal(reply->element[2]->integer, 3 * 1 + 3);
		assert_true(reply->element[3]->integer > 3 * BODY_MAX);
		freeReplyObject(reply);
	}
}

/* A worker asks on until nothing comes. */
static void what_was_deleted_bounds_no_reading_of_own_ones(void **state)
{
	for (char c = 'a'; c < 'e'; c++)
		push(*state, 60, c, SIZE, ROOMY);
	assert_int_equal(strlen(letters_of(*state, "n1/0")), 240);
	for (unsigned i = 0; i < 238; i++)
		POOL_DO(*state, "XDEL", redis_pool_key(*state, KEY_SPILL), take.names[i]);
	assert_int_equal(strlen(take_some(*state, "n1/0", MANY, ROOMY, true)->letters), 1);
	assert_int_equal(strlen(take_some(*state, "n1/0", MANY, ROOMY, true)->letters), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPILL_TEST(packets_come_out_in_the_order_they_went_in),
		SPILL_TEST(a_packet_comes_back_as_it_was),
		SPILL_TEST(failed_deliveries_of_a_packet_travel_with_it),
		SPILL_TEST(nothing_is_admitted_beyond_the_bound_and_nothing_trimmed),
		SPILL_TEST(a_worker_gets_no_more_than_it_has_room_for),
		SPILL_TEST(what_is_done_leaves_once),
		SPILL_TEST(a_worker_is_told_again_what_it_has_not_done),
		SPILL_TEST(
			what_the_dead_had_taken_goes_to_others_and_what_the_living_have_does_not),
		SPILL_TEST(the_dead_are_looked_for_once_a_second),
		SPILL_TEST(a_call_for_nothing_says_that_the_worker_lives),
		SPILL_TEST(a_pause_of_redis_makes_nobody_dead),
		SPILL_TEST(what_is_in_it_is_told_with_what_happened),
		SPILL_TEST(what_a_worker_holds_goes_to_no_other_whatever_is_before_it),
		SPILL_TEST(what_a_dead_worker_held_goes_to_others),
		SPILL_TEST(own_ones_are_read_behind_an_entry),
		SPILL_TEST(held_packets_alone_are_no_event),
		SPILL_TEST(a_group_that_is_gone_is_made_again_and_loses_nothing),
		SPILL_TEST(an_empty_spill_has_room_whatever_its_totals_say),
		SPILL_TEST(totals_are_exact_after_whatever_happens),
		SPILL_TEST(totals_that_were_lost_are_guessed_by_whoever_comes_first),
		SPILL_TEST(what_is_no_packet_bounds_a_call_and_the_journal),
		SPILL_TEST(what_was_deleted_bounds_no_reading_of_own_ones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
