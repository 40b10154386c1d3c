/* Base64, three bytes at a time. */
#include "common/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The vectors of RFC 4648, and bytes whose highest bit is set. */
static void each_end_has_its_padding(void **state)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{ "f", "Zg==" },    { "fo", "Zm8=" },       { "foo", "Zm9v" },
		{ "\xff", "/w==" }, { "\xfb\xff", "+/8=" }, { "\xff\xff\xff", "////" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char four[5] = "";

		base64_write(cases[i].bytes, strlen(cases[i].bytes), four);
		assert_string_equal(four, cases[i].text);
	}
}

static void what_was_written_is_read_with_padding_and_without(void **state)
{
	static const struct {
		const char *text, *bytes;
	} cases[] = { { "Zg==", "f" },
		      { "Zg", "f" },
		      { "Zm8=", "fo" },
		      { "Zm8", "fo" },
		      { "", "" },
		      { "Zm9vYmFy", "foobar" },
		      { "-_8=", "\xfb\xff" },
		      { "+/8", "\xfb\xff" },
		      { "Zm9v!mFy", "" } };
	char bytes[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = base64_read(cases[i].text, strlen(cases[i].text), bytes, sizeof(bytes));

		assert_int_equal(n, strlen(cases[i].bytes));
		assert_memory_equal(bytes, cases[i].bytes, n);
	}
	assert_int_equal(base64_read("Zm9vYmFy", 8, bytes, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_padding),
		cmocka_unit_test(what_was_written_is_read_with_padding_and_without),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
