#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/message/message_level.h"

static int level_of(enum message_scale scale, const char *text)
{
	int level = -1;

	if (message_level_read(scale, text, strlen(text), &level))
		return -1;
	return level;
}

static void levels_are_read_by_name_and_number(void **state)
{
	static const struct {
		enum message_scale scale;
		const char *text;
		int level;
	} rows[] = {
		{ MESSAGE_SCALE_ANY, "INFO", 6 },     { MESSAGE_SCALE_ANY, "warning", 4 },
		{ MESSAGE_SCALE_ANY, "Error", 3 },    { MESSAGE_SCALE_ANY, "FATAL", 2 },
		{ MESSAGE_SCALE_ANY, "emerg", 0 },    { MESSAGE_SCALE_ANY, "trace", 7 },
		{ MESSAGE_SCALE_ANY, "0", 0 },        { MESSAGE_SCALE_ANY, "7", 7 },
		{ MESSAGE_SCALE_ANY, "8", -1 },       { MESSAGE_SCALE_ANY, "10", 7 },
		{ MESSAGE_SCALE_ANY, "20", 7 },       { MESSAGE_SCALE_ANY, "30", 6 },
		{ MESSAGE_SCALE_ANY, "40", 4 },       { MESSAGE_SCALE_ANY, "50", 3 },
		{ MESSAGE_SCALE_ANY, "60", 2 },       { MESSAGE_SCALE_ANY, "200", -1 },
		{ MESSAGE_SCALE_OTLP, "1", 7 },       { MESSAGE_SCALE_OTLP, "8", 7 },
		{ MESSAGE_SCALE_OTLP, "9", 6 },       { MESSAGE_SCALE_OTLP, "13", 4 },
		{ MESSAGE_SCALE_OTLP, "17", 3 },      { MESSAGE_SCALE_OTLP, "24", 2 },
		{ MESSAGE_SCALE_OTLP, "0", -1 },      { MESSAGE_SCALE_OTLP, "25", -1 },
		{ MESSAGE_SCALE_PRIORITY, "3", 3 },   { MESSAGE_SCALE_PRIORITY, "134", 6 },
		{ MESSAGE_SCALE_PRIORITY, "191", 7 }, { MESSAGE_SCALE_PRIORITY, "192", -1 },
		{ MESSAGE_SCALE_ANY, "", -1 },        { MESSAGE_SCALE_ANY, "high", -1 },
		{ MESSAGE_SCALE_ANY, "3.5", -1 },     { MESSAGE_SCALE_ANY, "99999999999", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		print_message("%d %s\n", rows[i].scale, rows[i].text);
		assert_int_equal(level_of(rows[i].scale, rows[i].text), rows[i].level);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(levels_are_read_by_name_and_number) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
