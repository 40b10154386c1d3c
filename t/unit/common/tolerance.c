#include "common/tolerance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct deviation judge(double percent, double packet, double share, double routed,
			      double total)
{
	const struct tolerance t = { percent, packet };

	return tolerance_judge(&t, share, routed, total);
}

static void percent_decides_where_much_was_routed(void **state)
{
	(void)state;
	assert_true(judge(0.5, 9, 0.5, 50500, 100000).is_within);
	assert_false(judge(0.5, 9, 0.5, 50501, 100000).is_within);
	assert_false(judge(0.5, 9, 0.5, 49499, 100000).is_within);
}

static void a_few_packets_decide_where_little_was(void **state)
{
	struct deviation d = judge(0.5, 9, 0.5, 86, 100);

	(void)state;
	assert_true(d.is_within);
	assert_true(d.messages == 36);
	assert_float_equal(d.percent, 36, 1e-9);
	assert_false(judge(0.5, 9, 0.5, 87, 100).is_within);
	assert_false(judge(0.5, 0, 0.5, 51, 100).is_within);
}

static void nothing_is_off_where_nothing_was_routed(void **state)
{
	struct deviation d = judge(0, 0, 0.5, 0, 0);

	(void)state;
	assert_true(d.is_within);
	assert_true(d.percent == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_decides_where_much_was_routed),
		cmocka_unit_test(a_few_packets_decide_where_little_was),
		cmocka_unit_test(nothing_is_off_where_nothing_was_routed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/tolerance", tests, NULL, NULL);
}
