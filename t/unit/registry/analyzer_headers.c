#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json_read.h"
#include "registry/analyzer_headers.h"

static const char *read_lines(const char *json, struct buf *lines)
{
	cJSON *object = json_read_text(json);
	const char *why = analyzer_headers_read(object, lines);

	cJSON_Delete(object);
	return why;
}

static void test_an_object_becomes_lines(void **state)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	cJSON *names;
	(void)state;

	assert_null(read_lines("{\"Authorization\":\"Basic YTpi\",\"X-Scope-OrgID\":\"shop\"}",
			       &lines));
	assert_string_equal(buf_str(&lines),
			    "Authorization: Basic YTpi\r\nX-Scope-OrgID: shop\r\n");
	names = analyzer_headers_names(buf_str(&lines));
	assert_int_equal(cJSON_GetArraySize(names), 2);
	assert_string_equal(cJSON_GetArrayItem(names, 1)->valuestring, "X-Scope-OrgID");
	cJSON_Delete(names);
}

static void test_what_is_no_header_is_refused(void **state)
{
	static const char *const texts[] = { "[]",
					     "3",
					     "{\"A\":3}",
					     "{\"A\":null}",
					     "{\"A\":\"x\\r\\ny\"}",
					     "{\"A\":\"1\",\"a\":\"2\"}",
					     "{\"Host\":\"h\"}",
					     "{\"\":\"h\"}" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf lines CLEANUP(buf_deinit) = { 0 };

		assert_non_null(read_lines(texts[i], &lines));
	}
	assert_null(analyzer_headers_read(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_object_becomes_lines),
		cmocka_unit_test(test_what_is_no_header_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
