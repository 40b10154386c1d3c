#include "common/file_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void it_looks_and_makes_nothing(void **state)
{
	char folder[] = "/tmp/weir-file-check-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/x", folder);
	assert_int_equal(file_check_append(path), 0);
	assert_int_equal(file_check_read(path), -ENOENT);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(file_check_append(folder), -EISDIR);
	assert_int_equal(file_check_read(folder), -EISDIR);
	snprintf(path, sizeof(path), "%s/no/x", folder);
	assert_int_equal(file_check_append(path), -ENOENT);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(it_looks_and_makes_nothing) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/file_check", tests, NULL, NULL);
}
