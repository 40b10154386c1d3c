#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/backoff.h"

#define N_DRAWS 2000

static void assert_between(uint32_t value, uint32_t lo, uint32_t hi)
{
	assert_in_range(value, lo, hi);
}

static void delays_double_up_to_the_cap(void **state)
{
	static const uint32_t full[] = { 100, 200, 400, 800, 1000, 1000, 1000 };
	(void)state;

	for (uint64_t seed = 1; seed <= N_DRAWS; seed++) {
		struct backoff b;

		backoff_init(&b, 100, 1000, seed);
		for (size_t i = 0; i < ARRAY_LEN(full); i++)
			assert_between(backoff_next_ms(&b), full[i] / 2, full[i]);
	}
}

static void jitter_spreads_over_the_whole_half(void **state)
{
	uint32_t lowest = UINT32_MAX, highest = 0;
	double sum = 0;
	(void)state;

	for (uint64_t seed = 1; seed <= N_DRAWS; seed++) {
		struct backoff b;
		uint32_t delay;

		backoff_init(&b, 1000, 60000, seed);
		delay = backoff_next_ms(&b);
		lowest = delay < lowest ? delay : lowest;
		highest = delay > highest ? delay : highest;
		sum += delay;
	}
	assert_between(lowest, 500, 510);
	assert_between(highest, 990, 1000);
	assert_between((uint32_t)(sum / N_DRAWS), 740, 760);
}

static void a_success_starts_over(void **state)
{
	struct backoff b;
	(void)state;

	backoff_init(&b, 100, 100000, 7);
	for (int i = 0; i < 8; i++)
		backoff_next_ms(&b);
	assert_between(backoff_next_ms(&b), 12800, 25600);
	backoff_reset(&b);
	assert_int_equal(b.attempt, 0);
	assert_between(backoff_next_ms(&b), 50, 100);
}

static void many_failures_never_overflow(void **state)
{
	struct backoff b;
	(void)state;

	backoff_init(&b, UINT32_MAX, UINT32_MAX, 3);
	for (int i = 0; i < 1000; i++)
		assert_true(backoff_next_ms(&b) >= UINT32_MAX / 2);
	b.attempt = UINT32_MAX;
	backoff_next_ms(&b);
	assert_int_equal(b.attempt, UINT32_MAX);
}

static void a_delay_is_zero_only_if_asked_for(void **state)
{
	struct backoff b;
	(void)state;

	backoff_init(&b, 1, 1, 5);
	for (int i = 0; i < 100; i++)
		assert_int_equal(backoff_next_ms(&b), 1);
	backoff_init(&b, 0, 1000, 5);
	assert_int_equal(backoff_next_ms(&b), 0);
	backoff_init(&b, 1000, 10, 5);
	assert_between(backoff_next_ms(&b), 5, 10);
}

static void a_seed_repeats_and_the_kernel_does_not(void **state)
{
	struct rng a, b;
	(void)state;

	rng_init(&a, 42);
	rng_init(&b, 42);
	for (int i = 0; i < 100; i++)
		assert_true(rng_next(&a) == rng_next(&b));
	rng_init(&b, 43);
	assert_false(rng_next(&a) == rng_next(&b));
	rng_init(&a, 0);
	rng_init(&b, 0);
	assert_false(rng_next(&a) == rng_next(&b));
	assert_true(a.state != 0);
}

static void a_range_is_uniform_and_holds_its_ends(void **state)
{
	unsigned counts[6] = { 0 };
	struct rng rng;
	(void)state;

	rng_init(&rng, 9);
	for (int i = 0; i < 60000; i++) {
		uint64_t x = rng_range(&rng, 10, 15);

		assert_in_range(x, 10, 15);
		counts[x - 10]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_in_range(counts[i], 9600, 10400);
	assert_true(rng_range(&rng, 8, 8) == 8);
	assert_true(rng_range(&rng, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
	rng_range(&rng, 0, UINT64_MAX);
}

static void a_wide_range_favours_no_end(void **state)
{
	unsigned n_first_third = 0;
	struct rng rng;
	(void)state;

	rng_init(&rng, 12);
	for (int i = 0; i < 9000; i++)
		n_first_third += rng_range(&rng, 0, (3ULL << 62) - 1) < 1ULL << 62;
	assert_in_range(n_first_third, 2800, 3200);
}

static void no_seed_leaves_the_generator_stuck_at_zero(void **state)
{
	struct rng rng;
	(void)state;

	rng_init(&rng, -0x9e3779b97f4a7c15ULL); /* the one that is mixed to 0 */
	assert_true(rng.state != 0);
	assert_false(rng_next(&rng) == rng_next(&rng));
}

static void a_unit_draw_is_below_one(void **state)
{
	struct rng rng;
	double sum = 0;
	(void)state;

	rng_init(&rng, 11);
	for (int i = 0; i < 10000; i++) {
		double x = rng_unit(&rng);

		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(sum > 4850 && sum < 5150);
}

static void a_token_is_hex_of_the_asked_length_and_new_each_time(void **state)
{
	char a[33], b[33], guarded[10] = "#########";
	(void)state;

	assert_int_equal(rng_token(a, 16), 0);
	assert_int_equal(rng_token(b, 16), 0);
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), 32);
	assert_string_not_equal(a, b);
	assert_int_equal(rng_token(guarded, 4), 0);
	assert_int_equal(strlen(guarded), 8);
	assert_int_equal(guarded[9], '\0');
	assert_int_equal(rng_token(a, 0), 0);
	assert_string_equal(a, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double_up_to_the_cap),
		cmocka_unit_test(jitter_spreads_over_the_whole_half),
		cmocka_unit_test(a_success_starts_over),
		cmocka_unit_test(many_failures_never_overflow),
		cmocka_unit_test(a_delay_is_zero_only_if_asked_for),
		cmocka_unit_test(a_seed_repeats_and_the_kernel_does_not),
		cmocka_unit_test(a_range_is_uniform_and_holds_its_ends),
		cmocka_unit_test(a_wide_range_favours_no_end),
		cmocka_unit_test(no_seed_leaves_the_generator_stuck_at_zero),
		cmocka_unit_test(a_unit_draw_is_below_one),
		cmocka_unit_test(a_token_is_hex_of_the_asked_length_and_new_each_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/backoff", tests, NULL, NULL);
}
