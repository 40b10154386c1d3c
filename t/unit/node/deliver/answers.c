#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node/deliver/answers.h"

#define MOST 8

static unsigned n_read; /* of the last one */

static int read_bulk(const char *text, struct result *items, unsigned n)
{
	size_t len = strlen(text);
	char *copy = malloc(len + 1); /* so that a byte too far is seen */
	int r;

	memcpy(copy, text, len);
	r = answers_read_bulk(copy, len, items, n, &n_read);
	free(copy);
	return r;
}

static void test_bulk_has_a_status_for_each_operation(void **state)
{
	static const char text[] =
		"{\"took\":3,\"items\":[{\"index\":{\"_id\":\"1\",\"status\":201}},"
		"{\"create\":{\"error\":{\"status\":9},\"status\":429}},{\"delete\":{\"status\":400}}],"
		"\"errors\":true} ";
	struct result items[MOST];
	(void)state;

	assert_int_equal(answers_read_bulk(text, sizeof(text) - 1, items, 3, &n_read), 0);
	assert_int_equal(items[0].status, 201);
	assert_int_equal(items[1].status, 429);
	assert_int_equal(items[2].status, 400);
	assert_memory_equal(items[2].text, "{\"delete\":{\"status\":400}}", items[2].len);
}

static void test_a_document_that_is_gone_already_is_deleted(void **state)
{
	static const char text[] =
		"{\"errors\":true,\"items\":[{\"delete\":{\"result\":\"not_found\",\"status\":404}},"
		"{\"delete\":{\"error\":{\"type\":\"index_not_found_exception\"},\"status\":404}},"
		"{\"update\":{\"status\":404}}]}";
	struct result items[MOST];
	(void)state;

	assert_int_equal(answers_read_bulk(text, sizeof(text) - 1, items, 3, &n_read), 0);
	assert_int_equal(items[0].status, 200);
	assert_int_equal(items[1].status, 404);
	assert_int_equal(items[2].status, 404);
}

static void test_bulk_without_errors_says_nothing_more(void **state)
{
	static const char *const texts[] = { "",
					     "ok",
					     "[]",
					     "{}",
					     "{\"status\":\"accepted\"}",
					     "{\"errors\":false}",
					     "{\"errors\":false,\"items\":[{\"index\":{}}]}" };
	struct result items[MOST];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_bulk(texts[i], items, 2), RESULTS_E_NONE);
}

static void test_bulk_with_errors_must_fit(void **state)
{
	static const char three_items[] =
		"{\"errors\":true,\"items\":[{\"a\":{\"status\":200}},{\"a\":{\"status\":200}},"
		"{\"a\":{\"status\":200}}]}";
	static const char *const texts[] = {
		"{\"errors\":true}",
		"{\"errors\":true,\"items\":{}}",
		"{\"errors\":true,\"items\":[{\"index\":{\"status\":429}}]}",
		"{\"errors\":true,\"items\":[{\"index\":{\"status\":429}},{\"index\":{}}]}",
		"{\"errors\":true,\"items\":[{\"index\":{\"status\":429}},3]}",
		"{\"errors\":true,\"items\":[{\"index\":{\"status\":1}},{\"index\":{\"status\":200}}]}",
		three_items,
		"{\"errors\":true,\"items\":[{\"index\":{\"status\":429}},{\"index\":{\"status\":",
		"{\"errors\":true,\"items\":[],\"items\":[{\"a\":{\"status\":200}},{\"a\":{\"status\":200}}]}",
		"{\"errors\":true,\"items\":[{\"a\":{\"status\":200}},{\"a\":{\"status\":200}}]}x",
		"{\"took\":1,\"err",
	};
	struct result items[MOST];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(read_bulk(texts[i], items, 2), RESULTS_E_MISFIT);
}

