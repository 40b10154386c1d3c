/* The budget of frames that bring no packet. */
#include "common/h2/h2_budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"

static unsigned use_up(struct h2_budget *b, uint64_t now_us)
{
	unsigned n = 0;

	while (h2_budget_take(b, now_us))
		n++;
	return n;
}

static void a_full_budget_lasts_for_so_many_frames(void **state)
{
	struct h2_budget b;

	(void)state;
	h2_budget_init(&b, 5);
	assert_int_equal(use_up(&b, 5), H2_BUDGET_FULL);
	assert_false(h2_budget_take(&b, 5));
}

static void time_fills_it_up_to_the_brim_and_no_further(void **state)
{
	struct h2_budget b;

	(void)state;
	h2_budget_init(&b, 0);
	use_up(&b, 0);
	assert_int_equal(use_up(&b, US_PER_S), H2_BUDGET_PER_S);
	assert_int_equal(use_up(&b, 3 * US_PER_S / 2), H2_BUDGET_PER_S / 2);
	assert_int_equal(use_up(&b, 1000 * US_PER_S), H2_BUDGET_FULL);
}

static void short_times_add_up(void **state)
{
	struct h2_budget b;
	unsigned n = 0;

	(void)state;
	h2_budget_init(&b, 0);
	use_up(&b, 0);
	for (uint64_t now_us = 0; now_us <= US_PER_S; now_us += 999)
		n += use_up(&b, now_us);
	assert_in_range(n, H2_BUDGET_PER_S - 1, H2_BUDGET_PER_S);
}

static void requests_earn(void **state)
{
	struct h2_budget b;

	(void)state;
	h2_budget_init(&b, 0);
	use_up(&b, 0);
	h2_budget_earn(&b);
	assert_int_equal(use_up(&b, 0), H2_BUDGET_PER_REQUEST);
	for (int i = 0; i < 2 * H2_BUDGET_FULL; i++)
		h2_budget_earn(&b);
	assert_int_equal(use_up(&b, 0), H2_BUDGET_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_budget_lasts_for_so_many_frames),
		cmocka_unit_test(time_fills_it_up_to_the_brim_and_no_further),
		cmocka_unit_test(short_times_add_up),
		cmocka_unit_test(requests_earn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
