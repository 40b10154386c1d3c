#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/deliver/batch.h"
#include "node/deliver/breaker.h"
#include "node/node_metrics.h"
#include "t/unit/h2_peer.h"
#include "t/unit/node/deliver/delivery.h"

static void a_packet_leaves_at_once_as_an_array_of_one(void **state)
{
	struct delivery *d = *state;
	const struct fake_post *post = d->fakes[0].posts;

	delivery_push(d, 0, 1);
	delivery_wait_fates(d, 1);
	assert_int_equal(d->outcomes[1], DELIVERED);
	assert_string_equal(post->body, "[{\"n\":1}]");
	assert_int_equal(post->n_packets, 1);
	assert_int_equal(post->n_messages, 2);
	assert_int_equal(post->attempt, 1);
	assert_string_equal(post->node, "n1");
	assert_string_equal(post->type, "application/json");
	assert_false(post->expects);
}

static void what_comes_while_a_batch_is_out_leaves_as_one(void **state)
{
	struct delivery *d = *state;
	struct fake_analyzer *fake = &d->fakes[0];

	fake->status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 1);
	delivery_push_many(d, 0, 1, 3);
	fake_analyzer_answer(fake, 200);
	delivery_wait_posts(d, 0, 2);
	assert_string_equal(fake->posts[1].body, "[{\"n\":1},{\"n\":2},{\"n\":3}]");
	assert_int_equal(fake->posts[1].n_packets, 3);
	assert_int_equal(fake->posts[1].n_messages, 2 + 3 + 1);
	fake_analyzer_answer(fake, 204);
	delivery_wait_fates(d, 4);
	assert_int_equal(delivery_count(d, DELIVERED), 4);
	assert_int_equal(d->n_repeats, 0);
}

static void a_batch_has_no_more_packets_than_the_analyzer_takes(void **state)
{
	struct delivery *d = *state;

	d->analyzers[0].max_batch_packets = 10;
	delivery_set_roster(d, -1);
	delivery_push_many(d, 0, 0, 25);
	delivery_wait_fates(d, 25);
	assert_int_equal(delivery_count(d, DELIVERED), 25);
	for (unsigned i = 0; i < d->fakes[0].n_posts; i++)
		assert_in_range(d->fakes[0].posts[i].n_packets, 1, 10);
}

static void nor_more_bytes_but_a_larger_packet_goes_alone(void **state)
{
	struct delivery *d = *state;

	d->analyzers[0].max_batch_bytes = 20; /* two of {"n":0} */
	delivery_set_roster(d, -1);
	delivery_push_many(d, 0, 0, 4);
	delivery_wait_fates(d, 4);
	assert_int_equal(d->fakes[0].n_posts, 2);
	d->analyzers[0].max_batch_bytes = 1;
	delivery_set_roster(d, -1);
	delivery_push_many(d, 0, 4, 2);
	delivery_wait_fates(d, 6);
	assert_int_equal(d->fakes[0].n_posts, 4);
	assert_int_equal(delivery_count(d, DELIVERED), 6);
}

static void who_takes_packets_gets_each_as_it_came(void **state)
{
	struct delivery *d = *state;
	bool seen[20] = { false };

	d->analyzers[0].accepts = ACCEPTS_PACKET;
	d->analyzers[0].max_batch_packets = 1;
	delivery_set_roster(d, -1);
	delivery_push_many(d, 0, 0, 20);
	delivery_wait_fates(d, 20);
	assert_int_equal(d->fakes[0].n_posts, 20);
	for (unsigned i = 0; i < 20; i++) {
		unsigned n = 0;

		assert_int_equal(sscanf(d->fakes[0].posts[i].body, "{\"n\":%u}", &n), 1);
		assert_int_equal(d->fakes[0].posts[i].n_packets, 1);
		assert_false(seen[n]);
		seen[n] = true;
	}
}

