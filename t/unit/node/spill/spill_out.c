/* spill_out.[ch] on a real Redis: what is taken, held, done, and taken over from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "node/spill/spill_out.h"
#include "registry/scripts.h"
#include "t/unit/node/spill/spill_bench.h"

#define MANY 700
#define ME "n1/0"

struct bench {
	struct spill_bench env;
	struct spill_out out;
	bool has_room;
	bool at_once; /* packets meet their fate as soon as they come */
	unsigned n_taken, n_held, max_held;
	unsigned first;               /* of those held */
	struct packet *packets[MANY]; /* by the order in which they came; NULL: not held any more */
	unsigned times[MANY];         /* each number has come */
	unsigned numbers[MANY];       /* the same order */
};

static struct bench the_bench;

static bool has_room(void *arg)
{
	return ((struct bench *)arg)->has_room;
}

static void let_go(struct bench *b, struct packet *p,
		   void (*how)(struct spill_out *, struct packet *))
{
	how(&b->out, p);
	assert_null(p->spilled);
	packet_free_within(&b->env.memory, p);
	b->n_held--;
}

static void on_packet(void *arg, struct packet *p)
{
	struct bench *b = arg;
	unsigned number = spill_bench_number(p->body, p->len);

	assert_non_null(p->spilled);
	assert_int_equal(p->n_messages, number % 3 + 1);
	assert_true(number < MANY && b->n_taken < MANY);
	b->times[number]++;
	b->numbers[b->n_taken] = number;
	b->packets[b->n_taken++] = p;
	b->n_held++;
	if (b->n_held > b->max_held)
		b->max_held = b->n_held;
	if (!b->at_once)
		return;
	b->packets[b->n_taken - 1] = NULL;
	let_go(b, p, spill_out_done);
}

static void end_held(struct bench *b, void (*how)(struct spill_out *, struct packet *))
{
	for (unsigned i = 0; i < b->n_taken; i++) {
		if (!b->packets[i])
			continue;
		let_go(b, b->packets[i], how);
		b->packets[i] = NULL;
	}
}

static void turn(struct bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	spill_out_turn(&b->out, clock_mono_us());
}

static void turn_for(struct bench *b, uint64_t us)
{
	uint64_t end_us = clock_mono_us() + us;

	TURN_UNTIL(b, turn, clock_mono_us() >= end_us);
}

static void begin(struct bench *b)
{
	struct spill_out_config config = { .link = b->env.link,
					   .bulk = b->env.link,
					   .metrics = &b->env.shard,
					   .memory = &b->env.memory,
					   .keys = &b->env.pool.keys,
					   .worker = ME,
					   .has_room = has_room,
					   .on_packet = on_packet,
					   .arg = b };

	b->has_room = true;
	spill_out_init(&b->out, &config);
	b->out.next_look_us = 0;
}

static int setup(void **state)
{
	struct bench *b = &the_bench;
	struct spill_bench env = b->env;

	*b = (struct bench){ .env = env };
	spill_bench_setup(&b->env);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	end_held(b, spill_out_leave);
	spill_bench_teardown(&b->env);
	return 0;
}

/* Packets `from`, `from` + 1, ... */
static void fill(struct bench *b, unsigned from, unsigned n, size_t size)
{
	static struct spill_push push;

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = spill_bench_packet(&b->env, from + i, size);
		redisReply *reply;

		spill_push_begin(&push, "n2", 1ULL << 40);
		spill_push_add(&push, &(struct spill_packet){ .type = PACKET_MEDIA_TYPE,
							      .n_messages = p->n_messages,
							      .received_ms = 1700000000000,
							      .body = p->body,
							      .len = p->len });
		assert_int_equal(
			client_eval(b->env.pool.client, SCRIPT_SPILL_PUSH, &push.args, &reply), 0);
		freeReplyObject(reply);
		packet_free_within(&b->env.memory, p);
	}
	spill_bench_reset_calls(&b->env);
}

/* Another worker takes what there is; it lives, or has not called for a minute. */
static void take_as(struct bench *b, const char *worker, bool is_alive)
{
	struct script_args args;
	redisReply *reply;
	char score[24];

	spill_take_args(&args, worker, MANY, 1ULL << 40, false);
	assert_int_equal(client_eval(b->env.pool.client, SCRIPT_SPILL_TAKE, &args, &reply), 0);
	freeReplyObject(reply);
	snprintf(score, sizeof(score), "%llu",
		 (unsigned long long)(clock_wall_us() / US_PER_MS + (is_alive ? 60000 : -60000)));
	POOL_DO(&b->env.pool, "ZADD", redis_pool_key(&b->env.pool, KEY_SPILL_WORKERS), score,
		worker);
	spill_bench_reset_calls(&b->env);
}

