/* An analyzer that takes deliveries and does not answer, while others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/node_metrics.h"
#include "t/unit/node/deliver/delivery.h"

/* Slot 0 answers once, then no more; n packets are queued behind a delivery. Slot 1 answers. */
static void hang(struct delivery *d, unsigned n)
{
	d->fakes[0].delay_ms = 5; /* a quick one would get more at once */
	delivery_push(d, 0, 20);
	delivery_wait_fates(d, 1);
	d->dispatch.lanes[0]->silence.usual_us = 5000; /* a busy machine made it longer */
	d->fakes[0].delay_ms = 0;
	d->fakes[0].status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 2);
	delivery_push_many(d, 0, 1, n);
	delivery_push(d, 1, n + 1);
	delivery_wait_fates(d, 2);
}

static void what_is_queued_for_one_that_hangs_goes_elsewhere(void **state)
{
	struct delivery *d = *state;
	struct buf out CLEANUP(buf_deinit) = { 0 };

	d->again = true;
	hang(d, 3);
	delivery_wait_reach(d, 0, false);
	delivery_wait_fates(d, 5);
	assert_int_equal(delivery_count(d, DELIVERED), 5);
	assert_int_equal(d->outcomes[0], UNDECIDED);
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(d->reasons[i], REROUTE_HANGING);
	assert_int_equal(d->fakes[0].n_posts, 2);
	assert_true(d->dispatch.cut_off[0]);
	dispatch_write_unreachable(&d->dispatch, &out);
	assert_string_equal(buf_str(&out), "!0");
	assert_int_equal(metrics_get(&d->shard, M_HANGS, 0), 1);
	assert_int_equal(metrics_get(&d->shard, M_BREAKERS,
				     metrics_pair(&d->shard, M_BREAKERS, 0, BREAKER_HANGING)),
			 1);
}

static void its_answer_lets_one_delivery_at_a_time_try(void **state)
{
	struct delivery *d = *state;

	hang(d, 0);
	delivery_wait_reach(d, 0, false);
	d->fakes[0].status = 200;
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_reach(d, 0, true);
	assert_true(d->dispatch.trial[0]);
	delivery_push(d, 0, 2);
	assert_false(d->dispatch.reach[0]);
	delivery_wait_fates(d, 4);
	delivery_push_many(d, 0, 3, 2);
	assert_true(d->dispatch.reach[0]);
	assert_false(d->dispatch.trial[0]);
}

static void its_first_timeout_opens_the_breaker(void **state)
{
	struct delivery *d = *state;

	d->dispatch.lane_config.timeout_ms = 3000;
	delivery_set_roster(d, 0); /* a lane of its own, with that */
	delivery_set_roster(d, -1);
	hang(d, 0);
	delivery_wait_fates(d, 3);
	assert_int_equal(d->reasons[0], REROUTE_TIMEOUT);
	assert_int_equal(d->dispatch.lanes[0]->breaker.state, BREAKER_OPEN);
	assert_int_equal(metrics_get(&d->shard, M_HANGS, 0), 1);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, 0), 1);
}

/* What it owes is the former one's, which hangs on, and fails at last. */
static void a_new_instance_is_not_the_one_that_hung(void **state)
{
	struct delivery *d = *state;
	uint64_t n_hangs, until_us;

	hang(d, 0);
	strcpy(d->analyzers[0].instance, "second");
	d->fakes[0].status = 200;
	delivery_set_roster(d, -1);
	n_hangs = metrics_get(&d->shard, M_HANGS, 0);
	for (until_us = clock_mono_us() + 100000; clock_mono_us() < until_us;)
		delivery_turn(d);
	assert_true(d->dispatch.reach[0]);
	delivery_push(d, 0, 2);
	delivery_wait_fates(d, 3);
	assert_int_equal(d->outcomes[2], DELIVERED);
	assert_int_equal(d->slots[2], 0);
	fake_analyzer_answer(&d->fakes[0], 500);
	delivery_wait_fates(d, 4);
	assert_int_equal(d->outcomes[0], TAKEN_BACK_TRIED);
	assert_int_equal(d->dispatch.lanes[0]->breaker.state, BREAKER_CLOSED);
	assert_int_equal(d->dispatch.lanes[0]->breaker.n_failures, 0);
	assert_int_equal(metrics_get(&d->shard, M_HANGS, 0), n_hangs);
}

static void who_is_alone_does_not_hang(void **state)
{
	struct delivery *d = *state;

	d->dispatch.lane_config.timeout_ms = 1500;
	delivery_set_roster(d, 0);
	delivery_set_roster(d, -1);
	d->fakes[0].status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_fates(d, 1);
	assert_int_equal(d->reasons[0], REROUTE_TIMEOUT);
	assert_int_equal(metrics_get(&d->shard, M_HANGS, 0), 0);
}

static void an_answer_that_does_not_end_opens_the_breaker_whatever_its_status(void **state)
{
	static const int statuses[] = { 200, 400, 500, 503 };
	struct delivery *d = *state;

	d->dispatch.lane_config.timeout_ms = 200;
	d->fakes[0].is_endless = true;
	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
		d->fakes[0].status = statuses[i];
		delivery_set_roster(d, 0); /* a lane of its own */
		delivery_set_roster(d, -1);
		delivery_push(d, 0, i);
		delivery_wait_fates(d, i + 1);
		assert_int_equal(d->dispatch.lanes[0]->breaker.state, BREAKER_OPEN);
		assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, 0), i + 1);
	}
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_int_equal(d->outcomes[1], BAD);
}

static void nor_does_its_queue_wait_for_the_next_try(void **state)
{
	static const int statuses[] = { 200, 400 };
	struct delivery *d = *state;

	d->again = true;
	d->dispatch.lane_config.timeout_ms = 300;
	d->fakes[0].is_endless = true;
	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
		d->fakes[0].status = statuses[i];
		delivery_set_roster(d, 0); /* a lane of its own */
		delivery_set_roster(d, -1);
		delivery_push(d, 0, i * 10);
		delivery_wait_posts(d, 0, i + 1);
		delivery_push_many(d, 0, i * 10 + 1, 5);
		delivery_wait_fates(d, i * 6 + 6);
		for (unsigned k = i * 10 + 1; k <= i * 10 + 5; k++) {
			assert_int_equal(d->outcomes[k], DELIVERED);
			assert_int_equal(d->slots[k], 1);
			assert_int_equal(d->reasons[k], REROUTE_UNREACHABLE);
		}
		assert_int_equal(d->fakes[0].n_posts, i + 1);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_queued_for_one_that_hangs_goes_elsewhere),
		TEST(its_answer_lets_one_delivery_at_a_time_try),
		TEST(its_first_timeout_opens_the_breaker),
		TEST(a_new_instance_is_not_the_one_that_hung),
		TEST(who_is_alone_does_not_hang),
		TEST(an_answer_that_does_not_end_opens_the_breaker_whatever_its_status),
		TEST(nor_does_its_queue_wait_for_the_next_try),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/lane_hangs", tests, NULL, NULL);
}
