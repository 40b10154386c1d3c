#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/http/token_guard.h"

#define START_US (1000 * US_PER_S)
#define PERIOD_S (TOKEN_GUARD_PERIOD_US / US_PER_S)

static struct token_guard guard;

static int fresh(void **state)
{
	(void)state;
	token_guard_init(&guard);
	return 0;
}

static int done(void **state)
{
	(void)state;
	token_guard_deinit(&guard);
	return 0;
}

static uint32_t judge(const char *from, bool is_right, uint64_t now_us)
{
	struct net_addr addr;

	assert_int_equal(net_addr_numeric(&addr, from, 1234), 0);
	return token_guard_judge(&guard, &addr, is_right, now_us);
}

static void fail_times(const char *from, unsigned times)
{
	while (times--)
		assert_int_equal(judge(from, false, START_US), 0);
}

static void after_some_failures_an_address_waits(void **state)
{
	(void)state;
	fail_times("10.0.0.1", TOKEN_GUARD_BURST);
	assert_int_equal(judge("10.0.0.1", false, START_US), PERIOD_S);
	assert_int_equal(judge("10.0.0.1", false, START_US + TOKEN_GUARD_PERIOD_US - 1), 1);
	assert_int_equal(judge("10.0.0.1", false, START_US + TOKEN_GUARD_PERIOD_US), 0);
}

static void the_right_token_is_never_refused(void **state)
{
	(void)state;
	fail_times("10.0.0.1", TOKEN_GUARD_BURST);
	assert_int_not_equal(judge("10.0.0.1", false, START_US), 0);
	assert_int_equal(judge("10.0.0.1", true, START_US), 0);
	assert_int_not_equal(judge("10.0.0.1", false, START_US), 0);
}

static void then_one_failure_a_period_is_let_through(void **state)
{
	uint64_t now_us = START_US;

	(void)state;
	fail_times("10.0.0.1", TOKEN_GUARD_BURST);
	for (unsigned i = 0; i < 20; i++) {
		now_us += TOKEN_GUARD_PERIOD_US;
		assert_int_equal(judge("10.0.0.1", false, now_us), 0);
		assert_int_not_equal(judge("10.0.0.1", false, now_us), 0);
	}
}

static void to_be_refused_lengthens_nothing(void **state)
{
	(void)state;
	fail_times("10.0.0.1", TOKEN_GUARD_BURST);
	for (unsigned i = 0; i < 10000; i++)
		assert_int_equal(judge("10.0.0.1", false, START_US), PERIOD_S);
	assert_int_equal(judge("10.0.0.1", false, START_US + TOKEN_GUARD_PERIOD_US), 0);
}

static void others_are_not_meant(void **state)
{
	(void)state;
	fail_times("10.0.0.1", TOKEN_GUARD_BURST);
	assert_int_equal(judge("10.0.0.2", false, START_US), 0);
	assert_int_not_equal(judge("::ffff:10.0.0.1", false, START_US), 0);
	fail_times("2001:db8::1", TOKEN_GUARD_BURST);
	assert_int_not_equal(judge("2001:db8::ffff:2", false, START_US), 0);
	assert_int_equal(judge("2001:db8:0:1::1", false, START_US), 0);
}

static void guesses_from_many_addresses_are_slowed_too(void **state)
{
	unsigned n_let_through = 0;
	char from[32];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(from, sizeof(from), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		n_let_through += judge(from, false, START_US) == 0;
	}
	assert_int_equal(n_let_through, TOKEN_GUARD_ALL_BURST);
	assert_int_equal(judge("11.0.0.1", true, START_US), 0);
	assert_int_equal(judge("11.0.0.1", false, START_US), 1);
	assert_int_equal(judge("11.0.0.1", false, START_US + TOKEN_GUARD_ALL_PERIOD_US), 0);
}

static void many_addresses_push_out_the_oldest_alone(void **state)
{
	char from[32];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(from, sizeof(from), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		judge(from, false, START_US + i);
	}
	for (unsigned i = 0; i < TOKEN_GUARD_BURST; i++)
		judge("11.0.0.1", false, START_US + US_PER_S);
	assert_int_not_equal(judge("11.0.0.1", false, START_US + US_PER_S), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		TEST(after_some_failures_an_address_waits),
		TEST(the_right_token_is_never_refused),
		TEST(then_one_failure_a_period_is_let_through),
		TEST(to_be_refused_lengthens_nothing),
		TEST(others_are_not_meant),
		TEST(guesses_from_many_addresses_are_slowed_too),
		TEST(many_addresses_push_out_the_oldest_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/http/token_guard", tests, NULL, NULL);
}
