#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/deliver/delivery.h"

/* A batch of one is with slot 0, which does not answer; n more are queued. */
static void queue_behind_a_batch(struct delivery *d, unsigned n)
{
	d->fakes[0].status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 1);
	delivery_push_many(d, 0, 1, n);
}

static void who_leaves_gives_its_queue_back_and_keeps_what_is_under_way(void **state)
{
	struct delivery *d = *state;

	queue_behind_a_batch(d, 3);
	delivery_set_roster(d, 0);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 3);
	assert_int_equal(d->reasons[3], REROUTE_LEFT);
	assert_false(d->dispatch.reach[0]);
	assert_int_equal(dispatch_n_packets(&d->dispatch), 1);
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 4);
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_null(d->dispatch.left);
	assert_int_equal(dispatch_n_packets(&d->dispatch), 0);
}

static void a_batch_that_fails_after_its_analyzer_left_comes_back(void **state)
{
	static const int statuses[] = { 500, 503, 400 };
	struct delivery *d = *state;

	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
		d->fakes[0].status = 0;
		delivery_push_many(d, 0, i * 4, 4);
		delivery_wait_posts(d, 0, i + 1);
		delivery_set_roster(d, 0);
		fake_analyzer_answer(&d->fakes[0], statuses[i]);
		delivery_wait_fates(d, (i + 1) * 4);
		assert_null(d->dispatch.left);
		delivery_set_roster(d, -1);
	}
	assert_int_equal(delivery_count(d, DELIVERED), 0);
	assert_int_equal(d->n_repeats, 0);
}

static void who_is_not_eligible_any_more_gets_nothing_new(void **state)
{
	struct delivery *d = *state;

	queue_behind_a_batch(d, 3);
	d->analyzers[0].share = 0;
	delivery_set_roster(d, -1);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 3);
	assert_int_equal(d->reasons[3], REROUTE_NOT_ELIGIBLE);
	assert_false(d->dispatch.reach[0]);
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 4);
	assert_int_equal(d->fakes[0].n_posts, 1);
	assert_int_equal(d->outcomes[0], DELIVERED);
}

static void a_probe_that_fails_sends_the_queue_elsewhere(void **state)
{
	struct delivery *d = *state;
	const uint64_t down[16] = { 1 }, up[16] = { 0 };

	d->again = true;
	queue_behind_a_batch(d, 3);
	dispatch_set_probes(&d->dispatch, down);
	assert_false(d->dispatch.reach[0]);
	assert_true(d->dispatch.cut_off[0]);
	delivery_wait_fates(d, 3);
	assert_int_equal(d->fakes[1].posts[0].n_packets, 3);
	dispatch_set_probes(&d->dispatch, up);
	assert_true(d->dispatch.reach[0]);
}

static void what_comes_back_goes_to_one_that_is_up_by_the_same_probes(void **state)
{
	struct delivery *d = *state;
	const uint64_t second[16] = { 2 }, first[16] = { 1 };

	d->again = true;
	dispatch_set_probes(&d->dispatch, second);
	queue_behind_a_batch(d, 3);
	dispatch_set_probes(&d->dispatch, first);
	delivery_wait_fates(d, 3);
	assert_int_equal(delivery_count(d, DELIVERED), 3);
	assert_int_equal(d->fakes[1].posts[0].n_packets, 3);
}

static void but_not_to_one_that_is_down_by_them(void **state)
{
	struct delivery *d = *state;
	const uint64_t both[16] = { 3 };

	d->again = true;
	queue_behind_a_batch(d, 3);
	dispatch_set_probes(&d->dispatch, both);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 3);
	assert_int_equal(d->slots[1], 0);
}

static void what_cannot_be_reached_is_listed_by_slot(void **state)
{
	struct delivery *d = *state;
	const uint64_t second[16] = { 2 }, both[16] = { 3 }, none[16] = { 0 };
	struct buf out CLEANUP(buf_deinit) = { 0 };

	dispatch_write_unreachable(&d->dispatch, &out);
	assert_string_equal(buf_str(&out), "");
	dispatch_set_probes(&d->dispatch, both);
	dispatch_write_unreachable(&d->dispatch, &out);
	assert_string_equal(buf_str(&out), "0,1");
	dispatch_write_not_now(&d->dispatch, &out);
	assert_string_equal(buf_str(&out), "0,1");
	assert_int_equal(d->dispatch.n_reachable, 0);
	dispatch_set_probes(&d->dispatch, second);
	dispatch_write_unreachable(&d->dispatch, &out);
	assert_string_equal(buf_str(&out), "1");
	dispatch_set_probes(&d->dispatch, none);
	assert_int_equal(d->dispatch.n_reachable, 2);
}

static void a_queue_is_bounded(void **state)
{
	struct delivery *d = *state;
	unsigned n = 1;

	d->fakes[0].status = 0;
	d->analyzers[0].max_batch_packets = 1;
	delivery_set_roster(d, -1);
	while (n < MAX_PACKETS && d->dispatch.reach[0])
		delivery_push(d, 0, n++);
	assert_in_range(n, 1000, MAX_PACKETS - 1);
	assert_false(d->dispatch.cut_off[0]);
	delivery_wait_posts(d, 0, 1);
	fake_analyzer_answer(&d->fakes[0], 503);
	delivery_wait_fates(d, n - 1);
	assert_int_equal(d->n_repeats, 0);
}

