/* spill_out.[ch] with lost answers, a former run, dead workers and what is left to others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/spill/out_bench.h"

static void stand_still(struct out_bench *b)
{
	(void)b;
}

/* Of the next call to a frozen Redis, which carries it out later on. */
static void lose_an_answer(struct out_bench *b)
{
	TURN_UNTIL(b, out_turn, b->out.is_calling);
	TURN_UNTIL(b, out_turn, !b->out.is_calling);
	redis_server_thaw(&b->env.pool.server);
}

static void a_lost_answer_loses_no_packet(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	b->at_once = true;
	TURN_UNTIL(b, out_turn, spill_bench_calls(&b->env) > 1); /* nothing under its own name */
	b->has_room = false;
	TURN_UNTIL(b, out_turn, !b->out.is_calling);
	out_fill(b, 0, 200, 0);
	b->out.next_beat_us = UINT64_MAX; /* the next call is the one that is meant */
	redis_server_freeze(&b->env.pool.server);
	b->has_room = true;
	lose_an_answer(b);
	assert_int_equal(b->n_taken, 0);
	TURN_UNTIL(b, stand_still, out_n_pending(b) > 0); /* nobody but the lost call did that */
	TURN_UNTIL(b, out_turn, b->n_taken == 200);
	out_assert_all_done(b, 200);
}

static void a_lost_answer_to_what_is_done_changes_nothing(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 10, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 10);
	b->has_room = false;
	TURN_UNTIL(b, out_turn, !b->out.is_calling);
	b->out.next_beat_us = UINT64_MAX; /* the next call is the one that is meant */
	redis_server_freeze(&b->env.pool.server);
	out_end_held(b, spill_out_done);
	lose_an_answer(b);
	assert_int_equal(b->out.lists[SPILLED_DONE].n, 10);
	out_assert_all_done(b, 10);
}

static void what_a_former_run_had_taken_comes_first(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 5, 0);
	out_take_as(b, ME, true);
	out_fill(b, 5, 5, 0);
	b->at_once = true;
	TURN_UNTIL(b, out_turn, b->n_taken == 10);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(b->numbers[i], i);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 0);
	out_assert_all_done(b, 10);
}

static void what_a_dead_worker_had_taken_is_claimed(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 7, 0);
	out_take_as(b, "n2/0", false);
	b->at_once = true;
	TURN_UNTIL(b, out_turn, b->n_taken == 7);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 7);
	out_assert_all_done(b, 7);
}

static void what_is_left_to_others_is_not_done(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	out_fill(b, 0, 4, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 4);
	out_end_held(b, spill_out_leave);
	assert_int_equal(out_n_pending(b), 4);
	memset(b->times, 0, sizeof(b->times));
	b->at_once = true;
	TURN_UNTIL(b, out_turn, b->n_taken == 8); /* it lives on: these are its own */
	out_assert_all_done(b, 4);
}

static void what_is_given_up_is_nobodys_and_then_somebodys(void **state)
{
	struct out_bench *b = *state;
	redisReply *reply;

	out_begin(b);
	out_fill(b, 0, 100, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 100);
	out_end_held(b, spill_out_give_up);
	assert_false(spill_out_is_quiet(&b->out));
	TURN_UNTIL(b, out_turn, spill_out_is_quiet(&b->out));
	reply = POOL_COMMAND(&b->env.pool, "XPENDING", redis_pool_key(&b->env.pool, KEY_SPILL),
			     SPILL_GROUP, "-", "+", "1000", SPILL_OUT_NOBODY);
	assert_int_equal(reply->elements, 100);
	freeReplyObject(reply);
	memset(b->times, 0, sizeof(b->times));
	b->at_once = true;
	TURN_UNTIL(b, out_turn, b->n_taken == 200);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 100);
	out_assert_all_done(b, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OUT_TEST(a_lost_answer_loses_no_packet),
		OUT_TEST(a_lost_answer_to_what_is_done_changes_nothing),
		OUT_TEST(what_a_former_run_had_taken_comes_first),
		OUT_TEST(what_a_dead_worker_had_taken_is_claimed),
		OUT_TEST(what_is_left_to_others_is_not_done),
		OUT_TEST(what_is_given_up_is_nobodys_and_then_somebodys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_out_others", tests, out_bench_start,
					   out_bench_stop);
}
