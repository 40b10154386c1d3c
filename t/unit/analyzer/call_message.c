/* The message of a call, out of the body of its request. */
#include "analyzer/call_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* "hello", by gzip -n. */
#define PACKED "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\x07\0\x86\xa6\x10\x36\x05\0\0\0"
#define N_PACKED (sizeof(PACKED) - 1)

static enum refusal read_body(const char *body, size_t len, char *encoding, size_t max_bytes,
			      struct call_message *message)
{
	struct front_request rq = { .is_call = true, .body = { .data = (char *)body, .len = len } };

	rq.fields[FIELD_CONTENT_ENCODING] = encoding;
	return call_message_read(&rq, max_bytes, message);
}

static void assert_message(const char *body, size_t len, char *encoding, const char *expected)
{
	struct call_message message;

	assert_int_equal(read_body(body, len, encoding, 100, &message), REFUSED_NOT);
	assert_int_equal(message.len, strlen(expected));
	assert_memory_equal(message.data, expected, message.len);
	call_message_deinit(&message);
}

static void a_message_stands_behind_its_prefix(void **state)
{
	(void)state;
	assert_message("\0\0\0\0\5hello", 10, NULL, "hello");
	assert_message("\0\0\0\0\5hello", 10, "identity", "hello");
	assert_message("\0\0\0\0\5hello", 10, "gzip", "hello");
	assert_message("\0\0\0\0\0", 5, NULL, "");
}

static void one_that_says_so_is_unpacked(void **state)
{
	struct call_message message;

	(void)state;
	assert_message("\1\0\0\0\x19" PACKED, 5 + N_PACKED, "gzip", "hello");
	assert_int_equal(read_body("\1\0\0\0\x19" PACKED, 5 + N_PACKED, "gzip", 4, &message),
			 REFUSED_TOO_LARGE);
	call_message_deinit(&message);
	assert_int_equal(read_body("\0\0\0\0\5hello", 10, NULL, 4, &message), REFUSED_TOO_LARGE);
	call_message_deinit(&message);
}

static void what_is_not_one_whole_message_is_refused(void **state)
{
	static const struct {
		const char *body;
		size_t len;
		char *encoding;
		enum refusal refusal;
	} cases[] = {
		{ "", 0, NULL, REFUSED_FRAME },
		{ "\0\0\0\0", 4, NULL, REFUSED_FRAME },
		{ "\0\0\0\0\5hell", 9, NULL, REFUSED_FRAME },
		{ "\0\0\0\0\5hello!", 11, NULL, REFUSED_FRAME },
		{ "\2\0\0\0\5hello", 10, NULL, REFUSED_FRAME },
		{ "\1\0\0\0\x19" PACKED, 5 + N_PACKED, NULL, REFUSED_FRAME },
		{ "\1\0\0\0\x10" PACKED, 5 + 16, "gzip", REFUSED_FRAME },
		{ "\0\0\0\0\5hello", 10, "snappy", REFUSED_ENCODING },
	};
	struct call_message message;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			read_body(cases[i].body, cases[i].len, cases[i].encoding, 100, &message),
			cases[i].refusal);
		call_message_deinit(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_stands_behind_its_prefix),
		cmocka_unit_test(one_that_says_so_is_unpacked),
		cmocka_unit_test(what_is_not_one_whole_message_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
