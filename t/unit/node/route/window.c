#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/route/window.h"

static const struct budget cheap = { .wait_max_us = 50000 };

static void count(struct window *w, unsigned n_packets, unsigned n_messages_each)
{
	while (n_packets--)
		window_count(w, n_messages_each, false);
}

static void fewer_than_four_packets_an_analyzer_are_too_slow_for_a_lease(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 1000);
	count(&w, 11, 5);
	window_close(&w, 11000, 3, &cheap);
	assert_true(w.expected_messages == 0);
	assert_int_equal(w.length_us, WINDOW_MIN_US);
	count(&w, 12, 5);
	window_close(&w, 21000, 3, &cheap);
	assert_true(w.expected_messages > 0);
}

static void what_counts_is_the_rate_and_not_how_long_the_window_was(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	count(&w, 12, 1);
	window_close(&w, 100000, 3, &cheap); /* 12 packets in ten times the time */
	assert_true(w.expected_messages == 0);
}

static void a_slow_worker_gets_a_lease_where_exact_is_more_than_redis_affords(void **state)
{
	struct budget dear = { .call_us = 75000, .packet_us = 6000, .wait_max_us = 50000 };
	struct window w;

	(void)state;
	window_init(&w, 0);
	count(&w, 8, 3);
	window_close(&w, 10000, 200, &dear);
	assert_true(w.expected_messages > 23.9 && w.expected_messages < 24.1);
	count(&w, 1, 3);
	window_close(&w, 1010000, 200, &dear); /* one packet in a second */
	assert_true(w.expected_messages == 0);
	for (int i = 1; i <= 30; i++) {
		count(&w, i % 3, 3); /* 0, 10 or 20 a second: too much on average, in no window */
		window_close(&w, 1010000 + (uint64_t)i * 100000, 200, &dear);
	}
	assert_true(w.packets_per_us > 5e-6 && w.packets_per_us < 12e-6);
	count(&w, 1, 3);
	window_close(&w, 4110000, 200, &dear);
	assert_true(w.expected_messages == 0); /* 10 a second would cost 0.81 */
}

static void redis_chooses_for_big_packets_while_it_affords_that(void **state)
{
	struct budget dear = { .call_us = 20000, .packet_us = 500, .wait_max_us = 50000 };
	struct window w;

	(void)state;
	window_init(&w, 0);
	assert_true(w.big_is_exact);
	count(&w, 1000, 5);
	window_count(&w, 100, true);
	window_close(&w, 10000, 3, &dear);
	assert_true(w.expected_messages > 0 && w.big_is_exact);
	for (int i = 0; i < 100; i++)
		window_count(&w, 100, true);
	window_close(&w, 20000, 3, &dear); /* far too many */
	assert_true(w.expected_messages > 0 && !w.big_is_exact);
	window_close(&w, 30000, 3, &dear);
	assert_true(w.big_is_exact);
	for (uint64_t now = 40000; w.big_is_exact; now += 10000) { /* too many for long */
		assert_in_range(now, 40000, 10000000);
		for (int i = 0; i < 5; i++)
			window_count(&w, 100, true);
		window_close(&w, now, 3, &dear);
	}
}

static void what_is_as_large_as_the_others_does_not_stand_out(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	assert_true(window_stands_out(&w, 1)); /* nothing is known yet */
	count(&w, 99, 1);
	count(&w, 1, 101); /* 2 each */
	window_close(&w, 10000, 3, &cheap);
	assert_true(window_stands_out(&w, 16));
	assert_false(window_stands_out(&w, 15));
	for (uint64_t now = 1000000; now <= 30000000; now += 1000000) {
		count(&w, 10, 400);
		window_close(&w, now, 3, &cheap);
	}
	assert_false(window_stands_out(&w, 400));
}

static void a_lease_lasts_for_a_thousand_packets_or_as_redis_says(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	window_set_bounds(&w, WINDOW_MIN_US, 100000);
	count(&w, 20, 1); /* 2 000 a second */
	window_close(&w, 10000, 3, &cheap);
	assert_int_equal(w.length_us, 100000);
	count(&w, 4000, 1); /* 40 000 a second */
	window_close(&w, 110000, 3, &cheap);
	assert_int_equal(w.length_us, 25000);
	count(&w, 25000, 1); /* a million a second */
	window_close(&w, 135000, 3, &cheap);
	assert_int_equal(w.length_us, WINDOW_MIN_US);
}

static void messages_are_expected_at_the_rate_of_the_last_window(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	window_set_bounds(&w, WINDOW_MIN_US, 100000);
	count(&w, 400, 5); /* 40 000 packets, 200 000 messages a second; 25 ms */
	window_close(&w, 10000, 3, &cheap);
	assert_true(w.expected_messages > 4999 && w.expected_messages < 5001);
}

static void redis_can_only_make_windows_longer(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 0);
	window_set_bounds(&w, 1, 0);
	assert_int_equal(w.min_us, WINDOW_MIN_US);
	assert_int_equal(w.max_us, WINDOW_MIN_US);
	window_set_bounds(&w, 180000, 100000);
	count(&w, 10000, 1);
	window_close(&w, 10000, 3, &cheap);
	assert_int_equal(w.length_us, 180000);
}

static void an_empty_window_and_a_clock_that_stands_still_are_no_trouble(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, 5);
	window_close(&w, 5, 0, &cheap);
	assert_true(w.expected_messages == 0);
	count(&w, 1, 1);
	window_close(&w, 5, 1, &cheap);
	assert_int_equal(w.n_packets, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_than_four_packets_an_analyzer_are_too_slow_for_a_lease),
		cmocka_unit_test(what_counts_is_the_rate_and_not_how_long_the_window_was),
		cmocka_unit_test(a_slow_worker_gets_a_lease_where_exact_is_more_than_redis_affords),
		cmocka_unit_test(redis_chooses_for_big_packets_while_it_affords_that),
		cmocka_unit_test(what_is_as_large_as_the_others_does_not_stand_out),
		cmocka_unit_test(a_lease_lasts_for_a_thousand_packets_or_as_redis_says),
		cmocka_unit_test(messages_are_expected_at_the_rate_of_the_last_window),
		cmocka_unit_test(redis_can_only_make_windows_longer),
		cmocka_unit_test(an_empty_window_and_a_clock_that_stands_still_are_no_trouble),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
