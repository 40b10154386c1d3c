#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/sink/outbox.h"

static char folder[] = "/tmp/weir-outbox-XXXXXX";
static char path[64];

static int remove_files(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char name[80];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	return 0;
}

/* "m<first>" to "m<first + n - 1>" */
static int put(struct outbox *outbox, int first, int n)
{
	struct items items = { 0 };
	int r;

	for (int i = first; i < first + n; i++) {
		buf_printf(&items.bytes, "m%d", i);
		assert_int_equal(items_end_one(&items), 0);
	}
	r = outbox_put(outbox, &items);
	items_deinit(&items);
	return r;
}

static void check_next(struct outbox *outbox, int64_t after, size_t n, const char *expected,
		       int64_t last)
{
	struct items items = { 0 };
	int64_t got;

	assert_int_equal(outbox_get(outbox, after, n, &items, &got), 0);
	assert_string_equal(buf_str(&items.bytes), expected);
	assert_int_equal(got, last);
	items_deinit(&items);
}

static void messages_come_in_their_order(void **state)
{
	struct outbox *outbox;

	(void)state;
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), 0);
	assert_int_equal(put(outbox, 1, 3), 0);
	assert_int_equal(put(outbox, 4, 2), 0);
	check_next(outbox, 0, 4, "m1m2m3m4", 4);
	check_next(outbox, 4, 4, "m5", 5);
	check_next(outbox, 5, 4, "", 5);
	assert_int_equal(outbox_remove(outbox, 2), 0);
	assert_int_equal(outbox_messages(outbox), 3);
	check_next(outbox, 0, 9, "m3m4m5", 5);
	assert_int_equal(outbox_remove(outbox, 5), 0);
	assert_int_equal(outbox_messages(outbox), 0);
	assert_int_equal(outbox_bytes(outbox), 0);
	assert_int_equal(put(outbox, 6, 1), 0);
	check_next(outbox, 5, 9, "m6", 6);
	outbox_close(outbox);
}

static void a_full_one_takes_nothing(void **state)
{
	struct outbox *outbox;

	(void)state;
	assert_int_equal(outbox_open(path, 100, 1, &outbox), 0);
	assert_int_equal(put(outbox, 1, 2), 0);
	assert_int_equal(put(outbox, 3, 2), OUTBOX_E_FULL);
	assert_int_equal(outbox_messages(outbox), 2);
	assert_int_equal(outbox_remove(outbox, 1), 0);
	assert_int_equal(put(outbox, 3, 1), 0);
	check_next(outbox, 0, 9, "m2m3", 3);
	outbox_close(outbox);
}

static void a_killed_process_leaves_them(void **state)
{
	struct outbox *outbox;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		if (outbox_open(path, 1 << 20, 1, &outbox) || put(outbox, 1, 500))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), 0);
	assert_int_equal(outbox_messages(outbox), 500);
	assert_true(outbox_bytes(outbox) > 500 * 3);
	check_next(outbox, 498, 9, "m499m500", 500);
	outbox_close(outbox);
}

static void one_process_at_a_time_has_it(void **state)
{
	struct outbox *outbox, *other;

	(void)state;
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), 0);
	assert_int_equal(outbox_open(path, 1 << 20, 1, &other), -EBUSY);
	outbox_close(outbox);
}

static void another_kind_of_sink_does_not_get_them(void **state)
{
	struct outbox *outbox;

	(void)state;
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), 0);
	assert_int_equal(put(outbox, 1, 1), 0);
	outbox_close(outbox);
	assert_int_equal(outbox_open(path, 1 << 20, 2, &outbox), OUTBOX_E_OTHER);
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), 0);
	assert_int_equal(outbox_remove(outbox, 1), 0);
	outbox_close(outbox);
	assert_int_equal(outbox_open(path, 1 << 20, 2, &outbox), 0);
	outbox_close(outbox);
}

static void what_is_no_outbox_is_refused(void **state)
{
	struct outbox *outbox;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database ", file);
	fclose(file);
	assert_int_equal(outbox_open(path, 1 << 20, 1, &outbox), -EIO);
	assert_int_equal(outbox_open("/nowhere/at/all", 1 << 20, 1, &outbox), -ENOENT);
}

#define CLEAN(test) cmocka_unit_test_teardown(test, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(messages_come_in_their_order),           CLEAN(a_full_one_takes_nothing),
		CLEAN(a_killed_process_leaves_them),           CLEAN(one_process_at_a_time_has_it),
		CLEAN(another_kind_of_sink_does_not_get_them), CLEAN(what_is_no_outbox_is_refused),
	};
	int n_failed;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/outbox", folder);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return n_failed;
}
