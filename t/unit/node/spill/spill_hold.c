/* spill_hold.[ch] on a real Redis: which packets are stored when, and what becomes of the entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "node/packet/packet_form.h"
#include "node/spill/spill_hold.h"
#include "t/unit/node/spill/spill_bench.h"

#define ME "n1/0"
#define AFTER_US 100000
#define LONG_US (3600 * US_PER_S)
#define MANY 200
#define ROOMY (1ULL << 40)

struct bench {
	struct spill_bench env;
	struct spill_out out;
	struct spill_hold hold;
	unsigned n_held, n_again, next_number;
	struct packet *packets[MANY];
	unsigned n_packets;
};

static struct bench the_bench;

static bool has_room(void *arg)
{
	(void)arg;
	return true;
}

/* What stood under this worker's name and was not known. */
static void on_packet(void *arg, struct packet *p)
{
	struct bench *b = arg;

	b->n_again++;
	spill_out_done(&b->out, p);
	packet_free_within(&b->env.memory, p);
}

static void on_held(void *arg, struct packet *p)
{
	struct bench *b = arg;

	assert_non_null(p->spilled);
	assert_int_equal(p->hold_state, HOLD_NONE);
	b->n_held++;
}

static void turn(struct bench *b)
{
	assert_int_equal(event_base_loop(b->env.base, EVLOOP_ONCE), 0);
	spill_hold_turn(&b->hold, clock_mono_us());
	spill_out_turn(&b->out, clock_mono_us());
}

static void turn_for(struct bench *b, uint64_t us)
{
	uint64_t end_us = clock_mono_us() + us;

	TURN_UNTIL(b, turn, clock_mono_us() >= end_us);
}

static void begin(struct bench *b, uint64_t after_us, uint64_t max_bytes, unsigned min_replicas)
{
	struct spill_out_config out = { .link = b->env.link,
					.bulk = b->env.link,
					.metrics = &b->env.shard,
					.memory = &b->env.memory,
					.keys = &b->env.pool.keys,
					.worker = ME,
					.has_room = has_room,
					.on_packet = on_packet,
					.arg = b };
	struct spill_hold_config hold = { .base = b->env.base,
					  .link = b->env.link,
					  .metrics = &b->env.shard,
					  .out = &b->out,
					  .node_id = "n1",
					  .worker = ME,
					  .after_us = after_us,
					  .max_bytes = max_bytes,
					  .min_replicas = min_replicas,
					  .copy_us = 50000,
					  .on_held = on_held,
					  .arg = b };

	spill_out_init(&b->out, &out);
	assert_int_equal(spill_hold_init(&b->hold, &hold), 0);
	b->out.reads_own = false; /* the test has no former run */
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

static void end_packet(struct bench *b, unsigned i)
{
	struct packet *p = b->packets[i];

	b->packets[i] = NULL;
	spill_hold_note_delivery(&b->hold, p);
	spill_hold_forget(&b->hold, p);
	if (p->spilled)
		spill_out_done(&b->out, p);
	packet_free_within(&b->env.memory, p);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	link_free(b->env.link);
	b->env.link = NULL;
	for (unsigned i = 0; i < b->n_packets; i++)
		if (b->packets[i])
			end_packet(b, i);
	spill_hold_deinit(&b->hold);
	spill_out_deinit(&b->out);
	spill_bench_teardown(&b->env);
	return 0;
}

/* Its number. */
static unsigned watch(struct bench *b, unsigned slot, size_t n_bytes)
{
	struct packet *p = spill_bench_packet(&b->env, b->next_number++, n_bytes);

	assert_true(b->n_packets < MANY);
	p->slot = (uint16_t)slot;
	b->packets[b->n_packets] = p;
	spill_hold_watch(&b->hold, p);
	return b->n_packets++;
}

static uint64_t n_pending(struct bench *b)
{
	redisReply *reply =
		POOL_COMMAND(&b->env.pool, "XPENDING", redis_pool_key(&b->env.pool, KEY_SPILL),
			     "nodes", "-", "+", "1000", ME);
	uint64_t n = reply->elements;

	freeReplyObject(reply);
	return n;
}

static void a_packet_in_time_costs_redis_nothing(void **state)
{
	struct bench *b = *state;

	begin(b, LONG_US, ROOMY, 0);
	for (unsigned i = 0; i < 20; i++)
		watch(b, 1, 0);
	turn_for(b, 2 * AFTER_US);
	for (unsigned i = 0; i < 20; i++)
		end_packet(b, i);
	assert_int_equal(b->n_held, 0);
	assert_int_equal(spill_bench_length(&b->env), 0);
}

static void a_packet_that_waits_is_held_under_this_workers_name(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	assert_true(clock_mono_us() - b->packets[0]->received_us >= AFTER_US);
	assert_int_equal(n_pending(b), 1);
	end_packet(b, 0);
	TURN_UNTIL(b, turn, spill_bench_length(&b->env) == 0);
}

static void all_that_are_due_go_with_few_calls(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 0);
	for (unsigned i = 0; i < MANY; i++)
		watch(b, 1, 0);
	for (unsigned i = 0; i < MANY; i++)
		b->packets[i]->received_us -= AFTER_US;
	b->out.next_look_us = b->out.next_beat_us = UINT64_MAX;
	spill_bench_reset_calls(&b->env);
	TURN_UNTIL(b, turn, b->n_held == MANY);
	assert_int_equal(spill_bench_calls(&b->env), (MANY + SPILL_PUSH_MAX - 1) / SPILL_PUSH_MAX);
	assert_int_equal(n_pending(b), MANY);
}

