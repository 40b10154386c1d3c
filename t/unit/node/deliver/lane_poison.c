/* Packets at which connections break: each travels alone, and nobody else is blamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/deliver/lane_queue.h"
#include "node/node_metrics.h"
#include "t/unit/node/deliver/delivery.h"

#define POISON "{\"n\":5}"

static void after_a_broken_batch_each_packet_travels_alone(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[0].drops = POISON;
	delivery_push_many(d, 0, 0, 8);
	delivery_wait_fates(d, 8);
	assert_int_equal(delivery_count(d, DELIVERED), 8);
	assert_int_equal(d->fakes[0].posts[0].n_packets, 8);
	assert_int_equal(d->fakes[1].n_posts, 8);
	for (unsigned i = 0; i < d->fakes[1].n_posts; i++)
		assert_int_equal(d->fakes[1].posts[i].n_packets, 1);
}

static void the_one_that_waits_longest_goes_first(void **state)
{
	struct delivery *d = *state;
	char body[32];

	d->again = true;
	d->fakes[0].drops = POISON;
	delivery_push_many(d, 0, 0, 8);
	delivery_wait_fates(d, 8);
	for (unsigned i = 0; i < 8; i++) {
		snprintf(body, sizeof(body), "[{\"n\":%u}]", i);
		assert_string_equal(d->fakes[1].posts[i].body, body);
	}
}

static void where_nobody_else_waits_they_get_all_deliveries(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[0].drops = POISON;
	d->fakes[1].status = 0; /* held back */
	d->dispatch.lanes[1]->concurrency.limit = 4;
	delivery_push_many(d, 0, 0, 8);
	delivery_wait_posts(d, 1, 4);
	delivery_turn(d);
	assert_int_equal(d->fakes[1].n_posts, 4);
	d->fakes[1].status = 200;
	fake_analyzer_answer(&d->fakes[1], 200);
	delivery_wait_fates(d, 8);
	assert_int_equal(delivery_count(d, DELIVERED), 8);
}

/* Else a neighbour that waits for as long would break each time with the packet that ends the process. */
static void no_two_suspects_are_sent_to_one_analyzer(void **state)
{
	struct delivery *d = *state;
	bool well[ROSTER_MAX_SLOTS];

	assert_true(dispatch_find_well(&d->dispatch, true, well) && well[0] && well[1]);
	d->again = true;
	d->fakes[0].drops = POISON;
	d->fakes[1].status = 0; /* held back */
	delivery_push_many(d, 0, 5, 1);
	delivery_wait_posts(d, 1, 1);
	assert_true(lane_is_well(d->dispatch.lanes[1]));
	dispatch_find_well(&d->dispatch, true, well);
	assert_false(well[1]);
	d->fakes[1].status = 200;
	fake_analyzer_answer(&d->fakes[1], 200);
	delivery_wait_fates(d, 1);
	dispatch_find_well(&d->dispatch, true, well);
	assert_true(well[1]);
}

static void breakers_stay_closed_at_a_packet_that_breaks_each_connection(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[0].drops = d->fakes[1].drops = POISON;
	delivery_push_many(d, 0, 0, 8);
	delivery_wait_fates(d, 8);
	assert_int_equal(delivery_count(d, DELIVERED), 7);
	assert_int_equal(d->outcomes[5], TAKEN_BACK_TRIED); /* a suspect by then */
	assert_int_equal(d->reasons[5], REROUTE_BROKEN);
	for (unsigned i = 0; i < N_ANALYZERS; i++) {
		assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, i), 0);
		assert_true(d->dispatch.reach[i]);
	}
}

static void packets_that_travel_alone_do_not_hold_up_the_others(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[0].drops = POISON;
	d->fakes[1].status = 0; /* held back */
	delivery_push(d, 0, 5);
	delivery_wait_posts(d, 1, 1);
	delivery_push(d, 1, 6);
	delivery_wait_posts(d, 1, 2);
	assert_string_equal(d->fakes[1].posts[1].body, "[{\"n\":6}]");
	d->fakes[1].status = 200;
	fake_analyzer_answer(&d->fakes[1], 200);
	delivery_wait_fates(d, 2);
	assert_int_equal(delivery_count(d, DELIVERED), 2);
}

static void what_was_sent_once_more_is_counted(void **state)
{
	struct delivery *d = *state;

	delivery_push(d, 0, 1);
	delivery_wait_fates(d, 1); /* its connection is kept */
	assert_int_equal(metrics_get(&d->shard, M_RESENT_PACKETS, 0), 0);
	d->fakes[0].drops = POISON;
	delivery_push(d, 0, 5);
	delivery_wait_fates(d, 2);
	assert_int_equal(metrics_get(&d->shard, M_RESENT_PACKETS, 0), 1);
	assert_int_equal(d->fakes[0].n_posts, 3);
	assert_int_equal(d->outcomes[5], TAKEN_BACK_TRIED);
	d->again = true;
	delivery_push(d, 1, 7); /* a packet that is no suspect is not counted */
	delivery_wait_fates(d, 3);
	assert_int_equal(metrics_get(&d->shard, M_RESENT_PACKETS, 1), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, delivery_setup, delivery_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_a_broken_batch_each_packet_travels_alone),
		TEST(the_one_that_waits_longest_goes_first),
		TEST(where_nobody_else_waits_they_get_all_deliveries),
		TEST(no_two_suspects_are_sent_to_one_analyzer),
		TEST(breakers_stay_closed_at_a_packet_that_breaks_each_connection),
		TEST(packets_that_travel_alone_do_not_hold_up_the_others),
		TEST(what_was_sent_once_more_is_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/deliver/lane_poison", tests, NULL, NULL);
}
