#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/health.h"

#define T0 50000000u

static void a_node_without_a_roster_is_starting(void **state)
{
	struct health h = { 0 };
	(void)state;

	assert_int_equal(health_ready(&h, T0), HEALTH_STARTING);
	atomic_store(&h.has_roster, true);
	assert_int_equal(health_ready(&h, T0), HEALTH_READY);
}

static void draining_goes_before_everything(void **state)
{
	struct health h = { .draining = true, .unplaced_us = T0 };
	(void)state;

	assert_int_equal(health_ready(&h, T0), HEALTH_DRAINING);
}

static void redis_away_alone_leaves_it_ready(void **state)
{
	struct health h = { .has_roster = true, .redis_up = false };
	(void)state;

	assert_int_equal(health_ready(&h, T0), HEALTH_READY);
}

static void an_unplaced_packet_is_remembered_for_a_while(void **state)
{
	struct health h = { .has_roster = true, .unplaced_us = T0 };
	(void)state;

	assert_int_equal(health_ready(&h, T0), HEALTH_UNPLACED);
	assert_int_equal(health_ready(&h, T0 + HEALTH_UNPLACED_US - 1), HEALTH_UNPLACED);
	assert_int_equal(health_ready(&h, T0 + HEALTH_UNPLACED_US), HEALTH_READY);
	atomic_store(&h.unplaced_us, 0);
	assert_int_equal(health_ready(&h, T0 + 1), HEALTH_READY);
}

static void one_that_another_thread_saw_a_moment_later_counts(void **state)
{
	struct health h = { .has_roster = true, .unplaced_us = T0 + 10 };
	(void)state;

	assert_int_equal(health_ready(&h, T0), HEALTH_UNPLACED);
}

static void verbose_has_a_line_for_each_check(void **state)
{
	struct health h = { .has_roster = true, .redis_up = false };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	health_write_verbose(&h, T0, &out);
	assert_string_equal(
		buf_str(&out),
		"[+]roster ok\n[+]serving ok\n[+]placing ok\n"
		"[-]redis away (does not count: the node carries on)\nreadyz check passed\n");
	buf_clear(&out);
	atomic_store(&h.draining, true);
	health_write_verbose(&h, T0, &out);
	assert_non_null(strstr(buf_str(&out), "[-]serving draining\n"));
	assert_non_null(strstr(buf_str(&out), "readyz check failed\n"));
}

static void a_worker_that_does_not_turn_hangs(void **state)
{
	struct health h = { 0 };
	(void)state;

	assert_int_equal(health_live(&h, T0), HEALTH_READY);
	health_turn(&h, 0, T0, true);
	health_turn(&h, HEALTH_MAX_WORKERS - 1, T0 + 5, true);
	assert_int_equal(health_live(&h, T0 + HEALTH_STUCK_US), HEALTH_READY);
	assert_int_equal(health_live(&h, T0 + HEALTH_STUCK_US + 1), HEALTH_STUCK);
	health_turn(&h, 0, T0 + 10, true);
	assert_int_equal(health_live(&h, T0 + HEALTH_STUCK_US + 6), HEALTH_STUCK);
	health_turn(&h, HEALTH_MAX_WORKERS - 1, 0, false);
	assert_int_equal(health_live(&h, T0 + HEALTH_STUCK_US + 6), HEALTH_READY);
	assert_int_equal(health_live(&h, T0), HEALTH_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_without_a_roster_is_starting),
		cmocka_unit_test(draining_goes_before_everything),
		cmocka_unit_test(redis_away_alone_leaves_it_ready),
		cmocka_unit_test(an_unplaced_packet_is_remembered_for_a_while),
		cmocka_unit_test(one_that_another_thread_saw_a_moment_later_counts),
		cmocka_unit_test(a_worker_that_does_not_turn_hangs),
		cmocka_unit_test(verbose_has_a_line_for_each_check),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/health", tests, NULL, NULL);
}