static void test_the_front_of_a_bulk_that_is_cut_off_counts(void **state)
{
	static const struct {
		const char *text;
		int r;
		unsigned n_read;
	} cases[] = {
		{ "{\"took\":1,\"errors\":false,\"items\":[{\"index\":{\"sta", RESULTS_E_NONE, 0 },
		{ "{\"errors\":true,\"items\":[{\"a\":{\"status\":201}},{\"a\":{\"status\":4",
		  RESULTS_E_MISFIT, 1 },
		{ "{\"errors\":true,\"items\":[{\"a\":{\"status\":201}},{\"a\":{\"status\":429}}",
		  RESULTS_E_MISFIT, 2 },
		{ "{\"errors\":true,\"items\":[{\"a\":{\"status\":201}},{\"a\":{}}]}",
		  RESULTS_E_MISFIT, 1 },
	};
	struct result items[MOST];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(read_bulk(cases[i].text, items, 2), cases[i].r);
		if (cases[i].r != RESULTS_E_NONE)
			assert_int_equal(n_read, cases[i].n_read);
	}
	assert_int_equal(read_bulk("{\"errors\":true,\"items\":[{\"a\":{\"status\":201}},"
				   "{\"a\":{\"status\":201}}]}",
				   items, 1),
			 RESULTS_E_MISFIT);
	assert_int_equal(n_read, 0);
}

static void test_codes_of_splunk(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "{\"text\":\"Success\",\"code\":0}", 200 },
		{ "ok", 200 },
		{ "", 200 },
		{ "{\"code\":{}}", 200 },
		{ "{\"text\":\"Server is busy\",\"code\":9}", 503 },
		{ "{\"text\":\"No data\",\"code\":5}", 400 },
		{ "{\"text\":\"Invalid data format\",\"code\":6,\"invalid-event-number\":0}", 400 },
		{ "{\"code\":8}", 500 },
		{ "{\"code\":4}", 403 },
		{ "{\"code\":99999999999999999999999999}", 400 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(answers_read_hec(cases[i].text, strlen(cases[i].text)),
				 cases[i].status);
}

static void test_partial_success_of_otlp_as_json(void **state)
{
	static const char quoted[] = "{\"partialSuccess\":{\"rejectedLogRecords\":\"3\","
				     "\"errorMessage\":\"too old\"}}";
	static const char *const nothing[] = {
		"",
		"{}",
		"{\"partialSuccess\":{}}",
		"{\"partialSuccess\":3}",
		"{\"partialSuccess\":{\"rejectedLogRecords\":-1}}",
		"{\"partialSuccess\":{\"rejectedLogRecords\":\"\"}}",
		"{\"partialSuccess\":{\"rejectedLogRecords\":3}",
	};
	struct json_slice why;
	(void)state;

	assert_int_equal(answers_read_otlp(FORMAT_OTLP_JSON, quoted, sizeof(quoted) - 1, &why), 3);
	assert_memory_equal(why.data, "\"too old\"", why.len);
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++)
		assert_int_equal(
			answers_read_otlp(FORMAT_OTLP_JSON, nothing[i], strlen(nothing[i]), &why),
			0);
}

static void test_partial_success_of_otlp_as_protobuf(void **state)
{
	static const char whole[] = "\x0a\x09\x08\x03\x12\x05"
				    "stale";
	struct json_slice why;
	(void)state;

	assert_int_equal(answers_read_otlp(FORMAT_OTLP_PROTO, whole, sizeof(whole) - 1, &why), 3);
	assert_int_equal(why.len, 5);
	assert_memory_equal(why.data, "stale", 5);
	assert_int_equal(answers_read_otlp(FORMAT_OTLP_PROTO, "", 0, &why), 0);
	for (size_t len = 1; len < sizeof(whole) - 1; len++) {
		char *cut = malloc(len);

		memcpy(cut, whole, len);
		assert_int_equal(answers_read_otlp(FORMAT_OTLP_PROTO, cut, len, &why), 0);
		free(cut);
	}
}

static void test_what_is_kept_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(answers_max_bytes(FORMAT_JSON, 10), 0);
	assert_true(answers_max_bytes(FORMAT_BULK, 100) > 100 * 1024);
	assert_int_equal(answers_max_bytes(FORMAT_BULK, UINT32_MAX), 1 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk_has_a_status_for_each_operation),
		cmocka_unit_test(test_a_document_that_is_gone_already_is_deleted),
		cmocka_unit_test(test_bulk_without_errors_says_nothing_more),
		cmocka_unit_test(test_bulk_with_errors_must_fit),
		cmocka_unit_test(test_the_front_of_a_bulk_that_is_cut_off_counts),
		cmocka_unit_test(test_codes_of_splunk),
		cmocka_unit_test(test_partial_success_of_otlp_as_json),
		cmocka_unit_test(test_partial_success_of_otlp_as_protobuf),
		cmocka_unit_test(test_what_is_kept_is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