static void busy_pauses_the_lane_for_as_long_as_it_says(void **state)
{
	static const int statuses[] = { 429, 503 };
	struct delivery *d = *state;

	d->fakes[0].retry_after = "1";
	for (unsigned i = 0; i < ARRAY_LEN(statuses); i++) {
		uint64_t since_us;

		d->fakes[0].status = statuses[i];
		delivery_push_many(d, 0, i * 3, 3);
		delivery_wait_fates(d, i * 3 + 3);
		since_us = clock_mono_us();
		assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), i * 3 + 3);
		assert_false(d->dispatch.reach[0]);
		assert_false(d->dispatch.cut_off[0]);
		assert_int_equal(d->reasons[i * 3], REROUTE_BUSY);
		assert_int_equal(metrics_get(&d->shard, M_PAUSED, 0), 0);
		delivery_turn(d);
		assert_int_equal(metrics_get(&d->shard, M_PAUSED, 0), 1);
		delivery_wait_reach(d, 0, true);
		assert_true(clock_mono_us() - since_us >= US_PER_S * 9 / 10);
	}
	assert_true(d->dispatch.reach[1]);
}

static void a_pause_sends_the_queue_elsewhere(void **state)
{
	struct delivery *d = *state;

	d->fakes[0].status = 0;
	delivery_push(d, 0, 0);
	delivery_wait_posts(d, 0, 1);
	delivery_push_many(d, 0, 1, 5);
	fake_analyzer_answer(&d->fakes[0], 503);
	delivery_wait_fates(d, 6);
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 1);
	assert_int_equal(delivery_count(d, TAKEN_BACK), 5);
	assert_int_equal(d->reasons[5], REROUTE_UNREACHABLE);
	assert_int_equal(d->fakes[0].n_posts, 1);
}

static void fail_once(struct delivery *d, unsigned number)
{
	unsigned n_fates = d->n_fates;

	delivery_push(d, 0, number);
	delivery_wait_fates(d, n_fates + 1);
	assert_int_equal(d->outcomes[number], TAKEN_BACK_TRIED);
}

/* How many of the worker's one breaker to analyzer 0 are in that state. */
static int n_breakers(struct delivery *d, enum breaker_state state)
{
	return (int)metrics_get(&d->shard, M_BREAKERS,
				metrics_pair(&d->shard, M_BREAKERS, 0, state));
}

static void five_failures_open_the_breaker_and_two_successes_close_it(void **state)
{
	struct delivery *d = *state;
	uint64_t since_ms = clock_wall_us() / US_PER_MS;

	d->fakes[0].status = 500;
	for (unsigned i = 0; i < 5; i++) {
		assert_true(d->dispatch.reach[0]);
		fail_once(d, i);
	}
	assert_false(d->dispatch.reach[0]);
	assert_true(d->dispatch.cut_off[0]);
	assert_int_equal(d->reasons[4], REROUTE_STATUS);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, 0), 1);
	delivery_turn(d);
	assert_int_equal(n_breakers(d, BREAKER_OPEN), 1);
	assert_int_equal(n_breakers(d, BREAKER_CLOSED), 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_FAILURES, 0), 5);
	assert_in_range(metrics_get(&d->shard, M_BREAKER_RETRY, 0), since_ms + 1,
			clock_wall_us() / US_PER_MS + 2000);

	delivery_wait_reach(d, 0, true); /* half open: one at a time */
	delivery_turn(d);
	assert_int_equal(n_breakers(d, BREAKER_HALF_OPEN), 1);
	assert_int_equal(n_breakers(d, BREAKER_OPEN), 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_RETRY, 0), 0);
	delivery_push(d, 0, 5);
	assert_false(d->dispatch.reach[0]);
	d->fakes[0].status = 200;
	delivery_wait_fates(d, 6);
	assert_true(d->dispatch.reach[0]);
	delivery_push(d, 0, 6);
	assert_false(d->dispatch.reach[0]);
	delivery_wait_fates(d, 7);
	delivery_push_many(d, 0, 7, 2);
	assert_true(d->dispatch.reach[0]);
	delivery_wait_fates(d, 9);
	assert_int_equal(delivery_count(d, DELIVERED), 4);
	delivery_push(d, 0, 9);
	delivery_wait_fates(d, 10);
	assert_int_equal(n_breakers(d, BREAKER_CLOSED), 1);
	assert_int_equal(n_breakers(d, BREAKER_HALF_OPEN), 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_FAILURES, 0), 0);
	assert_int_equal(metrics_get(&d->shard, M_BREAKER_OPENED, 0), 1);
}

