/* discover_watch.[ch]: its own thread, and a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/discover/discover_watch.h"

#define GIVE_UP_US (20 * US_PER_S)

static struct {
	struct source source;
	char next_path[64];
	int event_fd;
	struct discover_watch *watch;
	struct target_list list; /* the last news */
} it;

/* Beside the file, which takes its place. */
static void prepare_file(const char *text)
{
	FILE *file = fopen(it.next_path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void write_file(const char *text)
{
	prepare_file(text);
	assert_int_equal(rename(it.next_path, it.source.path), 0);
}

static int setup(void **state)
{
	char path[] = "/tmp/weir-watch-XXXXXX", text[64];
	int fd = mkstemp(path);
	(void)state;

	if (fd < 0)
		return -1;
	close(fd);
	snprintf(it.next_path, sizeof(it.next_path), "%s.next", path);
	snprintf(text, sizeof(text), "file:%s", path);
	it.event_fd = eventfd(0, EFD_CLOEXEC);
	return it.event_fd < 0 || source_parse(&it.source, text) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	discover_watch_stop(it.watch);
	target_list_deinit(&it.list);
	close(it.event_fd);
	return unlink(it.source.path);
}

static bool is_now(enum watch_state state, size_t n_targets)
{
	struct target_list list;
	bool is_news;
	enum watch_state now = discover_watch_take(it.watch, &list, &is_news);

	if (is_news) {
		target_list_deinit(&it.list);
		it.list = list;
	}
	return now == state && it.list.n == n_targets;
}

static void wait_for(enum watch_state state, size_t n_targets)
{
	uint64_t give_up_us = clock_mono_us() + GIVE_UP_US;

	while (!is_now(state, n_targets)) {
		assert_true(clock_mono_us() < give_up_us);
		usleep(2000);
	}
}

/* No file can be opened until *oldp is set again. */
static void leave_no_descriptor(struct rlimit *oldp)
{
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, oldp), 0);
	none = *oldp;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void
a_file_that_could_not_be_read_for_a_moment_is_read_though_it_did_not_change(void **state)
{
	struct rlimit limit;
	(void)state;

	write_file("[{\"targets\": [\"h:1\"]}]");
	assert_int_equal(discover_watch_start(&it.source, 0, it.event_fd, &it.watch), 0);
	wait_for(WATCH_READ, 1);
	prepare_file("[{\"targets\": [\"h:1\", \"h:2\"]}]");
	leave_no_descriptor(&limit);
	assert_int_equal(rename(it.next_path, it.source.path), 0);
	wait_for(WATCH_FAILED, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	wait_for(WATCH_READ, 2);
}

static void a_file_with_a_fault_keeps_what_was_read_before(void **state)
{
	(void)state;
	write_file("[{\"targets\": [\"h:1\"]}]");
	assert_int_equal(discover_watch_start(&it.source, 0, it.event_fd, &it.watch), 0);
	wait_for(WATCH_READ, 1);
	write_file("[{\"targets\": [\"h:1\", 2]}]");
	wait_for(WATCH_FAILED, 1);
	write_file("[]");
	wait_for(WATCH_READ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_file_that_could_not_be_read_for_a_moment_is_read_though_it_did_not_change,
			setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_with_a_fault_keeps_what_was_read_before,
						setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/discover/discover_watch", tests, NULL, NULL);
}
