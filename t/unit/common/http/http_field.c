#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/http/http_field.h"

static void check(const char *section, const char *const *expected)
{
	struct http_fields fields;
	struct http_slice name, value;

	http_fields_begin(&fields, section, strlen(section));
	for (; *expected; expected += 2) {
		assert_true(http_fields_next(&fields, &name, &value));
		assert_int_equal(name.len, strlen(expected[0]));
		assert_memory_equal(name.data, expected[0], name.len);
		assert_int_equal(value.len, strlen(expected[1]));
		assert_memory_equal(value.data ? value.data : "", expected[1], value.len);
	}
	assert_false(http_fields_next(&fields, &name, &value));
}

static void each_field_comes_once(void **state UNUSED)
{
	check("GET / HTTP/1.1\r\nHost: a:1\r\nAccept:\t text/html \r\nX:\r\n\r\n",
	      (const char *const[]){ "Host", "a:1", "Accept", "text/html", "X", "", NULL });
}

static void empty_lines_before_are_skipped(void **state UNUSED)
{
	check("\r\n\r\nGET / HTTP/1.1\r\nA: b:c\r\n\r\n",
	      (const char *const[]){ "A", "b:c", NULL });
}

static void there_may_be_none(void **state UNUSED)
{
	check("GET / HTTP/1.0\r\n\r\n", (const char *const[]){ NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_field_comes_once),
		cmocka_unit_test(empty_lines_before_are_skipped),
		cmocka_unit_test(there_may_be_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
