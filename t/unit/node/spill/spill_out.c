/* spill_out.[ch] on a real Redis: what is taken, held and done, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/spill/out_bench.h"

static void the_oldest_comes_first_and_what_is_done_leaves_the_stream(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	b->at_once = true;
	out_fill(b, 0, 300, 0);
	TURN_UNTIL(b, out_turn, b->n_taken == 300);
	for (unsigned i = 0; i < 300; i++)
		assert_int_equal(b->numbers[i], i);
	out_assert_all_done(b, 300);
	assert_in_range(spill_bench_calls(&b->env), 6, 60); /* many go together */
}

static void what_is_held_stays_in_the_stream(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 5, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 5);
	assert_int_equal(spill_bench_length(&b->env), 5);
	assert_int_equal(out_n_pending(b), 5);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_HELD_PACKETS, 0), 5);
	assert_false(spill_out_is_quiet(&b->out));
	out_end_held(b, spill_out_done);
	assert_false(spill_out_is_quiet(&b->out));
	out_assert_all_done(b, 5);
}

static void no_more_are_held_than_may_be(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 600, 0);
	TURN_UNTIL(b, out_turn, b->n_held > SPILL_OUT_MAX / 2);
	out_turn_for(b, US_PER_S / 10);
	assert_in_range(b->max_held, SPILL_OUT_MAX / 2 + 1, SPILL_OUT_MAX);
	while (b->n_taken < 600) {
		out_end_held(b, spill_out_done);
		TURN_UNTIL(b, out_turn, b->n_held > 0);
	}
	assert_in_range(b->max_held, SPILL_OUT_MAX / 2 + 1, SPILL_OUT_MAX);
	out_end_held(b, spill_out_done);
	out_assert_all_done(b, 600);
}

static void without_room_nothing_is_taken(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	b->has_room = false;
	out_fill(b, 0, 3, 0);
	out_turn_for(b, US_PER_S / 5);
	assert_in_range(spill_bench_calls(&b->env), 0, 1); /* it says that it lives */
	assert_int_equal(out_n_pending(b), 0);
	b->has_room = true;
	TURN_UNTIL(b, out_turn, b->n_held == 3);
	spill_out_end(&b->out);
	out_end_held(b, spill_out_done);
	out_assert_all_done(b, 3);
	out_fill(b, 3, 1, 0);
	b->out.next_look_us = 0;
	out_turn_for(b, US_PER_S / 5);
	assert_int_equal(b->n_held, 0); /* the worker ends */
}

/* Redis must not be busy with calls that cannot bring anything. */
static void assert_few_calls(struct out_bench *b)
{
	spill_bench_reset_calls(&b->env);
	out_turn_for(b, 2 * US_PER_S);
	assert_in_range(spill_bench_calls(&b->env), 0, 30);
}

static void what_others_hold_is_not_asked_for_all_the_time(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 9, 0);
	out_take_as(b, "n2/0", true);
	assert_few_calls(b);
	assert_int_equal(b->n_taken, 0);
}

static void nor_what_there_is_no_memory_for(void **state)
{
	struct out_bench *b = *state;
	int64_t all = b->env.memory_pool.left_bytes;

	out_begin(b);
	out_fill(b, 0, 3, 100000);
	assert_true(memory_take(&b->env.memory, (size_t)memory_left(&b->env.memory) - 90000));
	assert_few_calls(b);
	assert_int_equal(b->n_taken, 0);
	memory_give(&b->env.memory, b->env.memory.used_bytes);
	TURN_UNTIL(b, out_turn, b->n_taken == 3);
	out_end_held(b, spill_out_done);
	out_assert_all_done(b, 3);
	assert_int_equal(b->env.memory_pool.left_bytes + b->env.memory.slack_bytes, all);
}

static void nor_is_redis_told_what_it_refuses_to_hear(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 3, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 3);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "min-replicas-to-write", "1"); /* no writing */
	out_end_held(b, spill_out_done);
	assert_few_calls(b);
	POOL_DO(&b->env.pool, "CONFIG", "SET", "min-replicas-to-write", "0");
	out_assert_all_done(b, 3);
}

static void of_large_packets_small_ones_do_not_wait_for_the_bodies(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	b->at_once = true;
	b->out.next_fetch_us = UINT64_MAX;
	out_fill(b, 0, 2, 2 * SPILL_LARGE_BYTES);
	out_fill(b, 2, 50, 0);
	TURN_UNTIL(b, out_turn, b->n_taken == 50);
	assert_int_equal(b->out.lists[SPILLED_LARGE].n, 2);
	b->out.next_fetch_us = 0;
	TURN_UNTIL(b, out_turn, b->n_taken == 52);
	assert_int_equal(b->numbers[50], 0);
	assert_int_equal(b->numbers[51], 1);
	out_assert_all_done(b, 52);
}

static void a_body_that_cannot_be_fetched_goes_behind_the_others(void **state)
{
	struct out_bench *b = *state;
	const char *spill = redis_pool_key(&b->env.pool, KEY_SPILL);

	out_begin(b);
	b->at_once = true;
	b->out.next_fetch_us = UINT64_MAX;
	out_fill(b, 0, 3, 2 * SPILL_LARGE_BYTES);
	TURN_UNTIL(b, out_turn, b->out.lists[SPILLED_LARGE].n == 3);
	POOL_DO(&b->env.pool, "RENAME", spill, "elsewhere");
	POOL_DO(&b->env.pool, "SET", spill, "x"); /* the call for the first one fails */
	b->out.next_fetch_us = 0;
	TURN_UNTIL(b, out_turn, b->out.fetching);
	TURN_UNTIL(b, out_turn, !b->out.fetching);
	POOL_DO(&b->env.pool, "RENAME", "elsewhere", spill);
	TURN_UNTIL(b, out_turn, b->n_taken == 3);
	assert_int_equal(b->numbers[0], 1);
	assert_int_equal(b->numbers[1], 2);
	assert_int_equal(b->numbers[2], 0);
	out_assert_all_done(b, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OUT_TEST(the_oldest_comes_first_and_what_is_done_leaves_the_stream),
		OUT_TEST(what_is_held_stays_in_the_stream),
		OUT_TEST(no_more_are_held_than_may_be),
		OUT_TEST(without_room_nothing_is_taken),
		OUT_TEST(what_others_hold_is_not_asked_for_all_the_time),
		OUT_TEST(nor_what_there_is_no_memory_for),
		OUT_TEST(nor_is_redis_told_what_it_refuses_to_hear),
		OUT_TEST(of_large_packets_small_ones_do_not_wait_for_the_bodies),
		OUT_TEST(a_body_that_cannot_be_fetched_goes_behind_the_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_out", tests, out_bench_start,
					   out_bench_stop);
}