static void a_failed_trial_opens_it_again(void **state)
{
	struct delivery *d = *state;

	d->fakes[0].status = 500;
	for (unsigned i = 0; i < 5; i++)
		fail_once(d, i);
	delivery_wait_reach(d, 0, true);
	fail_once(d, 5);
	assert_false(d->dispatch.reach[0]);
	assert_true(d->dispatch.cut_off[0]);
}

static void push_event(struct delivery *d)
{
	static const char event[] = "{\"event\":1}";
	const struct packet_request request = { .format = FORMAT_HEC,
						.path = { "/services/collector", 19 } };
	struct packet *p = packet_new(sizeof(event));

	assert_non_null(p);
	memcpy(p->body, event, sizeof(event) - 1);
	p->len = sizeof(event) - 1;
	p->n_messages = 1;
	assert_int_equal(packet_set_form(&d->memory, p, &request), 0);
	dispatch_push(&d->dispatch, 0, p);
}

static void a_trial_that_cannot_be_written_is_followed_by_another(void **state)
{
	struct delivery *d = *state;

	d->fakes[0].status = 500;
	for (unsigned i = 0; i < 5; i++)
		fail_once(d, i);
	d->fakes[0].status = 200;
	delivery_wait_reach(d, 0, true);
	push_event(d);
	assert_false(d->dispatch.reach[0]);
	memory_overdraw(&d->memory, 2u << 30);
	delivery_wait_fates(d, 6);
	assert_int_equal(d->reasons[0], REROUTE_NO_MEMORY);
	assert_true(d->dispatch.reach[0]);
	memory_give(&d->memory, 2u << 30);
	delivery_push(d, 0, 6);
	delivery_wait_fates(d, 7);
	assert_int_equal(d->outcomes[6], DELIVERED);
}

static bool has_no_batches;
struct batch *__real_batch_new(struct lane *lane);
struct batch *__wrap_batch_new(struct lane *lane);

struct batch *__wrap_batch_new(struct lane *lane)
{
	return has_no_batches ? NULL : __real_batch_new(lane);
}

static void without_memory_for_a_batch_packets_go_elsewhere(void **state)
{
	struct delivery *d = *state;

	has_no_batches = true;
	delivery_push_many(d, 0, 0, 3);
	delivery_wait_fates(d, 3);
	has_no_batches = false;
	assert_int_equal(delivery_count(d, TAKEN_BACK_TRIED), 3);
	assert_int_equal(d->reasons[2], REROUTE_NO_MEMORY);
	assert_true(d->dispatch.reach[0]);
}

static void nobody_at_the_address_is_a_failure(void **state)
{
	struct delivery *d = *state;

	snprintf(d->analyzers[0].url, sizeof(d->analyzers[0].url), "http://127.0.0.1:1/ingest");
	delivery_set_roster(d, -1);
	for (unsigned i = 0; i < 5; i++)
		fail_once(d, i);
	assert_true(d->dispatch.cut_off[0]);
	assert_int_equal(d->reasons[0], REROUTE_CONNECT);
	assert_int_equal(metrics_get(&d->shard, M_BATCHES_FAILED, OUTCOME_CONNECT), 5);
}

