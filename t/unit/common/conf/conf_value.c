#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/conf/conf.h"
#include "common/conf/conf_names.h"
#include "common/conf/conf_value.h"

static char why[128];

static const char *const levels[] = { "debug", "info", NULL };

union field {
	char *string;
	int64_t whole;
	double real;
	bool truth;
	uint64_t amount;
	int choice;
	struct conf_list list;
};

static int parse(enum conf_type type, double min, double max, const char *text, union field *field)
{
	struct conf_option option = {
		.name = "x", .type = type, .min = min, .max = max, .choices = levels
	};

	memset(why, 'W', sizeof(why));
	return conf_parse_value(&option, text, field, why);
}

static void assert_refused(enum conf_type type, double min, double max, const char *text,
			   const char *reason)
{
	union field field = { .amount = 77 }, before = field;

	if (parse(type, min, max, text, &field) != CONF_E_USAGE)
		fail_msg("\"%s\" was accepted", text);
	assert_string_equal(why, reason);
	assert_memory_equal(&field, &before, sizeof(field)); /* a bad value changes nothing */
}

static void whole_numbers(void **state)
{
	union field v;
	(void)state;

	assert_int_equal(parse(CONF_INT, 0, 0, "-9223372036854775808", &v), 0);
	assert_true(v.whole == INT64_MIN);
	assert_int_equal(parse(CONF_INT, 0, 0, "+12", &v), 0);
	assert_true(v.whole == 12);
	assert_int_equal(parse(CONF_INT, 1, 256, "256", &v), 0);
	assert_int_equal(parse(CONF_INT, -5, 0, "-5", &v), 0);
	assert_refused(CONF_INT, 0, 0, "", "is not a whole number");
	assert_refused(CONF_INT, 0, 0, " 1", "is not a whole number");
	assert_refused(CONF_INT, 0, 0, "1.5", "is not a whole number");
	assert_refused(CONF_INT, 0, 0, "0x10", "is not a whole number");
	assert_refused(CONF_INT, 0, 0, "9223372036854775808", "is out of range");
	assert_refused(CONF_INT, 1, 256, "257", "is out of range (expected 1 to 256)");
	assert_refused(CONF_INT, -5, 0, "1", "is out of range (expected -5 to 0)");
	assert_refused(CONF_INT, 1, 0, "0", "is out of range (expected at least 1)");
}

static void numbers(void **state)
{
	union field v;
	(void)state;

	assert_int_equal(parse(CONF_DOUBLE, 0, 1, "0.25", &v), 0);
	assert_true(v.real == 0.25);
	assert_int_equal(parse(CONF_DOUBLE, 0, 0, "-1e-3", &v), 0);
	assert_true(v.real == -0.001);
	assert_refused(CONF_DOUBLE, 0, 0, "", "is not a number");
	assert_refused(CONF_DOUBLE, 0, 0, "nan", "is not a number");
	assert_refused(CONF_DOUBLE, 0, 0, "inf", "is not a number");
	assert_refused(CONF_DOUBLE, 0, 0, "0x1p3", "is not a number");
	assert_refused(CONF_DOUBLE, 0, 0, "1,5", "is not a number");
	assert_refused(CONF_DOUBLE, 0, 0, "1e999", "is out of range");
	assert_refused(CONF_DOUBLE, 0, 1, "1.01", "is out of range (expected 0 to 1)");
}

static void truths(void **state)
{
	static const char *const yes[] = { "true", "yes", "on", "1", "TRUE" };
	static const char *const no[] = { "false", "no", "off", "0", "False" };
	union field v;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		assert_int_equal(parse(CONF_BOOL, 0, 0, yes[i], &v), 0);
		assert_true(v.truth);
		assert_int_equal(parse(CONF_BOOL, 0, 0, no[i], &v), 0);
		assert_false(v.truth);
	}
	assert_refused(CONF_BOOL, 0, 0, "", "is neither true nor false");
	assert_refused(CONF_BOOL, 0, 0, "2", "is neither true nor false");
}

static void assert_amount(enum conf_type type, const char *text, uint64_t expected)
{
	union field v;

	if (parse(type, 0, 0, text, &v) != 0)
		fail_msg("\"%s\" %s", text, why);
	assert_true(v.amount == expected);
}

static void durations(void **state)
{
	static const char not_one[] = "is not a duration (such as 250ms, 10s or 5m)";
	(void)state;

	assert_amount(CONF_DURATION, "250ms", 250);
	assert_amount(CONF_DURATION, "10s", 10000);
	assert_amount(CONF_DURATION, "5m", 300000);
	assert_amount(CONF_DURATION, "1h", 3600000);
	assert_amount(CONF_DURATION, "1.5s", 1500);
	assert_amount(CONF_DURATION, ".25s", 250);
	assert_amount(CONF_DURATION, "1.001s", 1001);
	assert_amount(CONF_DURATION, "0", 0);
	assert_amount(CONF_DURATION, "0s", 0);
	assert_refused(CONF_DURATION, 0, 0, "5", "needs a unit (such as 250ms, 10s or 5m)");
	assert_refused(CONF_DURATION, 10, 300000, "5", "needs a unit (expected 10ms to 5m)");
	assert_refused(CONF_DURATION, 0, 0, "", not_one);
	assert_refused(CONF_DURATION, 0, 0, "s", not_one);
	assert_refused(CONF_DURATION, 0, 0, "-5s", not_one);
	assert_refused(CONF_DURATION, 0, 0, "5 s", not_one);
	assert_refused(CONF_DURATION, 0, 0, "1.2.3s", not_one);
	assert_refused(CONF_DURATION, 0, 0, "5d", not_one);
	assert_refused(CONF_DURATION, 0, 0, "5KiB", not_one);
	assert_refused(CONF_DURATION, 0, 0, "0.4ms", "is not a whole number of milliseconds");
	assert_refused(CONF_DURATION, 0, 0, "99999999999999h", "is out of range");
	assert_refused(CONF_DURATION, 1000, 90000, "2m", "is out of range (expected 1s to 90s)");
}

