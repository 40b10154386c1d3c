#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/deliver/breaker.h"

#define T0 (1000 * US_PER_S)

static struct breaker closed(void)
{
	struct breaker b;

	breaker_init(&b, 1);
	return b;
}

static struct breaker opened(uint64_t now_us)
{
	struct breaker b = closed();

	while (b.state == BREAKER_CLOSED)
		breaker_failure(&b, now_us);
	return b;
}

static struct breaker half_open(void)
{
	struct breaker b = opened(T0);

	assert_true(breaker_tick(&b, b.open_until_us));
	return b;
}

static void five_failures_in_a_row_open_it(void **state)
{
	struct breaker b = closed();
	(void)state;

	for (int i = 0; i < 4; i++)
		assert_false(breaker_failure(&b, T0));
	assert_true(breaker_allows(&b));
	assert_true(breaker_failure(&b, T0));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_false(breaker_allows(&b));
}

static void one_timeout_opens_it(void **state)
{
	struct breaker b = closed();
	(void)state;

	assert_true(breaker_timeout(&b, T0));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_false(breaker_timeout(&b, T0)); /* of another one that was under way */
	assert_in_range(b.open_until_us, T0 + US_PER_S / 2, T0 + US_PER_S);
}

static struct breaker hanging(void)
{
	struct breaker b = closed();

	assert_true(breaker_hang(&b));
	return b;
}

static void one_that_hangs_gets_nothing_until_it_answers(void **state)
{
	struct breaker b = hanging();
	(void)state;

	assert_false(breaker_allows(&b));
	assert_false(breaker_hang(&b));
	assert_false(breaker_tick(&b, T0 + 3600 * US_PER_S));
	assert_true(breaker_success(&b));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_true(breaker_allows(&b));
	assert_true(breaker_success(&b));
	assert_int_equal(b.state, BREAKER_CLOSED);
}

static void one_that_hangs_and_is_busy_is_tried(void **state)
{
	struct breaker b = hanging();
	(void)state;

	assert_true(breaker_hear(&b));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_false(breaker_hear(&b));
}

static void one_that_hangs_and_fails_opens_at_once(void **state)
{
	struct breaker b = hanging(), c = hanging();
	(void)state;

	assert_true(breaker_failure(&b, T0));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_true(breaker_timeout(&c, T0));
	assert_int_equal(c.state, BREAKER_OPEN);
}

static void only_a_closed_one_can_hang(void **state)
{
	struct breaker b = opened(T0), c = half_open();
	(void)state;

	assert_false(breaker_hang(&b));
	assert_false(breaker_hang(&c));
}

static void what_is_known_to_be_down_opens_it_at_once(void **state)
{
	struct breaker b = closed();
	(void)state;

	assert_true(breaker_trip(&b, T0));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_false(breaker_trip(&b, T0 + US_PER_S));
	assert_true(breaker_retry(&b));
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_false(breaker_retry(&b));
}

static void who_failed_before_is_tried_first(void **state)
{
	struct breaker b = opened(T0);
	(void)state;

	assert_false(breaker_trip(&b, T0));
	assert_true(breaker_retry(&b));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_true(breaker_trip(&b, T0));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_true(breaker_retry(&b));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
}

static void a_success_between_them_starts_the_count_again(void **state)
{
	struct breaker b = closed();
	(void)state;

	for (int i = 0; i < 100; i++) {
		assert_false(breaker_failure(&b, T0));
		if (i % 4 == 3)
			assert_false(breaker_success(&b));
	}
	assert_true(breaker_allows(&b));
}

static void open_lasts_half_a_second_to_a_second_at_first(void **state)
{
	struct breaker b = opened(T0);
	(void)state;

	assert_in_range(b.open_until_us - T0, US_PER_S / 2, US_PER_S);
	assert_false(breaker_tick(&b, b.open_until_us - 1));
	assert_false(breaker_allows(&b));
	assert_true(breaker_tick(&b, b.open_until_us));
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	assert_false(breaker_tick(&b, b.open_until_us));
}

static void each_failed_trial_doubles_it_up_to_30_s(void **state)
{
	static const uint64_t full_s[] = { 2, 4, 8, 16, 30, 30 };
	struct breaker b = half_open();
	uint64_t now = T0;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(full_s); i++) {
		breaker_try(&b);
		assert_true(breaker_failure(&b, now));
		assert_in_range(b.open_until_us - now, full_s[i] * US_PER_S / 2,
				full_s[i] * US_PER_S);
		assert_int_equal(b.n_failures, 6 + i);
		now = b.open_until_us;
		assert_true(breaker_tick(&b, now));
	}
}

static void half_open_tries_one_at_a_time(void **state)
{
	struct breaker b = half_open();
	(void)state;

	assert_true(breaker_allows(&b));
	breaker_try(&b);
	assert_false(breaker_allows(&b));
	assert_false(breaker_success(&b));
	assert_true(breaker_allows(&b));
}

static void two_successes_close_it_and_forget_the_past(void **state)
{
	struct breaker b = half_open();
	(void)state;

	assert_false(breaker_success(&b));
	assert_true(breaker_success(&b));
	assert_int_equal(b.state, BREAKER_CLOSED);
	for (int i = 0; i < 4; i++)
		assert_false(breaker_failure(&b, T0));
	assert_true(breaker_failure(&b, T0));
	assert_in_range(b.open_until_us - T0, US_PER_S / 2, US_PER_S);
}

static void a_success_before_a_failed_trial_does_not_count_later(void **state)
{
	struct breaker b = half_open();
	(void)state;

	assert_false(breaker_success(&b));
	assert_true(breaker_failure(&b, T0));
	assert_true(breaker_tick(&b, b.open_until_us));
	assert_false(breaker_success(&b));
	assert_true(breaker_success(&b));
}

static void what_was_out_when_it_opened_changes_nothing(void **state)
{
	struct breaker b = opened(T0);
	uint64_t until_us = b.open_until_us;
	(void)state;

	assert_false(breaker_failure(&b, T0 + 1));
	assert_false(breaker_success(&b));
	assert_int_equal(b.state, BREAKER_OPEN);
	assert_int_equal(b.open_until_us, until_us);
}

static void a_reset_closes_it(void **state)
{
	struct breaker b = half_open();
	(void)state;

	breaker_try(&b);
	breaker_reset(&b);
	assert_int_equal(b.state, BREAKER_CLOSED);
	assert_true(breaker_allows(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_failures_in_a_row_open_it),
		cmocka_unit_test(one_timeout_opens_it),
		cmocka_unit_test(one_that_hangs_gets_nothing_until_it_answers),
		cmocka_unit_test(one_that_hangs_and_is_busy_is_tried),
		cmocka_unit_test(one_that_hangs_and_fails_opens_at_once),
		cmocka_unit_test(only_a_closed_one_can_hang),
		cmocka_unit_test(what_is_known_to_be_down_opens_it_at_once),
		cmocka_unit_test(who_failed_before_is_tried_first),
		cmocka_unit_test(a_success_between_them_starts_the_count_again),
		cmocka_unit_test(open_lasts_half_a_second_to_a_second_at_first),
		cmocka_unit_test(each_failed_trial_doubles_it_up_to_30_s),
		cmocka_unit_test(half_open_tries_one_at_a_time),
		cmocka_unit_test(two_successes_close_it_and_forget_the_past),
		cmocka_unit_test(a_success_before_a_failed_trial_does_not_count_later),
		cmocka_unit_test(what_was_out_when_it_opened_changes_nothing),
		cmocka_unit_test(a_reset_closes_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/breaker", tests, NULL, NULL);
}