static void no_answer_in_time_is_a_failure(void **state)
{
	struct delivery *d = *state;

	d->dispatch.lane_config.timeout_ms = 200;
	delivery_set_roster(d, 0); /* a lane of its own, with that */
	delivery_set_roster(d, -1);
	d->fakes[0].status = 0;
	fail_once(d, 0);
	assert_int_equal(d->reasons[0], REROUTE_TIMEOUT);
	assert_int_equal(metrics_get(&d->shard, M_BATCHES_FAILED, OUTCOME_TIMEOUT), 1);
}

static void a_new_instance_starts_with_a_closed_breaker(void **state)
{
	struct delivery *d = *state;

	d->fakes[0].status = 500;
	for (unsigned i = 0; i < 5; i++)
		fail_once(d, i);
	assert_false(d->dispatch.reach[0]);
	strcpy(d->analyzers[0].instance, "second");
	delivery_set_roster(d, -1);
	assert_true(d->dispatch.reach[0]);
	assert_false(d->dispatch.cut_off[0]);
}

static void a_packet_says_how_often_it_was_tried(void **state)
{
	struct delivery *d = *state;

	d->again = true;
	d->fakes[0].status = 500;
	delivery_push(d, 0, 0);
	delivery_wait_fates(d, 1);
	assert_int_equal(d->outcomes[0], DELIVERED);
	assert_int_equal(d->slots[0], 1);
	assert_int_equal(d->fakes[1].posts[0].attempt, 2);
}

static void wait_open(struct delivery *d, const struct h2_peer *peer, unsigned n)
{
	uint64_t give_up_us = clock_mono_us() + 20 * US_PER_S;

	while (peer->n_open < n && clock_mono_us() < give_up_us)
		delivery_turn(d);
	assert_int_equal(peer->n_open, n);
}

/* It is sent once more, as its connection ends. */
static void a_delivery_under_way_keeps_its_url(void **state)
{
	struct delivery *d = *state;
	struct h2_peer peer;

	h2_peer_init(&peer, d->base);
	strcpy(d->analyzers[0].url, peer.h2c_url);
	delivery_set_roster(d, -1);
	delivery_push(d, 0, 0);
	delivery_wait_fates(d, 1);
	peer.is_holding = true;
	delivery_push(d, 0, 1);
	wait_open(d, &peer, 1);
	strcpy(strrchr(d->analyzers[0].url, '/'), "/moved");
	delivery_set_roster(d, -1);
	h2_peer_hang_up(&peer);
	wait_open(d, &peer, 2);
	assert_true(h2_peer_has(&peer, ":path: /in\n"));
	h2_peer_release(&peer);
	delivery_wait_fates(d, 2);
	delivery_push(d, 0, 2);
	delivery_wait_fates(d, 3);
	assert_true(h2_peer_has(&peer, ":path: /moved\n"));
	assert_int_equal(delivery_count(d, DELIVERED), 3);
	h2_peer_deinit(&peer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, delivery_setup, delivery_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_packet_leaves_at_once_as_an_array_of_one),
		TEST(what_comes_while_a_batch_is_out_leaves_as_one),
		TEST(a_batch_has_no_more_packets_than_the_analyzer_takes),
		TEST(nor_more_bytes_but_a_larger_packet_goes_alone),
		TEST(who_takes_packets_gets_each_as_it_came),
		TEST(busy_pauses_the_lane_for_as_long_as_it_says),
		TEST(a_pause_sends_the_queue_elsewhere),
		TEST(five_failures_open_the_breaker_and_two_successes_close_it),
		TEST(a_failed_trial_opens_it_again),
		TEST(a_trial_that_cannot_be_written_is_followed_by_another),
		TEST(without_memory_for_a_batch_packets_go_elsewhere),
		TEST(nobody_at_the_address_is_a_failure),
		TEST(no_answer_in_time_is_a_failure),
		TEST(a_new_instance_starts_with_a_closed_breaker),
		TEST(a_packet_says_how_often_it_was_tried),
		TEST(a_delivery_under_way_keeps_its_url),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/lane", tests, NULL, NULL);
}
