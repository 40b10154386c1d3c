#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/sink/held.h"

#define HOLD_US 3200000u

static void each_message_is_held_for_its_time(void **state)
{
	struct held held = { .hold_us = HOLD_US };
	int64_t last = 0;

	(void)state;
	assert_false(held_is_over(&held, UINT64_MAX, &last));
	held_add(&held, 5, 1000);
	held_add(&held, 9, 1000 + HOLD_US);
	assert_false(held_is_over(&held, 1000 + HOLD_US - 1, &last));
	assert_true(held_is_over(&held, 1000 + HOLD_US, &last));
	assert_int_equal(last, 5);
	assert_true(held_is_over(&held, 1000 + 2 * HOLD_US, &last));
	assert_int_equal(last, 9);
	held_remove(&held, 5);
	assert_false(held_is_over(&held, 1000 + HOLD_US, &last));
	assert_true(held_is_over(&held, 1000 + 2 * HOLD_US, &last));
	held_clear(&held);
	assert_false(held_is_over(&held, UINT64_MAX, &last));
}

/* Message i goes out at i * step_us, and they are looked at often. */
static void check_steady(uint64_t step_us)
{
	struct held held = { .hold_us = HOLD_US };
	int64_t last = -1, removed = -1;

	for (int64_t i = 0; i < 10000; i++) {
		uint64_t now_us = (uint64_t)i * step_us;

		held_add(&held, i, now_us);
		assert_true(held.n < HELD_MARKS);
		if (!held_is_over(&held, now_us, &last))
			continue;
		assert_true((uint64_t)last * step_us + HOLD_US <= now_us);
		held_remove(&held, last);
		removed = last;
	}
	assert_true(10000 - removed <= (int64_t)((HOLD_US + HOLD_US / 8) / step_us));
}

static void there_is_room_for_any_number_of_messages(void **state)
{
	(void)state;
	check_steady(HOLD_US / 5000);
	check_steady(HOLD_US / 200);
	check_steady(HOLD_US / 20);
}

static void where_nobody_looks_for_long_the_newest_mark_stands_for_more(void **state)
{
	struct held held = { .hold_us = HOLD_US };
	uint64_t now_us = 0;
	int64_t last = 0;

	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		held_add(&held, i, now_us += HOLD_US / 4);
	assert_int_equal(held.n, HELD_MARKS);
	assert_true(held_is_over(&held, now_us, &last));
	assert_int_equal(last, HELD_MARKS - 2);
	held_remove(&held, last);
	assert_true(held_is_over(&held, now_us + HOLD_US, &last));
	assert_int_equal(last, 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_is_held_for_its_time),
		cmocka_unit_test(there_is_room_for_any_number_of_messages),
		cmocka_unit_test(where_nobody_looks_for_long_the_newest_mark_stands_for_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
