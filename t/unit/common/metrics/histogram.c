#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/metrics/histogram.h"
#include "common/rng.h"

#define MAX_ERROR 0.032

static void an_empty_histogram_answers_zero(void **state)
{
	struct histogram h;
	(void)state;

	histogram_init(&h);
	assert_true(h.min == UINT64_MAX);
	assert_true(histogram_percentile(&h, 50) == 0);
	assert_true(histogram_mean(&h) == 0);
}

static void one_value_is_every_percentile(void **state)
{
	static const uint64_t values[] = { 0,
					   1,
					   31,
					   32,
					   33,
					   63,
					   64,
					   1000,
					   123456789,
					   1ULL << 40,
					   UINT64_MAX / 2,
					   UINT64_MAX - 1,
					   UINT64_MAX };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct histogram h;

		histogram_init(&h);
		histogram_add(&h, values[i]);
		assert_true(histogram_percentile(&h, 0) == values[i]);
		assert_true(histogram_percentile(&h, 50) == values[i]);
		assert_true(histogram_percentile(&h, 100) == values[i]);
		assert_true(h.min == values[i] && h.max == values[i] && h.n == 1);
	}
}

/* Two neighbours of very different size keep min and max from clamping the middle one exact. */
static void every_magnitude_is_right_within_the_promise(void **state)
{
	struct rng rng;
	(void)state;

	rng_init(&rng, 4);
	for (int i = 0; i < 20000; i++) {
		uint64_t value = rng_next(&rng) >> rng_range(&rng, 0, 63);
		struct histogram h;
		double found;

		histogram_init(&h);
		histogram_add(&h, 0);
		histogram_add(&h, value);
		histogram_add(&h, UINT64_MAX);
		found = (double)histogram_percentile(&h, 50);
		assert_true(found >= (double)value * (1 - MAX_ERROR));
		assert_true(found <= (double)value * (1 + MAX_ERROR));
	}
}

static void small_values_are_exact(void **state)
{
	struct histogram h;
	(void)state;

	histogram_init(&h);
	for (uint64_t v = 1; v <= 60; v++)
		histogram_add(&h, v);
	assert_int_equal(histogram_percentile(&h, 50), 30);
	assert_int_equal(histogram_percentile(&h, 0), 1);
	assert_int_equal(histogram_percentile(&h, 100), 60);
	assert_int_equal(histogram_percentile(&h, 200), 60);
	assert_int_equal(histogram_percentile(&h, -1), 1);
}

static void percentiles_take_the_nearest_rank(void **state)
{
	struct histogram h;
	(void)state;

	histogram_init(&h);
	for (int i = 0; i < 999; i++)
		histogram_add(&h, 10);
	histogram_add(&h, 5000);
	assert_int_equal(histogram_percentile(&h, 99.9), 10);
	assert_int_equal(histogram_percentile(&h, 99.91), 5000);
}

static void percentiles_of_many_values_are_close(void **state)
{
	static const double percents[] = { 1, 10, 50, 90, 99, 99.9 };
	struct histogram h;
	(void)state;

	histogram_init(&h);
	for (uint64_t v = 1; v <= 100000; v++)
		histogram_add(&h, v);
	for (size_t i = 0; i < ARRAY_LEN(percents); i++) {
		double exact = percents[i] * 1000;
		double found = (double)histogram_percentile(&h, percents[i]);

		assert_true(found >= exact * (1 - MAX_ERROR) && found <= exact * (1 + MAX_ERROR));
	}
	assert_true(histogram_mean(&h) == 50000.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_answers_zero),
		cmocka_unit_test(one_value_is_every_percentile),
		cmocka_unit_test(every_magnitude_is_right_within_the_promise),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(percentiles_take_the_nearest_rank),
		cmocka_unit_test(percentiles_of_many_values_are_close),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/histogram", tests, NULL, NULL);
}
