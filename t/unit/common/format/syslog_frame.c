#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/format/syslog_frame.h"

struct frame_case {
	const char *title, *bytes;
	bool was_counted, is_end;
	enum syslog_frame_result result;
	const char *message;
	size_t n_taken;
};

/* clang-format off */
static const struct frame_case cases[] = {
	{"a line ends at its line feed", "<13>a b\n<13>c", false, false, SYSLOG_FRAME_WHOLE, "<13>a b", 8},
	{"a carriage return is no part of it", "<13>a\r\n", false, false, SYSLOG_FRAME_WHOLE, "<13>a", 7},
	{"half a line waits", "<13>a", false, false, SYSLOG_FRAME_PARTIAL, NULL, 0},
	{"unless the stream has ended", "<13>a", false, true, SYSLOG_FRAME_WHOLE, "<13>a", 5},
	{"a count gives the length, whatever is in it", "6 <1>a\nb<13>", false, false, SYSLOG_FRAME_WHOLE, "<1>a\nb", 8},
	{"a line feed at its end is no part of it", "6 <1>ab\n6 ", false, false, SYSLOG_FRAME_WHOLE, "<1>ab", 8},
	{"what follows it may be a line feed", "\n6 <1>ab", true, false, SYSLOG_FRAME_WHOLE, "", 1},
	{"half a count waits", "84", false, false, SYSLOG_FRAME_PARTIAL, NULL, 0},
	{"so does a count of more than there is", "24 <13>1", false, false, SYSLOG_FRAME_PARTIAL, NULL, 0},
	{"digits with a word behind them are a line", "84 bottles\n", false, false, SYSLOG_FRAME_WHOLE, "84 bottles", 11},
	{"but a count, where counts came before", "3 abcd", true, false, SYSLOG_FRAME_WHOLE, "abc", 5},
	{"a date is a line", "2026-11-28 x\n", false, false, SYSLOG_FRAME_WHOLE, "2026-11-28 x", 13},
	{"nought is no count", "0 <1>\n", true, false, SYSLOG_FRAME_WHOLE, "0 <1>", 6},
	{"a long line is too long before it ends", "<13>0123456789012345678901234567890", false, false, SYSLOG_FRAME_LONG, NULL, 0},
	{"a long count is told at once", "31 <", false, false, SYSLOG_FRAME_LONG, NULL, 0},
};
/* clang-format on */

static void test_case(void **state)
{
	const struct frame_case *c = *state;
	struct syslog_frame frame;

	assert_int_equal(syslog_frame_read(c->bytes, strlen(c->bytes), 0, 30, c->was_counted,
					   c->is_end, &frame),
			 c->result);
	assert_int_equal(frame.n_taken, c->n_taken);
	if (!c->message)
		return;
	assert_int_equal(frame.message.len, strlen(c->message));
	assert_memory_equal(frame.message.data, c->message, frame.message.len);
}

static void test_skip(void **state)
{
	struct syslog_frame frame;

	(void)state;
	assert_int_equal(syslog_frame_read("100 <1>", 7, 0, 30, false, false, &frame),
			 SYSLOG_FRAME_LONG);
	assert_int_equal(frame.n_skip, 104);
}

static void test_prefix(void **state)
{
	char prefix[SYSLOG_FRAME_PREFIX];

	(void)state;
	assert_int_equal(syslog_frame_prefix("<1>a", 4, prefix), 0);
	assert_int_equal(syslog_frame_prefix("<1>\na", 5, prefix), 2);
	assert_memory_equal(prefix, "5 ", 2);
	assert_int_equal(syslog_frame_prefix("84 bottles", 10, prefix), 3);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 2] = {
		[ARRAY_LEN(cases)] = { .name = "a long count says what to skip",
				       .test_func = test_skip },
		{ .name = "a body counts what is no line of its own", .test_func = test_prefix },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("syslog_frame", tests, NULL, NULL);
}
