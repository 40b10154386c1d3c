#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/deliver/silence.h"

#define T0 (1000 * US_PER_S)
#define MS US_PER_MS

/* It has answered n deliveries, each of which took that long; the last one at T0. */
static struct silence usual(unsigned n, uint64_t took_us)
{
	struct silence s;

	silence_init(&s);
	while (n--)
		silence_answer(&s, T0 - took_us, T0);
	return s;
}

static void a_second_without_an_answer_is_too_long_while_others_answer(void **state)
{
	struct silence s = usual(10, 5 * MS);
	(void)state;

	silence_begin(&s, T0 + 10 * US_PER_S);
	assert_false(silence_is_too_long(&s, T0 + 11 * US_PER_S, T0 + 11 * US_PER_S - 1));
	assert_true(silence_is_too_long(&s, T0 + 11 * US_PER_S, T0 + 11 * US_PER_S));
}

static void while_nobody_answers_nobody_hangs(void **state)
{
	struct silence s = usual(10, 5 * MS);
	(void)state;

	silence_begin(&s, T0 + US_PER_S);
	assert_false(silence_is_too_long(&s, 0, T0 + 60 * US_PER_S));
	assert_false(silence_is_too_long(&s, T0 + US_PER_S, T0 + 60 * US_PER_S));
	assert_true(silence_is_too_long(&s, T0 + US_PER_S + 1, T0 + 60 * US_PER_S));
}

static void one_that_is_slow_as_ever_has_twenty_times_its_usual_time(void **state)
{
	struct silence s = usual(30, 200 * MS);
	(void)state;

	assert_in_range(silence_limit_us(&s), 3999 * MS, 4001 * MS);
	assert_false(silence_is_too_long(&s, T0 + US_PER_S, T0 + 3900 * MS));
	assert_true(silence_is_too_long(&s, T0 + US_PER_S, T0 + 4100 * MS));
}

static void the_first_delivery_has_two_seconds(void **state)
{
	struct silence s;
	(void)state;

	silence_init(&s);
	silence_begin(&s, T0);
	assert_false(silence_is_too_long(&s, T0 + 1, T0 + 1999 * MS));
	assert_true(silence_is_too_long(&s, T0 + 1, T0 + 2000 * MS));
}

static void any_answer_ends_the_silence(void **state)
{
	struct silence s = usual(10, 5 * MS);
	(void)state;

	silence_begin(&s, T0);
	silence_answer(&s, T0, T0 + 900 * MS);
	assert_false(silence_is_too_long(&s, T0 + 950 * MS, T0 + 1800 * MS));
	assert_int_equal(s.answered_us, T0 + 900 * MS);
}

static void one_late_answer_changes_little_of_what_is_usual(void **state)
{
	struct silence s = usual(10, 40 * MS);
	(void)state;

	silence_answer(&s, T0, T0 + 700 * MS);
	assert_in_range(silence_limit_us(&s), 1000 * MS, 1200 * MS);
}

static void who_answers_after_all_has_twice_that_time(void **state)
{
	struct silence s = usual(10, 5 * MS);
	(void)state;

	silence_answer(&s, T0, T0 + 1500 * MS);
	assert_in_range(silence_limit_us(&s), 2999 * MS, 3001 * MS);
	for (int i = 0; i < 40; i++)
		silence_answer(&s, T0, T0 + 5 * MS);
	assert_int_equal(silence_limit_us(&s), US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_without_an_answer_is_too_long_while_others_answer),
		cmocka_unit_test(while_nobody_answers_nobody_hangs),
		cmocka_unit_test(one_that_is_slow_as_ever_has_twenty_times_its_usual_time),
		cmocka_unit_test(the_first_delivery_has_two_seconds),
		cmocka_unit_test(any_answer_ends_the_silence),
		cmocka_unit_test(one_late_answer_changes_little_of_what_is_usual),
		cmocka_unit_test(who_answers_after_all_has_twice_that_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/silence", tests, NULL, NULL);
}
