/* When a call may be made again. */
#include "common/grpc/grpc_retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
	static const uint32_t seconds[] = { 0, 1, 30, 86400, 1234567890 };
	char text[600];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(seconds); i++)
		for (size_t len = 0; len < sizeof(text); len += 23) {
			struct buf out CLEANUP(buf_deinit) = { 0 };
			uint32_t read = 7;

			grpc_retry_write(&out, GRPC_UNAVAILABLE, text + len, seconds[i]);
			assert_true(grpc_retry_read(buf_str(&out), &read));
			assert_int_equal(read, seconds[i]);
		}
}

/* With padding, parts of a second, and details of another type before it; and without a delay. */
static void those_of_others_are_read(void **state)
{
	uint32_t seconds = 0;

	(void)state;
	assert_true(
		grpc_retry_read("CAgSBGZ1bGwaLwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkRlYnVn"
				"SW5mbxIDEgF4GjYKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRy"
				"eUluZm8SCgoICAIQgMq17gE=",
				&seconds));
	assert_int_equal(seconds, 3);
	assert_true(grpc_retry_read(
		"CA4aKgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbw==", &seconds));
	assert_int_equal(seconds, 0);
}

static void what_is_none_says_nothing(void **state)
{
	static const char *const none[] = { "", "!", "CA4", "CA4SBGZ1bGw", "////////", "Gg" };
	uint32_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(grpc_retry_read(none[i], &seconds));
}

static void what_is_too_long_says_nothing(void **state)
{
	char value[2 * GRPC_DETAILS_MAX_BYTES];
	uint32_t seconds;

	(void)state;
	memset(value, 'A', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_false(grpc_retry_read(value, &seconds));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(those_of_others_are_read),
		cmocka_unit_test(what_is_none_says_nothing),
		cmocka_unit_test(what_is_too_long_says_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
