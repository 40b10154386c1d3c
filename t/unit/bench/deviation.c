#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/deviation.h"
#include "t/unit/near.h"

/* Shares 3/4 and 1/4. */
static struct analyzer analyzers[] = { { .slot = 1, .share = 0.75 }, { .slot = 0, .share = 0.25 } };
static const struct roster roster = { .analyzers = analyzers, .n_analyzers = 2, .n_slots = 2 };

static void those_who_get_their_shares_are_not_off(void **state)
{
	struct deviation d = { 0 };

	(void)state;
	deviation_count(&d, 1, 9);
	deviation_count(&d, 0, 3);
	deviation_look(&d, &roster);
	assert_near(d.worst, 0, 1e-9);
	assert_near(d.packets, 2, 0);
	assert_near(d.messages, 12, 0);
}

static void the_worst_stays_when_it_was_made_good(void **state)
{
	struct deviation d = { 0 };

	(void)state;
	deviation_count(&d, 1, 12);
	deviation_look(&d, &roster);
	deviation_count(&d, 0, 4);
	deviation_look(&d, &roster);
	assert_near(d.worst, 3, 1e-9);
	assert_near(deviation_mean(&d), 1.5, 1e-9);
	deviation_count(&d, 1, 4);
	deviation_forget(&d);
	deviation_look(&d, &roster);
	assert_near(d.worst, 1, 1e-9);
	assert_near(deviation_mean(&d), 1, 1e-9);
}

static void without_a_look_the_mean_is_nothing(void **state)
{
	struct deviation d = { 0 };

	(void)state;
	assert_near(deviation_mean(&d), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_get_their_shares_are_not_off),
		cmocka_unit_test(the_worst_stays_when_it_was_made_good),
		cmocka_unit_test(without_a_look_the_mean_is_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
