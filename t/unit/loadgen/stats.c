#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/stats.h"

static struct stats s;

static int set_up(void **state UNUSED)
{
	stats_init(&s, 1000);
	return 0;
}

static void settle(uint32_t n_messages, enum client_outcome outcome, int status)
{
	const struct client_result result = {
		.outcome = outcome, .status = status, .first_byte_us = 3000, .end_us = 7000
	};

	stats_add_sent(&s, n_messages, 100);
	stats_add_outcome(&s, n_messages, 2000, &result);
}

static void sent_is_accepted_refused_and_failed(void **state UNUSED)
{
	settle(1, CLIENT_ANSWERED, 202);
	settle(2, CLIENT_ANSWERED, 200);
	settle(4, CLIENT_ANSWERED, 503);
	settle(8, CLIENT_ANSWERED, 302);
	settle(16, CLIENT_TIMED_OUT, 0);
	settle(32, CLIENT_CONNECT_FAILED, 0);
	assert_int_equal(s.sent.packets, 6);
	assert_int_equal(s.sent.messages, 63);
	assert_int_equal(s.n_sent_bytes, 600);
	assert_int_equal(s.accepted.packets, 2);
	assert_int_equal(s.accepted.messages, 3);
	assert_int_equal(s.refused.packets, 2);
	assert_int_equal(s.refused.messages, 12);
	assert_int_equal(s.refused_by_status[503], 1);
	assert_int_equal(s.refused_by_status[302], 1);
	assert_int_equal(s.failed.packets, 2);
	assert_int_equal(s.failed.messages, 48);
	assert_int_equal(s.failed_by_outcome[CLIENT_TIMED_OUT], 1);
	assert_int_equal(s.max_messages, 32);
	assert_false(stats_all_accepted(&s));
}

static void an_outcome_that_is_not_the_last_counts_apart(void **state UNUSED)
{
	const struct client_result refused = { .outcome = CLIENT_ANSWERED, .status = 503 };
	const struct client_result silent = { .outcome = CLIENT_TIMED_OUT };

	stats_add_retried(&s, &refused);
	stats_add_retried(&s, &refused);
	stats_add_retried(&s, &silent);
	assert_int_equal(s.retried_by_status[503], 2);
	assert_int_equal(s.retried_by_outcome[CLIENT_TIMED_OUT], 1);
	assert_int_equal(s.refused.packets + s.failed.packets, 0);
}

static void times_count_from_when_a_packet_was_due(void **state UNUSED)
{
	settle(1, CLIENT_ANSWERED, 202);
	settle(1, CLIENT_ANSWERED, 503);
	stats_add_lateness(&s, 2000, 3000);
	stats_add_lateness(&s, 2000, 1999);
	assert_int_equal(s.latency_us.n, 1);
	assert_int_equal(s.latency_us.max, 5000);
	assert_int_equal(s.service_us.max, 4000);
	assert_int_equal(s.lateness_us.max, 1000);
	assert_int_equal(s.lateness_us.min, 0);
	assert_true(stats_elapsed_s(&s) == 0.006);
}

static void a_run_is_fine_only_if_all_that_was_due_was_accepted(void **state UNUSED)
{
	settle(1, CLIENT_ANSWERED, 202);
	assert_true(stats_all_accepted(&s));
	s.n_unsent = 1;
	assert_false(stats_all_accepted(&s));
	s.interrupted = true;
	assert_true(stats_all_accepted(&s));
	s.n_dropped = 1;
	assert_false(stats_all_accepted(&s));
}

static void a_run_without_an_outcome_lasted_a_moment(void **state UNUSED)
{
	assert_true(stats_elapsed_s(&s) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sent_is_accepted_refused_and_failed, set_up),
		cmocka_unit_test_setup(an_outcome_that_is_not_the_last_counts_apart, set_up),
		cmocka_unit_test_setup(times_count_from_when_a_packet_was_due, set_up),
		cmocka_unit_test_setup(a_run_is_fine_only_if_all_that_was_due_was_accepted, set_up),
		cmocka_unit_test_setup(a_run_without_an_outcome_lasted_a_moment, set_up),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
