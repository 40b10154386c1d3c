#include "t/unit/node/spill/out_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "registry/scripts.h"

static struct out_bench the_bench;

static bool has_room(void *arg)
{
	return ((struct out_bench *)arg)->has_room;
}

static void let_go(struct out_bench *b, struct packet *p,
		   void (*how)(struct spill_out *, struct packet *))
{
	how(&b->out, p);
	assert_null(p->spilled);
	packet_free_within(&b->env.memory, p);
	b->n_held--;
}

static void on_packet(void *arg, struct packet *p)
{
	struct out_bench *b = arg;
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

void out_end_held(struct out_bench *b, void (*how)(struct spill_out *, struct packet *))
{
	for (unsigned i = 0; i < b->n_taken; i++) {
		if (!b->packets[i])
			continue;
		let_go(b, b->packets[i], how);
		b->packets[i] = NULL;
	}
}

void out_turn(struct out_bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	spill_out_turn(&b->out, clock_mono_us());
}

void out_turn_for(struct out_bench *b, uint64_t us)
{
	uint64_t end_us = clock_mono_us() + us;

	TURN_UNTIL(b, out_turn, clock_mono_us() >= end_us);
}

void out_begin(struct out_bench *b)
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

int out_bench_setup(void **state)
{
	struct out_bench *b = &the_bench;
	struct spill_bench env = b->env;

	*b = (struct out_bench){ .env = env };
	spill_bench_setup(&b->env);
	*state = b;
	return 0;
}

int out_bench_teardown(void **state)
{
	struct out_bench *b = *state;

	out_end_held(b, spill_out_leave);
	link_free(b->env.link);
	b->env.link = NULL;
	spill_out_deinit(&b->out); /* some tests leave names */
	spill_bench_teardown(&b->env);
	return 0;
}

void out_fill(struct out_bench *b, unsigned from, unsigned n, size_t size)
{
	static struct spill_push push;

	for (unsigned i = 0; i < n; i++) {
		struct packet *p = spill_bench_packet(&b->env, from + i, size);
		redisReply *reply;

		spill_push_begin(&push, "n2", 1ULL << 40);
		spill_push_add(&push, &(struct spill_packet){ .form = PACKET_MEDIA_TYPE,
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

void out_take_as(struct out_bench *b, const char *worker, bool is_alive)
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

uint64_t out_n_pending(struct out_bench *b)
{
	redisReply *reply = POOL_COMMAND(&b->env.pool, "XPENDING",
					 redis_pool_key(&b->env.pool, KEY_SPILL), "nodes");
	uint64_t n = reply->type == REDIS_REPLY_ARRAY ? (uint64_t)reply->element[0]->integer : 0;

	freeReplyObject(reply);
	return n;
}

uint64_t out_n_given_up(struct out_bench *b)
{
	redisReply *reply =
		POOL_COMMAND(&b->env.pool, "XPENDING", redis_pool_key(&b->env.pool, KEY_SPILL),
			     SPILL_GROUP, "-", "+", "1000", SPILL_OUT_NOBODY);
	uint64_t n = reply->elements;

	freeReplyObject(reply);
	return n;
}

void out_assert_all_done(struct out_bench *b, unsigned n)
{
	redisReply *reply;

	TURN_UNTIL(b, out_turn, b->out.lists[SPILLED_HELD].n + b->out.lists[SPILLED_DONE].n == 0);
	assert_true(spill_out_is_quiet(&b->out));
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(b->times[i], 1);
	assert_int_equal(spill_bench_length(&b->env), 0);
	assert_int_equal(out_n_pending(b), 0);
	reply = POOL_COMMAND(&b->env.pool, "HMGET", redis_pool_key(&b->env.pool, KEY_SPILL_TOTAL),
			     "packets", "messages", "bytes");
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(reply->element[i]->str, "0");
	freeReplyObject(reply);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_HELD_PACKETS, 0), 0);
}

int out_bench_start(void **state)
{
	(void)state;
	return spill_bench_start(&the_bench.env);
}

int out_bench_stop(void **state)
{
	(void)state;
	spill_bench_stop(&the_bench.env);
	return 0;
}
