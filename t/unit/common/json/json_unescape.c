#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/json/json_unescape.h"

#define CASE(title, text, result)                                                                  \
	{                                                                                          \
		title, text, sizeof(text) - 1, result, sizeof(result) - 1                          \
	}
static const struct unescape_case {
	const char *title, *text;
	size_t len;
	const char *result;
	size_t result_len;
} cases[] = {
	CASE("plain text stays", "web-17", "web-17"),
	CASE("a slash may be escaped", "web\\/17", "web/17"),
	CASE("so may quotes and backslashes", "\\\"\\\\", "\"\\"),
	CASE("control characters have letters", "\\b\\f\\n\\r\\t", "\b\f\n\r\t"),
	CASE("a character of one byte", "\\u0041", "A"),
	CASE("a character of two bytes", "\\u00e9", "\xc3\xa9"),
	CASE("a character of three bytes", "\\u20AC", "\xe2\x82\xac"),
	CASE("a pair is a character of four bytes", "\\ud83d\\uDE00", "\xf0\x9f\x98\x80"),
	CASE("half a pair at the end is replaced", "\\ud83d", "\xef\xbf\xbd"),
	CASE("half a pair before another character", "\\ud83d\\u0041",
	     "\xef\xbf\xbd"
	     "A"),
	CASE("the second half alone", "\\ude00x", "\xef\xbf\xbdx"),
	CASE("a NUL is a character", "a\\u0000b", "a\0b"),
	CASE("UTF-8 stays", "\xc3\xa9\\/", "\xc3\xa9/"),
	CASE("nothing stays nothing", "", ""),
};

static void test_case(void **state)
{
	const struct unescape_case *c = *state;
	const struct json_slice slice = { c->text, c->len };
	char out[64];

	assert_int_equal(json_unescape_is_needed(&slice), strchr(c->text, '\\') != NULL);
	assert_int_equal(json_unescape(&slice, out), c->result_len);
	assert_memory_equal(out, c->result, c->result_len);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];

	cmocka_set_message_output(CM_OUTPUT_TAP);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	return cmocka_run_group_tests_name("json_unescape", tests, NULL, NULL);
}