static void the_entry_of_a_packet_that_ends_meanwhile_is_removed(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 0);
	watch(b, 1, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->hold.is_calling);
	end_packet(b, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	TURN_UNTIL(b, turn, spill_bench_length(&b->env) == 1);
	assert_int_equal(b->n_held, 1);
}

/* What its entry counts for was known before. */
static void it_is_removed_whatever_its_format_was(void **state)
{
	const struct packet_request request = { .format = FORMAT_OTLP_PROTO };
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 0);
	for (unsigned i = 0; i < 3; i++) {
		watch(b, 1, 0);
		assert_int_equal(packet_set_form(&b->env.memory, b->packets[i], &request), 0);
	}
	TURN_UNTIL(b, turn, b->hold.is_calling);
	end_packet(b, 0);
	end_packet(b, 2);
	TURN_UNTIL(b, turn, b->n_held == 1);
	TURN_UNTIL(b, turn, spill_bench_length(&b->env) == 1);
}

static void where_the_spill_is_full_a_packet_waits_on(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, 1000, 0);
	watch(b, 1, 2000);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->hold.full_until_us > 0);
	assert_int_equal(b->n_held, 0);
	assert_int_equal(b->packets[0]->hold_state, HOLD_WAITING);
	end_packet(b, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	assert_true(metrics_get(&b->env.shard, M_HOLD_OBSTACLES, HOLD_SPILL_FULL) > 0);
}

/* What was sent is in the socket of Redis, and comes to nothing when Redis reads it. */
static void a_call_without_its_answer_is_taken_back(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 0);
	redis_server_freeze(&b->env.pool.server);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->hold.is_calling);
	TURN_UNTIL(b, turn, !b->hold.is_calling);
	assert_int_equal(b->packets[0]->hold_state, HOLD_WAITING);
	redis_server_thaw(&b->env.pool.server);
	TURN_UNTIL(b, turn, b->n_held == 1);
	assert_int_equal(spill_bench_length(&b->env), 1);
	assert_int_equal(n_pending(b), 1);
}

/* Of two entries under this worker's name one is known. */
static void reading_again_passes_over_what_is_known(void **state)
{
	static struct spill_push push;
	struct bench *b = *state;
	redisReply *reply;

	begin(b, AFTER_US, ROOMY, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	spill_push_begin(&push, "n1", ROOMY);
	spill_push_add(&push, &(struct spill_packet){ .form = PACKET_MEDIA_TYPE,
						      .n_messages = 1,
						      .body = b->packets[0]->body,
						      .len = b->packets[0]->len });
	spill_push_hold(&push, ME);
	assert_int_equal(client_eval(b->env.pool.client, SCRIPT_SPILL_PUSH, &push.args, &reply), 0);
	freeReplyObject(reply);
	spill_out_read_own(&b->out);
	b->out.next_look_us = 0;
	TURN_UNTIL(b, turn, b->n_again == 1);
	TURN_UNTIL(b, turn, !b->out.reads_own);
	assert_int_equal(b->n_again, 1);
	TURN_UNTIL(b, turn, spill_bench_length(&b->env) == 1);
}

static void what_goes_to_a_slow_analyzer_is_held_at_once_until_it_is_fast(void **state)
{
	struct bench *b = *state;
	unsigned other, fast;

	begin(b, AFTER_US, ROOMY, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	b->hold.config.after_us = LONG_US;
	other = watch(b, 2, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->n_held == 2);
	assert_int_equal(b->packets[other]->hold_state, HOLD_WAITING);
	fast = watch(b, 1, 0);
	end_packet(b, fast); /* acknowledged within after_us */
	watch(b, 1, 0);
	turn_for(b, AFTER_US);
	assert_int_equal(b->n_held, 2);
}

static void a_packet_is_looked_at_again_until_it_is_known_where_it_goes(void **state)
{
	struct bench *b = *state;
	unsigned late;

	begin(b, AFTER_US, ROOMY, 0);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->n_held == 1);
	b->hold.config.after_us = LONG_US;
	late = watch(b, SLOT_NONE, 0);
	turn_for(b, AFTER_US / 10);
	assert_int_equal(b->n_held, 1);
	b->packets[late]->slot = 1;
	TURN_UNTIL(b, turn, b->n_held == 2);
}

static void without_enough_replicas_nothing_is_held(void **state)
{
	struct bench *b = *state;

	begin(b, AFTER_US, ROOMY, 1);
	watch(b, 1, 0);
	TURN_UNTIL(b, turn, b->hold.away_until_us > 0);
	assert_int_equal(b->n_held, 0);
	TURN_UNTIL(b, turn, spill_bench_length(&b->env) == 0);
	assert_int_equal(b->packets[0]->hold_state, HOLD_WAITING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_packet_in_time_costs_redis_nothing),
		TEST(a_packet_that_waits_is_held_under_this_workers_name),
		TEST(all_that_are_due_go_with_few_calls),
		TEST(the_entry_of_a_packet_that_ends_meanwhile_is_removed),
		TEST(it_is_removed_whatever_its_format_was),
		TEST(where_the_spill_is_full_a_packet_waits_on),
		TEST(a_call_without_its_answer_is_taken_back),
		TEST(reading_again_passes_over_what_is_known),
		TEST(what_goes_to_a_slow_analyzer_is_held_at_once_until_it_is_fast),
		TEST(a_packet_is_looked_at_again_until_it_is_known_where_it_goes),
		TEST(without_enough_replicas_nothing_is_held),
	};
	int r;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (spill_bench_start(&the_bench.env) != 0)
		return 1;
	r = cmocka_run_group_tests_name("node/spill/spill_hold", tests, NULL, NULL);
	spill_bench_stop(&the_bench.env);
	return r;
}
