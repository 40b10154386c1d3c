#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/deliver/results.h"

#define MOST 8

static int read_it(const char *json, struct result *results, unsigned n)
{
	char *copy = malloc(strlen(json) + 1); /* so that a byte too far is seen */
	int r;

	memcpy(copy, json, strlen(json));
	r = results_may_be_in(copy, strlen(json)) ? results_read(copy, strlen(json), results, n)
						  : RESULTS_E_NONE;
	free(copy);
	return r;
}

static void test_reads_a_status_for_each_packet(void **state)
{
	static const char json[] =
		" {\"took\":1,\"results\":[{\"status\":200},{\"error\":{\"status\":1},\"status\":422},"
		"{\"status\":503,\"status\":200}]} ";
	struct result results[MOST];
	(void)state;

	assert_int_equal(results_read(json, sizeof(json) - 1, results, 3), 0);
	assert_int_equal(results[0].status, 200);
	assert_int_equal(results[1].status, 422);
	assert_int_equal(results[2].status, 503);
	assert_memory_equal(results[1].text, "{\"error\":{\"status\":1},\"status\":422}",
			    results[1].len);
}

static void test_other_answers_are_for_all_packets(void **state)
{
	static const char *const texts[] = { "",
					     "{}",
					     "[]",
					     "results",
					     "\"results\"",
					     "{\"results\":3}",
					     "{\"a\":{\"results\":[{\"status\":500}]}}",
					     "[{\"results\":[]}]" };
	struct result results[MOST];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_it(texts[i], results, 1), RESULTS_E_NONE);
}

static void test_what_does_not_fit_is_told(void **state)
{
	static const char *const texts[] = {
		"{\"results\":[]}",
		"{\"results\":[{\"status\":200}]}",
		"{\"results\":[{\"status\":200},{\"status\":200},{\"status\":200}]}",
		"{\"results\":[{\"status\":200},{}]}",
		"{\"results\":[{\"status\":200},200]}",
		"{\"results\":[{\"status\":200},{\"status\":\"200\"}]}",
		"{\"results\":[{\"status\":200},{\"status\":99}]}",
		"{\"results\":[{\"status\":200},{\"status\":600}]}",
		"{\"results\":[{\"status\":200},{\"status\":2e2}]}",
		"{\"results\":[{\"status\":200},{\"status\":20000000000000000000}]}",
		"{\"results\":[{\"status\":200},{\"status\":200}]",
		"{\"results\":[{\"status\":200},{\"status\":200}]}x",
		"{\"results\":[{\"status\":200},{\"status\":200",
		"{\"results\":[[[[[[{\"status\":200}]]]]],{\"status\":200}]}",
	};
	static char deep[3000];
	struct result results[MOST];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_it(texts[i], results, 2), RESULTS_E_MISFIT);
	strcpy(deep, "{\"results\":[{\"status\":");
	memset(deep + strlen(deep), '[', 2000);
	assert_int_equal(read_it(deep, results, 2), RESULTS_E_MISFIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_a_status_for_each_packet),
		cmocka_unit_test(test_other_answers_are_for_all_packets),
		cmocka_unit_test(test_what_does_not_fit_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