static uint64_t n_pending(struct bench *b)
{
	redisReply *reply = POOL_COMMAND(&b->env.pool, "XPENDING",
					 redis_pool_key(&b->env.pool, KEY_SPILL), "nodes");
	uint64_t n = reply->type == REDIS_REPLY_ARRAY ? (uint64_t)reply->element[0]->integer : 0;

	freeReplyObject(reply);
	return n;
}

/* Each of the first n has come once, and is out of the stream. */
static void assert_all_done(struct bench *b, unsigned n)
{
	redisReply *reply;

	TURN_UNTIL(b, turn, b->out.lists[SPILLED_HELD].n + b->out.lists[SPILLED_DONE].n == 0);
	assert_true(spill_out_is_quiet(&b->out));
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(b->times[i], 1);
	assert_int_equal(spill_bench_length(&b->env), 0);
	assert_int_equal(n_pending(b), 0);
	reply = POOL_COMMAND(&b->env.pool, "HMGET", redis_pool_key(&b->env.pool, KEY_SPILL_TOTAL),
			     "packets", "messages", "bytes");
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(reply->element[i]->str, "0");
	freeReplyObject(reply);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_HELD_PACKETS, 0), 0);
}

static void the_oldest_comes_first_and_what_is_done_leaves_the_stream(void **state)
{
	struct bench *b = *state;

	begin(b);
	b->at_once = true;
	fill(b, 0, 300, 0);
	TURN_UNTIL(b, turn, b->n_taken == 300);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(b->numbers[i], i);
	assert_all_done(b, 300);
	assert_in_range(spill_bench_calls(&b->env), 6, 60); /* many go together */
}

static void what_is_held_stays_in_the_stream(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 5, 0);
	TURN_UNTIL(b, turn, b->n_held == 5);
	assert_int_equal(spill_bench_length(&b->env), 5);
	assert_int_equal(n_pending(b), 5);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_HELD_PACKETS, 0), 5);
	assert_false(spill_out_is_quiet(&b->out));
	end_held(b, spill_out_done);
	assert_false(spill_out_is_quiet(&b->out));
	assert_all_done(b, 5);
}

static void no_more_are_held_than_may_be(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 600, 0);
	TURN_UNTIL(b, turn, b->n_held > SPILL_OUT_MAX / 2);
	turn_for(b, US_PER_S / 10);
	assert_in_range(b->max_held, SPILL_OUT_MAX / 2 + 1, SPILL_OUT_MAX);
	while (b->n_taken < 600) {
		end_held(b, spill_out_done);
		TURN_UNTIL(b, turn, b->n_held > 0);
	}
	assert_in_range(b->max_held, SPILL_OUT_MAX / 2 + 1, SPILL_OUT_MAX);
	end_held(b, spill_out_done);
	assert_all_done(b, 600);
}

static void without_room_nothing_is_taken(void **state)
{
	struct bench *b = *state;

	begin(b);
	b->has_room = false;
	fill(b, 0, 3, 0);
	turn_for(b, US_PER_S / 5);
	assert_in_range(spill_bench_calls(&b->env), 0, 1); /* it says that it lives */
	assert_int_equal(n_pending(b), 0);
	b->has_room = true;
	TURN_UNTIL(b, turn, b->n_held == 3);
	spill_out_end(&b->out);
	end_held(b, spill_out_done);
	assert_all_done(b, 3);
	fill(b, 3, 1, 0);
	b->out.next_look_us = 0;
	turn_for(b, US_PER_S / 5);
	assert_int_equal(b->n_held, 0); /* the worker ends */
}

static void stand_still(struct bench *b)
{
	(void)b;
}

/* Of the next call to a frozen Redis, which carries it out later on. */
static void lose_an_answer(struct bench *b)
{
	TURN_UNTIL(b, turn, b->out.is_calling);
	TURN_UNTIL(b, turn, !b->out.is_calling);
	redis_server_thaw(&b->env.pool.server);
}

static void a_lost_answer_loses_no_packet(void **state)
{
	struct bench *b = *state;

	begin(b);
	b->at_once = true;
	TURN_UNTIL(b, turn, spill_bench_calls(&b->env) > 1); /* nothing under its own name */
	b->has_room = false;
	TURN_UNTIL(b, turn, !b->out.is_calling);
	fill(b, 0, 200, 0);
	redis_server_freeze(&b->env.pool.server);
	b->has_room = true;
	lose_an_answer(b);
	assert_int_equal(b->n_taken, 0);
	TURN_UNTIL(b, stand_still, n_pending(b) > 0); /* nobody but the lost call did that */
	TURN_UNTIL(b, turn, b->n_taken == 200);
	assert_all_done(b, 200);
}

static void a_lost_answer_to_what_is_done_changes_nothing(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 10, 0);
	TURN_UNTIL(b, turn, b->n_held == 10);
	b->has_room = false;
	TURN_UNTIL(b, turn, !b->out.is_calling);
	redis_server_freeze(&b->env.pool.server);
	end_held(b, spill_out_done);
	lose_an_answer(b);
	assert_int_equal(b->out.lists[SPILLED_DONE].n, 10);
	assert_all_done(b, 10);
}