static void lanes_follow_their_analyzers_to_other_slots(void **state)
{
	struct delivery *d = *state;
	const int moved[N_ANALYZERS] = { 1, 0 };
	struct analyzer first = d->analyzers[0];

	queue_behind_a_batch(d, 2);
	d->analyzers[0] = d->analyzers[1];
	d->analyzers[1] = first;
	d->analyzers[0].slot = 0;
	d->analyzers[1].slot = 1;
	d->roster.analyzers[0] = d->analyzers[0];
	d->roster.analyzers[1] = d->analyzers[1];
	dispatch_set_roster(&d->dispatch, &d->roster, moved);
	fake_analyzer_answer(&d->fakes[0], 200);
	d->fakes[0].status = 200;
	delivery_wait_fates(d, 3);
	assert_int_equal(delivery_count(d, DELIVERED), 3);
	assert_int_equal(d->slots[0], 1);
	assert_int_equal(d->fakes[1].n_posts, 0);
}

/* a1 has the slot that was a0's, and its own is nobody's. */
static void move_second_to_first(struct delivery *d, const int *moved)
{
	d->analyzers[0] = d->analyzers[1];
	d->analyzers[0].slot = 0;
	d->roster.analyzers[0] = d->analyzers[0];
	d->roster.n_analyzers = d->roster.n_slots = 1;
	d->roster.by_slot[0] = &d->roster.analyzers[0];
	d->roster.by_slot[1] = NULL;
	dispatch_set_roster(&d->dispatch, &d->roster, moved);
}

/* The delivery of packet 0 fails last. */
static void assert_not_seen_in_first_slot(struct delivery *d)
{
	fake_analyzer_answer(&d->fakes[0], 500);
	delivery_wait_fates(d, 4);
	assert_int_equal(delivery_count(d, DELIVERED), 4);
	assert_int_equal(d->fakes[1].n_posts, 2);
	delivery_turn(d);
	assert_int_equal(metrics_get(&d->shard, M_FLYING_BATCHES, 0), 0);
	assert_int_equal(metrics_get(&d->shard, M_BATCHES_FAILED,
				     metrics_pair(&d->shard, M_BATCHES_FAILED, 0, OUTCOME_STATUS)),
			 0);
	assert_null(d->dispatch.left);
}

static void who_lost_its_slot_to_another_is_not_seen_there_any_more(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	queue_behind_a_batch(d, 3);
	dispatch_flush(&d->dispatch);
	move_second_to_first(d, (int[]){ -1, 0 });
	delivery_wait_fates(d, 3);
	assert_int_equal(d->fakes[1].posts[0].n_packets, 3);
	assert_not_seen_in_first_slot(d);
}

static void nor_is_one_whose_slot_is_taken_after_it_left(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	queue_behind_a_batch(d, 3);
	delivery_set_roster(d, 0);
	delivery_wait_fates(d, 3);
	move_second_to_first(d, (int[]){ 0, 0 });
	assert_not_seen_in_first_slot(d);
}

static void in_the_end_everything_comes_back_once(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[1].status = 0;
	queue_behind_a_batch(d, 5);
	delivery_push_many(d, 1, 6, 4);
	delivery_wait_posts(d, 1, 1);
	delivery_push_many(d, 1, 10, 3);
	delivery_end(d);
	assert_int_equal(d->n_fates, 13);
	assert_int_equal(d->n_repeats, 0);
	assert_int_equal(delivery_count(d, DELIVERED), 0);
}

/* Its packets may be with other nodes when they say what they did. */
static void but_nobody_is_to_blame_for_it(void **state)
{
	struct delivery *d = *state;

	queue_behind_a_batch(d, 5);
	dispatch_end(&d->dispatch);
	assert_int_equal(d->dispatch.n_reachable, 0);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 5);
	sender_free(d->sender);
	d->sender = NULL;
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(d->reasons[i], REROUTE_ENDING);
	assert_int_equal(d->n_blamed, 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, 0), 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_FAILURES, 0), 0);
	assert_false(d->dispatch.cut_off[0]);
}

static void whoever_comes_then_gets_nothing(void **state)
{
	struct delivery *d = *state;

	delivery_set_roster(d, 0);
	dispatch_end(&d->dispatch);
	delivery_set_roster(d, -1);
	assert_false(d->dispatch.reach[0]);
	assert_false(d->dispatch.reach[1]);
	assert_int_equal(d->dispatch.n_reachable, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(who_leaves_gives_its_queue_back_and_keeps_what_is_under_way),
		TEST(a_batch_that_fails_after_its_analyzer_left_comes_back),
		TEST(who_is_not_eligible_any_more_gets_nothing_new),
		TEST(a_probe_that_fails_sends_the_queue_elsewhere),
		TEST(what_comes_back_goes_to_one_that_is_up_by_the_same_probes),
		TEST(but_not_to_one_that_is_down_by_them),
		TEST(what_cannot_be_reached_is_listed_by_slot),
		TEST(a_queue_is_bounded),
		TEST(lanes_follow_their_analyzers_to_other_slots),
		TEST(who_lost_its_slot_to_another_is_not_seen_there_any_more),
		TEST(nor_is_one_whose_slot_is_taken_after_it_left),
		TEST(in_the_end_everything_comes_back_once),
		TEST(but_nobody_is_to_blame_for_it),
		TEST(whoever_comes_then_gets_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/dispatch", tests, NULL, NULL);
}
