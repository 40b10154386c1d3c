#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "t/unit/node/deliver/delivery.h"

static void a_bad_packet_is_found_and_its_neighbours_are_delivered(void **state)
{
	struct delivery *d = *state;

	d->fakes[0].bad = "{\"n\":5}";
	delivery_push_many(d, 0, 0, 13);
	delivery_wait_fates(d, 13);
	assert_int_equal(delivery_count(d, DELIVERED), 12);
	assert_int_equal(d->outcomes[5], BAD);
	assert_int_equal(d->statuses[5], 400);
	assert_int_equal(d->n_repeats, 0);
	assert_true(d->dispatch.reach[0]);
}

static void all_bad_packets_are_found(void **state)
{
	static const int statuses[] = { 400, 413, 415, 422 };
	struct delivery *d = *state;

	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
		d->fakes[0].status = statuses[i];
		delivery_push_many(d, 0, i * 7, 7);
		delivery_wait_fates(d, (i + 1) * 7);
		assert_int_equal(delivery_count(d, BAD), (i + 1) * 7);
		assert_int_equal(d->statuses[i * 7 + 3], statuses[i]);
	}
	assert_int_equal(d->n_repeats, 0);
	assert_true(d->dispatch.reach[0]);
}

/* How often packet `number` was in a POST that the analyzer took. */
static unsigned n_taken(const struct fake_analyzer *fake, unsigned number)
{
	char text[32];
	unsigned n = 0;

	snprintf(text, sizeof(text), "{\"n\":%u}", number);
	for (unsigned i = 0; i < fake->n_posts; i++)
		n += fake->posts[i].status == 200 && strstr(fake->posts[i].body, text);
	return n;
}

static void one_bad_packet_of_200_costs_at_most_17_requests_more(void **state)
{
	static const unsigned places[] = { 0, 1, 77, 100, 198, 199 };
	struct delivery *d = *state;

	for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
		unsigned from = i * 200, bad = from + places[i], n_before = d->fakes[0].n_posts;
		char text[32];

		snprintf(text, sizeof(text), "{\"n\":%u}", bad);
		d->fakes[0].bad = text;
		delivery_push_many(d, 0, from, 200);
		delivery_wait_fates(d, from + 200);
		assert_int_equal(d->fakes[0].posts[n_before].n_packets, 200);
		assert_in_range(d->fakes[0].n_posts - n_before, 2, 1 + 17); /* 2 log2(200) + 2 */
		assert_int_equal(d->outcomes[bad], BAD);
		for (unsigned n = from; n < from + 200; n++)
			assert_int_equal(n_taken(&d->fakes[0], n), n != bad);
	}
	assert_int_equal(delivery_count(d, DELIVERED), ARRAY_LEN(places) * 199);
	assert_int_equal(d->n_repeats, 0);
}

/* A batch of 8 with a bad packet is refused, and its halves get no answer. */
static void hold_halves(struct delivery *d)
{
	d->fakes[0].bad = "{\"n\":7}";
	d->fakes[0].status = 0;
	delivery_push_many(d, 0, 0, 8);
	delivery_wait_posts(d, 0, 2);
	d->fakes[0].bad = NULL;
	while (d->fakes[0].posts[d->fakes[0].n_posts - 1].held == NULL)
		delivery_wait_posts(d, 0, d->fakes[0].n_posts + 1);
}

static void halves_do_not_hold_up_the_packets_behind_them(void **state)
{
	struct delivery *d = *state;
	unsigned n_posts;

	hold_halves(d);
	n_posts = d->fakes[0].n_posts;
	assert_int_equal(metrics_get(&d->shard, M_LANE_LIMIT, 0), 1);
	delivery_push(d, 0, 8);
	delivery_wait_posts(d, 0, n_posts + 1);
	assert_string_equal(d->fakes[0].posts[n_posts].body, "[{\"n\":8}]");
	d->fakes[0].status = 200;
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 9);
	assert_int_equal(delivery_count(d, DELIVERED), 9);
}

static void halves_go_one_by_one_to_an_analyzer_that_takes_single_packets_now(void **state)
{
	struct delivery *d = *state;

	hold_halves(d);
	d->fakes[0].status = 200;
	d->analyzers[0].accepts = ACCEPTS_REQUEST;
	d->analyzers[0].max_batch_packets = 1;
	delivery_set_roster(d, -1);
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 8);
	assert_int_equal(delivery_count(d, DELIVERED), 8);
}

static void nor_do_the_packets_behind_them_hold_up_halves(void **state)
{
	struct delivery *d = *state;

	hold_halves(d);
	delivery_push(d, 0, 8);
	delivery_wait_posts(d, 0, d->fakes[0].n_posts + 1);
	d->fakes[0].posts[d->fakes[0].n_posts - 1].held = NULL; /* never answered */
	d->fakes[0].status = 200;
	fake_analyzer_answer(&d->fakes[0], 200);
	delivery_wait_fates(d, 8);
	assert_int_equal(delivery_count(d, DELIVERED), 8);
	assert_int_equal(d->outcomes[8], UNDECIDED);
}

static void halves_go_elsewhere_when_their_analyzer_is_out_of_reach(void **state)
{
	const uint64_t down[16] = { 1 };
	struct delivery *d = *state;
	unsigned n_posts;

	hold_halves(d);
	n_posts = d->fakes[0].n_posts;
	dispatch_set_probes(&d->dispatch, down);
	fake_analyzer_answer(&d->fakes[0], 400);
	delivery_wait_fates(d, 8);
	assert_int_equal(d->fakes[0].n_posts, n_posts);
	assert_int_equal(delivery_count(d, DELIVERED), 0);
	assert_int_equal(d->reasons[0], REROUTE_UNREACHABLE);
	assert_int_equal(d->n_repeats, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_bad_packet_is_found_and_its_neighbours_are_delivered),
		TEST(all_bad_packets_are_found),
		TEST(one_bad_packet_of_200_costs_at_most_17_requests_more),
		TEST(halves_do_not_hold_up_the_packets_behind_them),
		TEST(nor_do_the_packets_behind_them_hold_up_halves),
		TEST(halves_go_one_by_one_to_an_analyzer_that_takes_single_packets_now),
		TEST(halves_go_elsewhere_when_their_analyzer_is_out_of_reach),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/lane_bad", tests, NULL, NULL);
}
