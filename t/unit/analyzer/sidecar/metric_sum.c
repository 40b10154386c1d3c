#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analyzer/sidecar/metric_sum.h"
#include "common/err.h"

static bool sum_of(const char *text, size_t step, uint64_t *valuep)
{
	struct metric_sum m;
	size_t len = strlen(text);

	metric_sum_init(&m, "lines_total");
	for (size_t at = 0; at < len; at += step)
		metric_sum_feed(&m, text + at, step < len - at ? step : len - at);
	return metric_sum_end(&m, valuep);
}

static void test_sums_a_metric_over_its_labels(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{ "lines_total 7", 7 },
		{ "# TYPE lines_total counter\nlines_total{a=\"x\"} 3\nlines_total{a=\"y\"} 4 1700000000000\nother 9\n",
		  7 },
		{ "lines_total_more 5\nlines_total 1.2e3\n", 1200 },
		{ "lines_total{a=\"} 9\\\" {\",b=\"\"} 2\n", 2 },
		{ "lines_total NaN\nlines_total{a=\"b\"} 2\nlines_total{a=\"c\"} -5\n", 2 },
		{ "lines_total 1e300\n", 9007199254740992 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t whole = 0, pieces = 0;

		assert_true(sum_of(cases[i].text, 1000, &whole));
		assert_true(sum_of(cases[i].text, 1, &pieces));
		assert_int_equal(whole, cases[i].value);
		assert_int_equal(pieces, cases[i].value);
	}
}

static void test_knows_when_there_is_none(void **state)
{
	static const char *const texts[] = { "",
					     "\n\n",
					     "lines_total",
					     "lines_total{",
					     "lines_total{a=\"} 3",
					     "lines_total x",
					     "# lines_total 3",
					     "lines_total2 3" };
	static char longest[5000];
	uint64_t value;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(sum_of(texts[i], 3, &value));
	memset(longest, 'x', sizeof(longest) - 1);
	memcpy(longest, "lines_total{a=\"", 15);
	memcpy(longest + sizeof(longest) - 5, "\"} 3", 4);
	assert_false(sum_of(longest, 7, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_a_metric_over_its_labels),
		cmocka_unit_test(test_knows_when_there_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
