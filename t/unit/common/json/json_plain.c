#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/json/json_plain.h"

/* Each byte at each place of runs of each length. */
static void the_first_byte_that_is_not_plain_is_found(void **state UNUSED)
{
	char text[72];

	for (size_t len = 0; len <= sizeof(text); len++) {
		memset(text, 'x', sizeof(text));
		assert_ptr_equal(json_plain_end(text, text + len), text + len);
		for (size_t at = 0; at < len; at++) {
			for (int byte = 0; byte < 256; byte++) {
				bool is_plain =
					byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

				text[at] = (char)byte;
				assert_int_equal(json_is_plain((unsigned char)byte), is_plain);
				assert_ptr_equal(json_plain_end(text, text + len),
						 is_plain ? text + len : text + at);
			}
			text[at] = 'x';
		}
	}
}

static void the_first_of_several_counts(void **state UNUSED)
{
	static const char text[] = "abc\"defg\\hij\nklm\x80nopqrstuvw";

	assert_ptr_equal(json_plain_end(text, text + sizeof(text) - 1), text + 3);
	assert_ptr_equal(json_plain_end(text + 4, text + sizeof(text) - 1), text + 8);
	assert_ptr_equal(json_plain_end(text + 9, text + sizeof(text) - 1), text + 12);
	assert_ptr_equal(json_plain_end(text + 13, text + sizeof(text) - 1), text + 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_byte_that_is_not_plain_is_found),
		cmocka_unit_test(the_first_of_several_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
