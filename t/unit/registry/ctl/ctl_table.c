#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/ctl/ctl_table.h"

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	static const char *const headings[] = { "<ID", ">N", "<NOTE" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	ctl_table_init(&table, 3, headings);
	ctl_table_cell(&table, "a-long-name");
	ctl_table_count(&table, 7);
	ctl_table_cell(&table, "-");
	ctl_table_cell(&table, "b");
	ctl_table_count(&table, 1234);
	ctl_table_cell(&table, "%d %%", 5);
	ctl_table_write(&table, &out);
	assert_string_equal(buf_str(&out), "ID               N  NOTE\n"
					   "a-long-name      7  -\n"
					   "b            1,234  5 %\n");
}

static void counts_have_groups_of_three_digits(void **state)
{
	static const struct {
		double count;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ -1234, "-1,234" },
		{ -999, "-999" },
		{ 1234567, "1,234,567" },
		{ 1e15, "1,000,000,000,000,000" },
	};
	static const char *const headings[] = { "<" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ctl_table table CLEANUP(ctl_table_deinit);
		struct buf out CLEANUP(buf_deinit) = { 0 };

		ctl_table_init(&table, 1, headings);
		ctl_table_count(&table, cases[i].count);
		ctl_table_write(&table, &out);
		assert_string_equal(strtok(out.data, "\n"), cases[i].text);
	}
}

static void a_cell_too_long_is_cut(void **state)
{
	static const char *const headings[] = { "<X" };
	struct ctl_table table CLEANUP(ctl_table_deinit);
	struct buf out CLEANUP(buf_deinit) = { 0 };
	char text[200];
	(void)state;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ctl_table_init(&table, 1, headings);
	ctl_table_cell(&table, "%s", text);
	ctl_table_write(&table, &out);
	assert_int_equal(out.len, 2 + CTL_TABLE_CELL - 1 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(counts_have_groups_of_three_digits),
		cmocka_unit_test(a_cell_too_long_is_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
