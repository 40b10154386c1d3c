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

	out_begin(b);
	out_fill(b, 0, 100, 0);
	TURN_UNTIL(b, out_turn, b->n_held == 100);
	out_end_held(b, spill_out_give_up);
	assert_false(spill_out_is_quiet(&b->out));
	TURN_UNTIL(b, out_turn, spill_out_is_quiet(&b->out));
	assert_int_equal(out_n_given_up(b), 100);
	memset(b->times, 0, sizeof(b->times));
	b->at_once = true;
	TURN_UNTIL(b, out_turn, b->n_taken == 200);
	assert_int_equal(metrics_get(&b->env.shard, M_SPILL_CLAIMED_PACKETS, 0), 100);
	out_assert_all_done(b, 100);
}

/* Of n large packets, the first one of that size, only the names are taken at first. */
static void take_names(struct out_bench *b, unsigned n, size_t first_size)
{
	out_begin(b);
	b->at_once = true;
	b->out.next_fetch_us = UINT64_MAX;
	out_fill(b, 0, 1, first_size);
	out_fill(b, 1, n - 1, 2 * SPILL_LARGE_BYTES);
	TURN_UNTIL(b, out_turn, b->out.lists[SPILLED_LARGE].n == n);
	b->out.next_fetch_us = 0;
}

/* As if what is there had been taken so long ago. */
static void let_names_wait(struct out_bench *b, uint64_t us)
{
	for (struct spilled *e = b->out.lists[SPILLED_LARGE].first; e; e = e->next)
		e->taken_us -= us;
}

static void large_ones_that_find_no_room_for_long_are_given_up(void **state)
{
	struct out_bench *b = *state;

	take_names(b, 70, 2 * SPILL_LARGE_BYTES);
	b->has_room = false;
	out_turn_for(b, US_PER_S / 10);
	assert_int_equal(b->out.lists[SPILLED_LARGE].n, 70);
	let_names_wait(b, 10 * US_PER_S);
	TURN_UNTIL(b, out_turn, out_n_given_up(b) == 70);
	TURN_UNTIL(b, out_turn, spill_out_is_quiet(&b->out));
	assert_int_equal(b->n_taken, 0);
}

static void but_not_while_one_after_the_other_is_fetched(void **state)
{
	struct out_bench *b = *state;

	take_names(b, 5, 2 * SPILL_LARGE_BYTES);
	let_names_wait(b, 10 * US_PER_S);
	b->out.fetched_us = clock_mono_us();
	TURN_UNTIL(b, out_turn, b->n_taken == 5);
	assert_int_equal(out_n_given_up(b), 0);
	out_assert_all_done(b, 5);
}

static void what_a_former_run_had_taken_is_given_up_too_without_room(void **state)
{
	struct out_bench *b = *state;

	out_begin(b);
	b->has_room = false;
	out_fill(b, 0, 5, 0);
	out_take_as(b, ME, true);
	out_fill(b, 5, 5, 0);
	TURN_UNTIL(b, out_turn, b->out.lists[SPILLED_LARGE].n == 5); /* by their names alone */
	let_names_wait(b, 10 * US_PER_S);
	TURN_UNTIL(b, out_turn, out_n_given_up(b) == 5);
	assert_int_equal(out_n_pending(b), 5);
	assert_int_equal(b->n_taken, 0);
}

static void one_that_memory_does_not_suffice_for_holds_up_no_other(void **state)
{
	struct out_bench *b = *state;

	take_names(b, 3, 1 << 20);
	assert_true(memory_take(&b->env.memory, (size_t)memory_left(&b->env.memory) - (1 << 19)));
	TURN_UNTIL(b, out_turn, b->n_taken == 2);
	assert_int_equal(b->numbers[0], 1);
	assert_int_equal(b->numbers[1], 2);
	assert_int_equal(b->out.lists[SPILLED_LARGE].n, 1);
	let_names_wait(b, 10 * US_PER_S);
	TURN_UNTIL(b, out_turn, out_n_given_up(b) == 1);
	memory_give(&b->env.memory, b->env.memory.used_bytes);
	TURN_UNTIL(b, out_turn, b->n_taken == 3); /* from nobody, as there is room now */
	out_assert_all_done(b, 3);
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
		OUT_TEST(large_ones_that_find_no_room_for_long_are_given_up),
		OUT_TEST(but_not_while_one_after_the_other_is_fetched),
		OUT_TEST(what_a_former_run_had_taken_is_given_up_too_without_room),
		OUT_TEST(one_that_memory_does_not_suffice_for_holds_up_no_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/spill_out_others", tests, out_bench_start,
					   out_bench_stop);
}
