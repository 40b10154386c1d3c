/* Lines that say the same become one, and their number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/ctl/ctl_fold.h"

static void the_same_within_a_minute_is_left_out_and_counted(void **state)
{
	struct ctl_fold fold = { 0 };
	unsigned n;
	(void)state;

	assert_false(ctl_fold_ends(&fold, "a2 opens", 0, &n));
	assert_true(ctl_fold_take(&fold, "a2 opens", 1, 0));
	assert_false(ctl_fold_take(&fold, "a2 opens", 1, US_PER_S));
	assert_false(ctl_fold_take(&fold, "a2 opens", 3, 2 * US_PER_S));
	assert_false(ctl_fold_ends(&fold, "a2 opens", 3 * US_PER_S, &n));
	assert_true(ctl_fold_ends(&fold, "a3 opens", 3 * US_PER_S, &n));
	assert_int_equal(n, 4);
	assert_false(ctl_fold_ends(&fold, "a3 opens", 3 * US_PER_S, &n));
	assert_true(ctl_fold_take(&fold, "a3 opens", 1, 3 * US_PER_S));
}

static void after_a_minute_it_is_told_again(void **state)
{
	struct ctl_fold fold = { 0 };
	unsigned n;
	(void)state;

	assert_true(ctl_fold_take(&fold, "a2 opens", 1, 0));
	assert_false(ctl_fold_take(&fold, "a2 opens", 1, 59 * US_PER_S));
	assert_false(ctl_fold_ends(&fold, NULL, 59 * US_PER_S, &n));
	assert_true(ctl_fold_ends(&fold, NULL, 60 * US_PER_S, &n));
	assert_int_equal(n, 1);
	assert_true(ctl_fold_take(&fold, "a2 opens", 1, 61 * US_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_within_a_minute_is_left_out_and_counted),
		cmocka_unit_test(after_a_minute_it_is_told_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/ctl/ctl_fold", tests, NULL, NULL);
}
