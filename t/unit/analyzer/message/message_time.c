#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/message/message_time.h"

#define NOW 1764378000000000000ULL /* 2025-11-29T01:00:00Z */

static void times_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{ "1764378000", NOW },
		{ "1764378000.25", NOW + 250000000 },
		{ "1764378000250", NOW + 250000000 },
		{ "1764378000250.5", NOW + 250500000 },
		{ "1764378000000001", NOW + 1000 },
		{ "1764378000000000007", NOW + 7 },
		{ "1.764378e9", NOW },
		{ "2025-11-29T01:00:00Z", NOW },
		{ "2025-11-29 01:00:00", NOW },
		{ "2025-11-29T02:00:00.000000007+01:00", NOW + 7 },
		{ "2025-11-28T20:30:00,5-0430", NOW + 500000000 },
		{ "2025-11-29T01:00Z", NOW },
		{ "Nov 29 01:00:00", NOW },
		{ "Nov  9 01:00:00", NOW - 20 * 86400000000000ULL },
		{ "Dec 29 01:00:00", NOW - 335 * 86400000000000ULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ns = 0;

		print_message("%s\n", rows[i].text);
		assert_int_equal(message_time_read(rows[i].text, strlen(rows[i].text), NOW, &ns),
				 0);
		assert_int_equal(ns, rows[i].ns);
	}
}

static void what_is_no_time_is_told(void **state)
{
	static const char *const rows[] = {
		"",
		"0",
		"12",
		"99999999",
		"-1764378000",
		"17643780000000000000000",
		"99999999999",
		"99999999999999",
		"9999999999999999999",
		"8.8e10",
		"8.8e13",
		"9999-12-31T23:59:59Z",
		"x",
		"Nov",
		"Nov 29",
		"2025-13-01T00:00:00Z",
		"2025-11-29",
		"2025-11-29T25:00:00Z",
		"2025-11-29T01:00:00Zx",
		"2025-11-29T01:00:00+99:00",
		"1764378000 s",
		"1e400",
		"1e",
		"1970-01-01T00:00:00Z",
		"2025-11-29T01:00:00.123456789012345678901234567890123456789012345",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ns;

		print_message("%s\n", rows[i]);
		assert_int_equal(message_time_read(rows[i], strlen(rows[i]), NOW, &ns),
				 MESSAGE_TIME_E_NONE);
	}
}

static void a_time_is_written_without_zeros_at_its_end(void **state)
{
	char out[MESSAGE_TIME_STRLEN];

	(void)state;
	message_time_write(NOW, out);
	assert_string_equal(out, "2025-11-29T01:00:00Z");
	message_time_write(NOW + 250000000, out);
	assert_string_equal(out, "2025-11-29T01:00:00.25Z");
	message_time_write(NOW + 1, out);
	assert_string_equal(out, "2025-11-29T01:00:00.000000001Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_read_in_all_their_forms),
		cmocka_unit_test(what_is_no_time_is_told),
		cmocka_unit_test(a_time_is_written_without_zeros_at_its_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
