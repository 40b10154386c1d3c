#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "analyzer/sink/record.h"

static char path[64];

static int make_path(void **state)
{
	int fd;
	(void)state;

	strcpy(path, "/tmp/weir-record-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void assert_content(const char *expected)
{
	char text[256];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void append(struct record *record, const char *lines)
{
	assert_int_equal(record_append(record, lines, strlen(lines)), 0);
}

static void lines_are_appended_to_what_is_there(void **state)
{
	struct record *record;
	(void)state;

	assert_int_equal(record_open(path, &record), 0);
	append(record, "{1}\n");
	record_close(record);
	assert_int_equal(record_open(path, &record), 0);
	append(record, "{2}\n{3}\n");
	record_close(record);
	assert_content("{1}\n{2}\n{3}\n");
}

static void a_failed_batch_leaves_nothing_behind(void **state)
{
	struct rlimit old, small;
	struct record *record;
	(void)state;

	assert_int_equal(record_open(path, &record), 0);
	append(record, "{1}\n");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 8, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(record_append(record, "{22222}\n{3}\n", 12), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_content("{1}\n");
	append(record, "{4}\n");
	assert_content("{1}\n{4}\n");
	record_close(record);
}

static void a_path_that_cannot_be_opened_is_an_errno(void **state)
{
	struct record *record;
	(void)state;

	assert_int_equal(record_open("/nonexistent/record", &record), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_are_appended_to_what_is_there, make_path,
						remove_path),
		cmocka_unit_test_setup_teardown(a_failed_batch_leaves_nothing_behind, make_path,
						remove_path),
		cmocka_unit_test(a_path_that_cannot_be_opened_is_an_errno),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
