#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/printable.h"

static void text_is_shown_so_that_nothing_in_it_steers(void **state UNUSED)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "plain gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
		  "plain gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\nb\tc", "a\nb\tc" },
		{ "\x1b[31m\r\x7f", "\\u001b[31m\\u000d\\u007f" },
		{ "\xc2\x9b"
		  "2J",
		  "\\u009b2J" },
		{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029" },
		{ "\xe2\x80\xae"
		  "gpj.exe",
		  "\\u202egpj.exe" },
		{ "\xe2\x81\xa6\xef\xbb\xbf\xe2\x80\x8b", "\\u2066\\ufeff\\u200b" },
		{ "\xf3\xa0\x81\x81", "\\udb40\\udc41" },
		{ "\xc0\x80 \xed\xa0\x80 \xff \xe2\x82", "\\ufffd\\ufffd \\ufffd\\ufffd\\ufffd "
							 "\\ufffd \\ufffd\\ufffd" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(buf_deinit) struct buf out = { 0 };

		printable_append(&out, cases[i].text, strlen(cases[i].text), "\n\t");
		assert_string_equal(buf_str(&out), cases[i].shown);
	}
}

static void what_is_shown_is_plain_when_read_again(void **state UNUSED)
{
	for (uint32_t cp = 1; cp < 0x800; cp++) {
		char text[3] = { (char)cp };
		CLEANUP(buf_deinit) struct buf once = { 0 }, twice = { 0 };

		if (cp >= 0x80) {
			text[0] = (char)(0xc0 | cp >> 6);
			text[1] = (char)(0x80 | (cp & 0x3f));
		}
		printable_append(&once, text, strlen(text), "");
		printable_append(&twice, once.data, once.len, "");
		assert_string_equal(buf_str(&once), buf_str(&twice));
		assert_int_equal(printable_is_hidden(cp), once.data[0] == '\\' && cp != '\\');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_shown_so_that_nothing_in_it_steers),
		cmocka_unit_test(what_is_shown_is_plain_when_read_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/printable", tests, NULL, NULL);
}
