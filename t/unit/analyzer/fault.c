#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "analyzer/fault.h"
#include "common/clock.h"

static void faults_are_read_as_the_registry_writes_them(void **state)
{
	static const struct {
		const char *text;
		struct fault fault;
	} cases[] = {
		{ "down", { .is_down = true } },
		{ "slow:250", { .delay_ms = 250 } },
		{ "slow:0", { 0 } },
		{ "slow:60000", { .delay_ms = 60000 } },
		{ "error:0.25", { .error_rate = 0.25 } },
		{ "error:1", { .error_rate = 1 } },
	};
	struct fault fault;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(fault_parse(&fault, cases[i].text), 0);
		assert_int_equal(fault.is_down, cases[i].fault.is_down);
		assert_int_equal(fault.delay_ms, cases[i].fault.delay_ms);
		assert_true(fault.error_rate == cases[i].fault.error_rate);
	}
}

static void other_text_is_no_fault(void **state)
{
	static const char *const bad[] = {
		"",           "up",       "downs",    "down:1",     "slow",       "slow:",
		"slow:-1",    "slow:x",   "slow:1.5", "slow:1x",    "slow:60001", "slow: 1",
		"error",      "error:",   "error:2",  "error:-0.1", "error:nan",  "error:1.2.3",
		"error:0.1 ", "slow:inf", ":",
	};
	struct fault fault;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (fault_parse(&fault, bad[i]) != FAULT_E_SYNTAX)
			fail_msg("taken: %s", bad[i]);
}

static void the_registry_overrides_while_it_names_a_fault(void **state)
{
	struct fault own = { .delay_ms = 5, .error_rate = 0.5 };
	struct faults *f = faults_new(&own);
	(void)state;

	assert_int_equal(faults_now(f).delay_ms, 5);
	faults_set_remote(f, "slow:90");
	assert_int_equal(faults_now(f).delay_ms, 90);
	assert_true(faults_now(f).error_rate == 0);
	faults_set_remote(f, "down");
	assert_true(faults_now(f).is_down);
	faults_set_remote(f, NULL);
	assert_false(faults_now(f).is_down);
	assert_int_equal(faults_now(f).delay_ms, 5);
	faults_free(f);
}

static void an_unknown_fault_counts_as_none(void **state)
{
	struct fault own = { 0 };
	struct faults *f = faults_new(&own);
	(void)state;

	faults_set_remote(f, "down");
	faults_set_remote(f, "melted");
	assert_false(faults_now(f).is_down);
	faults_free(f);
}

static void disabled_is_down_whatever_else_holds(void **state)
{
	struct fault own = { 0 };
	struct faults *f = faults_new(&own);
	(void)state;

	faults_set_remote(f, "slow:1");
	faults_set_disabled(f, true);
	assert_true(faults_now(f).is_down);
	faults_set_disabled(f, false);
	assert_false(faults_now(f).is_down);
	faults_free(f);
}

static void a_delay_lasts_as_long_as_asked(void **state)
{
	struct fault own = { 0 };
	struct faults *f = faults_new(&own);
	uint64_t start_us = clock_mono_us();
	(void)state;

	faults_delay(f, 20);
	assert_true(clock_mono_us() - start_us >= 20 * US_PER_MS);
	faults_free(f);
}

static void *delay_long(void *arg)
{
	faults_delay(arg, FAULT_DELAY_MAX_MS);
	return NULL;
}

static void stopping_ends_a_delay(void **state)
{
	struct fault own = { 0 };
	struct faults *f = faults_new(&own);
	uint64_t start_us = clock_mono_us();
	pthread_t thread;
	(void)state;

	assert_int_equal(pthread_create(&thread, NULL, delay_long, f), 0);
	faults_stop(f);
	pthread_join(thread, NULL);
	assert_true(clock_mono_us() - start_us < FAULT_DELAY_MAX_MS * US_PER_MS);
	faults_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_read_as_the_registry_writes_them),
		cmocka_unit_test(other_text_is_no_fault),
		cmocka_unit_test(the_registry_overrides_while_it_names_a_fault),
		cmocka_unit_test(an_unknown_fault_counts_as_none),
		cmocka_unit_test(disabled_is_down_whatever_else_holds),
		cmocka_unit_test(a_delay_lasts_as_long_as_asked),
		cmocka_unit_test(stopping_ends_a_delay),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
