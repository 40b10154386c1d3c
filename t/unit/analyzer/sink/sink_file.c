#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/sink/sink_file.h"

static char folder[] = "/tmp/weir-sink-file-XXXXXX";

static const char *content(const char *name)
{
	static char text[256];
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void files_are_rotated_by_size_and_kept_by_count(void **state)
{
	char path[128];
	struct sink_file *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/log", folder);
	assert_int_equal(sink_file_open(path, 6, 3, &file), 0);
	for (char c = 'a'; c <= 'e'; c++) {
		char line[] = { c, c, c, '\n', '\0' };

		assert_int_equal(sink_file_append(file, line, 4), 0);
	}
	assert_string_equal(content("log"), "eee\n");
	assert_string_equal(content("log.1"), "ddd\n");
	assert_string_equal(content("log.2"), "ccc\n");
	assert_null(content("log.3"));
	sink_file_close(file);

	assert_int_equal(sink_file_open(path, 100, 3, &file), 0);
	assert_int_equal(sink_file_append(file, "f\n", 2), 0);
	assert_string_equal(content("log"), "eee\nf\n");
	sink_file_close(file);

	assert_int_equal(sink_file_open(path, 1, 1, &file), 0);
	assert_int_equal(sink_file_append(file, "larger than it may be\n", 22), 0);
	assert_string_equal(content("log"), "larger than it may be\n");
	assert_string_equal(content("log.1"), "ddd\n");
	sink_file_close(file);
}

static void a_file_that_cannot_be_opened_is_told(void **state)
{
	struct sink_file *file;

	(void)state;
	assert_int_equal(sink_file_open("/nowhere/at/all", 1, 1, &file), -ENOENT);
}

static int remove_all(void **state)
{
	char path[128];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), i ? "%s/log.%d" : "%s/log", folder, i);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_rotated_by_size_and_kept_by_count),
		cmocka_unit_test(a_file_that_cannot_be_opened_is_told),
	};

	if (!mkdtemp(folder))
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, remove_all);
}
