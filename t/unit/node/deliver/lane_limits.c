#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/deliver/lane_queue.h"
#include "node/node_metrics.h"
#include "t/unit/node/deliver/delivery.h"

static void take_single_packets(struct delivery *d)
{
	d->analyzers[0].accepts = ACCEPTS_PACKET;
	d->analyzers[0].max_batch_packets = 1;
	delivery_set_roster(d, -1);
}

/* As if it had been found out already. */
static void set_limit(struct delivery *d, unsigned limit)
{
	struct concurrency *c = &d->dispatch.lanes[0]->concurrency;

	c->limit = limit;
	c->phase = CONCURRENCY_STEADY;
}

static void a_second_slot_opens_only_for_a_full_batch(void **state)
{
	struct delivery *d = *state;

	d->analyzers[0].max_batch_packets = 10;
	delivery_set_roster(d, -1);
	set_limit(d, 3);
	d->fakes[0].status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 1);
	delivery_push_many(d, 0, 1, 9);
	for (unsigned i = 0; i < 10; i++)
		delivery_turn(d);
	assert_int_equal(d->fakes[0].n_posts, 1);
	delivery_push_many(d, 0, 10, 101);
	delivery_wait_posts(d, 0, 3);
	for (unsigned i = 0; i < 10; i++)
		delivery_turn(d);
	assert_int_equal(d->fakes[0].n_posts, 3);
	assert_int_equal(d->fakes[0].posts[1].n_packets, 10);
	assert_int_equal(d->fakes[0].posts[2].n_packets, 10);
	assert_int_equal(metrics_get(&d->shard, M_LANE_LIMIT, 0), 3);
	assert_int_equal(metrics_get(&d->shard, M_FLYING_BATCHES, 0), 3);
	assert_int_equal(metrics_get(&d->shard, M_QUEUED_PACKETS, 0), 90);
}

static void few_packets_do_not_wait_for_a_quick_analyzer(void **state)
{
	struct delivery *d = *state;

	delivery_push(d, 0, 0);
	delivery_wait_fates(d, 1);             /* answered at once */
	d->dispatch.lanes[0]->is_quick = true; /* however busy this machine is */
	d->fakes[0].status = 0;
	for (unsigned i = 1; i <= 6; i++) {
		delivery_push(d, 0, i);
		delivery_turn(d);
	}
	delivery_wait_posts(d, 0, 5);
	for (unsigned i = 0; i < 10; i++)
		delivery_turn(d);
	assert_int_equal(d->fakes[0].n_posts, 5);
	assert_int_equal(metrics_get(&d->shard, M_FLYING_BATCHES, 0), 4);
	assert_int_equal(metrics_get(&d->shard, M_QUEUED_PACKETS, 0), 2);
}

static void a_delivery_that_takes_long_or_fails_is_not_quick(void **state)
{
	struct delivery *d = *state;

	delivery_push(d, 0, 0);
	delivery_wait_fates(d, 1);
	d->dispatch.lanes[0]->is_quick = true;
	d->fakes[0].delay_ms = 20;
	delivery_push(d, 0, 1);
	delivery_wait_fates(d, 2);
	assert_false(d->dispatch.lanes[0]->is_quick);
	d->dispatch.lanes[0]->is_quick = true;
	d->fakes[0].delay_ms = 0;
	d->fakes[0].status = 500;
	delivery_push(d, 0, 2);
	delivery_wait_fates(d, 3);
	assert_false(d->dispatch.lanes[0]->is_quick);
}

/* The most deliveries that were under way at once while packets from..from+n went out. */
static unsigned most_flying(struct delivery *d, unsigned from, unsigned n)
{
	unsigned most = 0;

	delivery_push_many(d, 0, from, n);
	while (d->n_fates < from + n) {
		delivery_wait_fates(d, d->n_fates + 1);
		if (metrics_get(&d->shard, M_FLYING_BATCHES, 0) > most)
			most = (unsigned)metrics_get(&d->shard, M_FLYING_BATCHES, 0);
	}
	return most;
}

static void an_analyzer_gets_as_many_at_once_as_its_times_allow(void **state)
{
	struct delivery *d = *state;

	take_single_packets(d);
	d->fakes[0].delay_ms = 50;
	assert_in_range(most_flying(d, 0, 400), 2, 64); /* how many is found by times */
	/* Where the machine stands still, the rest is given back as from one that hangs or is slow. */
	assert_in_range(delivery_count(d, DELIVERED), 2, 400);
}

static void failures_make_it_fewer(void **state)
{
	struct delivery *d = *state;

	take_single_packets(d);
	set_limit(d, 40);
	d->fakes[0].status = 0;
	delivery_push_many(d, 0, 0, 40);
	delivery_wait_posts(d, 0, 40);
	fake_analyzer_answer(&d->fakes[0], 503);
	delivery_wait_fates(d, 40);
	delivery_turn(d);
	assert_int_equal(metrics_get(&d->shard, M_LANE_LIMIT, 0), 20);
}

static void a_new_instance_is_found_out_anew(void **state)
{
	struct delivery *d = *state;

	set_limit(d, 7);
	delivery_set_roster(d, -1);
	assert_int_equal(d->dispatch.lanes[0]->concurrency.limit, 7);
	strcpy(d->analyzers[0].instance, "second");
	delivery_set_roster(d, -1);
	assert_int_equal(d->dispatch.lanes[0]->concurrency.limit, 1);
	assert_int_equal(d->dispatch.lanes[0]->concurrency.phase, CONCURRENCY_STARTING);
}

/* Packets from..  until it takes no more; how many it took. */
static unsigned fill(struct delivery *d, unsigned from)
{
	unsigned n = 0;

	while (d->dispatch.reach[0])
		delivery_push(d, 0, from + n++);
	return n;
}

