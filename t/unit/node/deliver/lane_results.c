/* Batches whose packets are answered one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/node/deliver/delivery.h"

/* One batch of n packets is on its way, and waits for its answer. */
static void hold_batch(struct delivery *d, unsigned n)
{
	d->fakes[0].status = 0;
	d->fakes[0].type = "application/json; charset=utf-8";
	delivery_push_many(d, 0, 0, n);
	delivery_wait_posts(d, 0, 1);
	assert_int_equal(d->fakes[0].posts[0].n_packets, n);
}

static void test_each_packet_has_its_own_fate(void **state)
{
	struct delivery *d = *state;

	hold_batch(d, 4);
	d->fakes[0].body =
		"{\"results\":[{\"status\":202},{\"status\":422},{\"status\":503},{\"status\":500}]}";
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 4);
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_int_equal(d->outcomes[1], BAD);
	assert_int_equal(d->statuses[1], 422);
	assert_int_equal(d->outcomes[2], TAKEN_BACK_TRIED);
	assert_int_equal(d->reasons[2], REROUTE_BUSY);
	assert_int_equal(d->outcomes[3], TAKEN_BACK_TRIED);
	assert_int_equal(d->reasons[3], REROUTE_STATUS);
	assert_int_equal(d->n_repeats, 0);
	assert_int_equal(d->fakes[0].n_posts, 1);
}

static void test_when_all_fail_the_analyzer_has(void **state)
{
	struct delivery *d = *state;

	hold_batch(d, 2);
	d->fakes[0].body = "{\"results\":[{\"status\":500},{\"status\":503}]}";
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 2);
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 2);
	assert_int_equal(d->reasons[0], REROUTE_STATUS);
}

static void assert_all_delivered(struct delivery *d, const char *type, const char *body, int status)
{
	hold_batch(d, 3);
	d->fakes[0].type = type;
	d->fakes[0].body = body;
	fake_analyzer_answer(&d->fakes[0], status);
	delivery_wait_fates(d, 3);
	assert_int_equal(delivery_count(d, DELIVERED), 3);
}

static void test_a_wrong_number_of_results_says_nothing(void **state)
{
	assert_all_delivered(*state, "application/json", "{\"results\":[{\"status\":500}]}", 200);
}

static void test_nor_do_those_of_another_type(void **state)
{
	assert_all_delivered(*state, "text/plain",
			     "{\"results\":[{\"status\":500},{\"status\":500},{\"status\":500}]}",
			     200);
}

static void test_nor_those_of_a_huge_answer(void **state)
{
	static char huge[200000];
	int n = snprintf(
		huge, sizeof(huge),
		"{\"results\":[{\"status\":500},{\"status\":500},{\"status\":500}],\"x\":\"");

	memset(huge + n, 'x', sizeof(huge) - (size_t)n - 3);
	strcpy(huge + sizeof(huge) - 3, "\"}");
	assert_all_delivered(*state, "application/json", huge, 200);
}

static void test_a_refusal_of_the_whole_batch_stays_one(void **state)
{
	struct delivery *d = *state;

	hold_batch(d, 1);
	d->fakes[0].body = "{\"results\":[{\"status\":200}]}";
	fake_analyzer_answer(&d->fakes[0], 400);
	delivery_wait_fates(d, 1);
	assert_int_equal(d->outcomes[0], BAD);
}

static void test_one_that_is_busy_with_part_of_a_batch_keeps_no_queue(void **state)
{
	struct delivery *d = *state;

	hold_batch(d, 2);
	delivery_push_many(d, 0, 2, 3);
	d->fakes[0].body = "{\"results\":[{\"status\":202},{\"status\":503}]}";
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 5);
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 3);
	assert_int_equal(d->reasons[4], REROUTE_UNREACHABLE);
	assert_int_equal(d->fakes[0].n_posts, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_each_packet_has_its_own_fate),
		TEST(test_when_all_fail_the_analyzer_has),
		TEST(test_a_wrong_number_of_results_says_nothing),
		TEST(test_nor_do_those_of_another_type),
		TEST(test_nor_those_of_a_huge_answer),
		TEST(test_a_refusal_of_the_whole_batch_stays_one),
		TEST(test_one_that_is_busy_with_part_of_a_batch_keeps_no_queue),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