static void sizes(void **state)
{
	static const char not_one[] = "is not a size (such as 65536, 64KiB or 1MiB)";
	(void)state;

	assert_amount(CONF_SIZE, "100", 100);
	assert_amount(CONF_SIZE, "100B", 100);
	assert_amount(CONF_SIZE, "64KiB", 65536);
	assert_amount(CONF_SIZE, "64k", 65536);
	assert_amount(CONF_SIZE, "1MiB", 1 << 20);
	assert_amount(CONF_SIZE, "1M", 1 << 20);
	assert_amount(CONF_SIZE, "1.5GiB", 3ULL << 29);
	assert_amount(CONF_SIZE, "2G", 2ULL << 30);
	assert_amount(CONF_SIZE, "3KB", 3000);
	assert_amount(CONF_SIZE, "3MB", 3000000);
	assert_amount(CONF_SIZE, "3GB", 3000000000);
	assert_refused(CONF_SIZE, 0, 0, "", not_one);
	assert_refused(CONF_SIZE, 0, 0, "-1", not_one);
	assert_refused(CONF_SIZE, 0, 0, "1TiB", not_one);
	assert_refused(CONF_SIZE, 0, 0, "10s", not_one);
	assert_refused(CONF_SIZE, 0, 0, "1.5", "is not a whole number of bytes");
	assert_refused(CONF_SIZE, 1024, 1 << 20, "2MiB", "is out of range (expected 1KiB to 1MiB)");
}

static void choices(void **state)
{
	union field v;
	(void)state;

	assert_int_equal(parse(CONF_CHOICE, 0, 0, "info", &v), 0);
	assert_int_equal(v.choice, 1);
	assert_refused(CONF_CHOICE, 0, 0, "inf", "is not one of debug, info (did you mean info?)");
	assert_refused(CONF_CHOICE, 0, 0, "", "is not one of debug, info");
	assert_refused(CONF_CHOICE, 0, 0, "verbose", "is not one of debug, info");
}

static void strings_replace_and_lists_append(void **state)
{
	struct conf_option option = { .name = "x", .type = CONF_STRING };
	struct conf_program program = { .options = &option, .n_options = 1 };
	union field v = { 0 };
	(void)state;

	assert_int_equal(conf_parse_value(&option, "one", &v, why), 0);
	assert_int_equal(conf_parse_value(&option, "two", &v, why), 0);
	assert_string_equal(v.string, "two");
	conf_free(&program, &v);
	assert_null(v.string);

	option.type = CONF_LIST;
	assert_int_equal(conf_parse_value(&option, "a,b", &v, why), 0);
	assert_int_equal(conf_parse_value(&option, "c", &v, why), 0);
	assert_int_equal(conf_parse_value(&option, "", &v, why), 0);
	assert_int_equal(v.list.n_values, 3);
	assert_string_equal(v.list.values[0], "a");
	assert_string_equal(v.list.values[2], "c");
	conf_free(&program, &v);
	assert_int_equal(v.list.n_values, 0);
	option.flags = CONF_LINES;
	assert_int_equal(conf_parse_value(&option, "a: b,c\r\n\n# d\ne,", &v, why), 0);
	assert_int_equal(v.list.n_values, 2);
	assert_string_equal(v.list.values[0], "a: b,c");
	assert_string_equal(v.list.values[1], "e,");
	conf_free(&program, &v);
	assert_refused(CONF_LIST, 0, 0, "a,,b", "has an empty element");
	assert_refused(CONF_LIST, 0, 0, ",a", "has an empty element");
	assert_refused(CONF_LIST, 0, 0, "a,", "has an empty element");
}

static void the_closest_name_is_within_two_edits(void **state)
{
	static const char *const names[] = { "listen", "admin-listen", "log-level", "log-format",
					     "id" };
	static const struct {
		const char *word, *closest;
	} cases[] = {
		{ "listen", "listen" },
		{ "lisen", "listen" },
		{ "lsiten", "listen" },
		{ "listenn", "listen" },
		{ "lixxen", "listen" },
		{ "lixxxn", NULL },
		{ "log-leve", "log-level" },
		{ "log-formta", "log-format" },
		{ "di", "id" },
		{ "ix", "id" },
		{ "xy", NULL },
		{ "", NULL },
		{ "admin-lissten", "admin-listen" },
	};
	char long_word[500];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *found = conf_closest(cases[i].word, names, ARRAY_LEN(names));

		if (cases[i].closest)
			assert_string_equal(found, cases[i].closest);
		else
			assert_null(found);
	}
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_null(conf_closest(long_word, names, ARRAY_LEN(names)));
	assert_null(conf_closest("listen", NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "whole numbers are digits within their bounds", whole_numbers, NULL, NULL, NULL },
		{ "numbers are finite decimals within their bounds", numbers, NULL, NULL, NULL },
		{ "truths are written in four ways", truths, NULL, NULL, NULL },
		{ "durations have a unit and may have a fraction", durations, NULL, NULL, NULL },
		{ "sizes are bytes or have a unit", sizes, NULL, NULL, NULL },
		{ "a choice is one of its words", choices, NULL, NULL, NULL },
		cmocka_unit_test(strings_replace_and_lists_append),
		cmocka_unit_test(the_closest_name_is_within_two_edits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/conf_value", tests, NULL, NULL);
}