static void a_slow_analyzer_holds_up_what_it_does_in_a_second(void **state)
{
	struct delivery *d = *state;
	struct fake_analyzer *fake = &d->fakes[0];
	unsigned n, n_flips;

	take_single_packets(d);
	set_limit(d, 1);
	d->dispatch.lanes[0]->concurrency.max = 1;
	fake->delay_ms = 10;
	delivery_push_many(d, 0, 0, 30);
	delivery_wait_fates(d, 30); /* not quite 100 packets/s */
	n = 30 + fill(d, 30);
	assert_in_range(n - 30, 16, 110);
	assert_false(d->dispatch.cut_off[0]);
	assert_true(d->dispatch.reach[1]);

	n_flips = d->n_flips;
	delivery_wait_reach(d, 0, true); /* with a quarter of the room free */
	assert_in_range(d->n_fates, 30 + 4, n - 12);
	for (unsigned i = 0; i < 5; i++) {
		n += fill(d, n);
		delivery_wait_reach(d, 0, true);
	}
	assert_int_equal(d->n_flips - n_flips, 2 + 2 * 5);
	fake->delay_ms = 0;
	delivery_wait_fates(d, n);
	assert_int_equal(delivery_count(d, DELIVERED), n);
}

static void what_waits_for_one_that_stops_goes_to_others(void **state)
{
	struct delivery *d = *state;
	uint64_t since_us;
	unsigned n;

	take_single_packets(d);
	set_limit(d, 4);
	d->fakes[0].status = 0;
	d->again = true;
	n = fill(d, 0);
	assert_in_range(n, 1000, MAX_PACKETS);
	since_us = clock_mono_us();
	delivery_wait_fates(d, n - 4 - 16);
	assert_true(clock_mono_us() - since_us >= 400000);
	assert_int_equal(d->outcomes[n - 1], DELIVERED);
	assert_int_equal(d->slots[n - 1], 1);
	assert_int_equal(d->reasons[n - 1], REROUTE_SLOW);
	assert_int_equal(d->outcomes[0], UNDECIDED);
	assert_int_equal(d->fakes[0].n_posts, 4);
	fake_analyzer_answer(&d->fakes[0], 200);
	d->fakes[0].status = 200;
	delivery_wait_fates(d, n);
	assert_int_equal(delivery_count(d, DELIVERED), n);
	assert_int_equal(d->n_repeats, 0);
}

static void a_failure_does_not_empty_a_full_queue(void **state)
{
	struct delivery *d = *state;
	unsigned n;

	take_single_packets(d);
	d->fakes[0].status = 0;
	n = fill(d, 0);
	assert_in_range(n, 1000, MAX_PACKETS);
	delivery_wait_posts(d, 0, 1);
	fake_analyzer_answer(&d->fakes[0], 500);
	delivery_wait_fates(d, 1);
	delivery_wait_posts(d, 0, 2);
	assert_int_equal(d->n_fates, 1);
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
}

static void nothing_starts_while_the_health_probe_fails(void **state)
{
	const uint64_t down[16] = { 1 }, up[16] = { 0 };
	struct delivery *d = *state;
	struct fake_analyzer *fake = &d->fakes[0];

	fake->status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 1);
	delivery_push_many(d, 0, 1, 3);
	dispatch_set_probes(&d->dispatch, down);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 3);
	assert_int_equal(d->reasons[1], REROUTE_UNREACHABLE);
	assert_false(d->dispatch.reach[0]);
	fake_analyzer_answer(fake, 200); /* what is under way is not cut off */
	delivery_wait_fates(d, 4);
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_false(d->dispatch.reach[0]);
	assert_int_equal(fake->n_posts, 1);

	dispatch_set_probes(&d->dispatch, up);
	assert_true(d->dispatch.reach[0]);
	fake->status = 200;
	delivery_push(d, 0, 4);
	delivery_wait_fates(d, 5);
	assert_int_equal(fake->n_posts, 2);
}

static void a_trial_does_not_wait_for_what_hangs(void **state)
{
	struct delivery *d = *state;
	struct fake_analyzer *fake = &d->fakes[0];

	d->analyzers[0].max_batch_packets = 2;
	delivery_set_roster(d, -1);
	set_limit(d, 6);
	fake->status = 0;
	delivery_push_many(d, 0, 0, 12);
	delivery_wait_posts(d, 0, 6);
	fake->posts[0].held = NULL; /* that one is never answered */
	fake_analyzer_answer(fake, 500);
	delivery_wait_fates(d, 10);
	delivery_wait_reach(d, 0, true);
	assert_true(d->dispatch.trial[0]);
	fake->status = 200;
	delivery_push(d, 0, 12);
	delivery_wait_fates(d, 11);
	assert_int_equal(d->outcomes[12], DELIVERED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_second_slot_opens_only_for_a_full_batch),
		TEST(few_packets_do_not_wait_for_a_quick_analyzer),
		TEST(a_delivery_that_takes_long_or_fails_is_not_quick),
		TEST(an_analyzer_gets_as_many_at_once_as_its_times_allow),
		TEST(failures_make_it_fewer),
		TEST(a_new_instance_is_found_out_anew),
		TEST(a_slow_analyzer_holds_up_what_it_does_in_a_second),
		TEST(what_waits_for_one_that_stops_goes_to_others),
		TEST(a_failure_does_not_empty_a_full_queue),
		TEST(nothing_starts_while_the_health_probe_fails),
		TEST(a_trial_does_not_wait_for_what_hangs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/lane_limits", tests, NULL, NULL);
}