static void what_a_former_run_had_taken_comes_first(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 5, 0);
	take_as(b, ME, true);
	fill(b, 5, 5, 0);
	b->at_once = true;
	TURN_UNTIL(b, turn, b->n_taken == 10);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(b->numbers[i], i);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 0);
	assert_all_done(b, 10);
}

static void what_a_dead_worker_had_taken_is_claimed(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 7, 0);
	take_as(b, "n2/0", false);
	b->at_once = true;
	TURN_UNTIL(b, turn, b->n_taken == 7);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 7);
	assert_all_done(b, 7);
}

static void what_is_left_to_others_is_not_done(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 4, 0);
	TURN_UNTIL(b, turn, b->n_held == 4);
	end_held(b, spill_out_leave);
	assert_int_equal(n_pending(b), 4);
	memset(b->times, 0, sizeof(b->times));
	b->at_once = true;
	TURN_UNTIL(b, turn, b->n_taken == 8); /* it lives on: these are its own */
	assert_all_done(b, 4);
}

static void what_is_given_up_is_nobodys_and_then_somebodys(void **state)
{
	struct bench *b = *state;
	redisReply *reply;

	begin(b);
	fill(b, 0, 100, 0);
	TURN_UNTIL(b, turn, b->n_held == 100);
	end_held(b, spill_out_give_up);
	assert_false(spill_out_is_quiet(&b->out));
	TURN_UNTIL(b, turn, spill_out_is_quiet(&b->out));
	reply = POOL_COMMAND(&b->env.pool, "XPENDING", redis_pool_key(&b->env.pool, KEY_SPILL),
			     SPILL_GROUP, "-", "+", "1000", SPILL_OUT_NOBODY);
	assert_int_equal(reply->elements, 100);
	freeReplyObject(reply);
	memset(b->times, 0, sizeof(b->times));
	b->at_once = true;
	TURN_UNTIL(b, turn, b->n_taken == 200);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 100);
	assert_all_done(b, 100);
}

/* Redis must not be busy with calls that cannot bring anything. */
static void assert_few_calls(struct bench *b)
{
	spill_bench_reset_calls(&b->env);
	turn_for(b, 2 * US_PER_S);
	assert_in_range(spill_bench_calls(&b->env), 0, 30);
}

static void what_others_hold_is_not_asked_for_all_the_time(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 9, 0);
	take_as(b, "n2/0", true);
	assert_few_calls(b);
	assert_int_equal(b->n_taken, 0);
}

static void nor_what_there_is_no_memory_for(void **state)
{
	struct bench *b = *state;
	int64_t all = b->env.memory_pool.left_bytes;

	begin(b);
	fill(b, 0, 3, 100000);
	assert_true(memory_take(&b->env.memory, (size_t)memory_left(&b->env.memory) - 90000));
	assert_few_calls(b);
	assert_int_equal(b->n_taken, 0);
	memory_give(&b->env.memory, b->env.memory.used_bytes);
	TURN_UNTIL(b, turn, b->n_taken == 3);
	end_held(b, spill_out_done);
	assert_all_done(b, 3);
	assert_int_equal(b->env.memory_pool.left_bytes + b->env.memory.slack_bytes, all);
}

static void nor_is_redis_told_what_it_refuses_to_hear(void **state)
{
	struct bench *b = *state;

	begin(b);
	fill(b, 0, 3, 0);
	TURN_UNTIL(b, turn, b->n_held == 3);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "min-replicas-to-write", "1"); /* no writing */
	end_held(b, spill_out_done);
	assert_few_calls(b);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "min-replicas-to-write", "0");
	assert_all_done(b, 3);
}

static int start(void **state)
{
	(void)state;
	return spill_bench_start(&the_bench.env);
}

static int stop(void **state)
{
	(void)state;
	spill_bench_stop(&the_bench.env);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_comes_first_and_what_is_done_leaves_the_stream),
		TEST(what_is_held_stays_in_the_stream),
		TEST(no_more_are_held_than_may_be),
		TEST(without_room_nothing_is_taken),
		TEST(a_lost_answer_loses_no_packet),
		TEST(a_lost_answer_to_what_is_done_changes_nothing),
		TEST(what_a_former_run_had_taken_comes_first),
		TEST(what_a_dead_worker_had_taken_is_claimed),
		TEST(what_is_left_to_others_is_not_done),
		TEST(what_is_given_up_is_nobodys_and_then_somebodys),
		TEST(what_others_hold_is_not_asked_for_all_the_time),
		TEST(nor_what_there_is_no_memory_for),
		TEST(nor_is_redis_told_what_it_refuses_to_hear),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_out", tests, start, stop);
}
