#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loadgen/lines.h"

/* A file of its own for a test. */
struct file {
	char path[64];
	int fd;
};

static void file_open(struct file *f, const char *content, size_t len)
{
	strcpy(f->path, "/tmp/weir-lines-XXXXXX");
	f->fd = mkstemp(f->path);
	assert_true(f->fd >= 0);
	assert_int_equal(write(f->fd, content, len), len);
}

static void file_close(struct file *f)
{
	unlink(f->path);
	close(f->fd);
}

static void expect(struct lines *lines, const char *text)
{
	const char *line;
	size_t len;

	assert_int_equal(lines_next(lines, &line, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(line, text, len);
}

static void a_file_gives_its_lines_over_and_over(void **state UNUSED)
{
	static const char content[] = "one\r\n\n\r\ntwo\nlast without end";
	CLEANUP(lines_freep) struct lines *lines = NULL;
	struct file f;

	file_open(&f, content, sizeof(content) - 1);
	assert_int_equal(lines_new(&lines, f.path), 0);
	for (int i = 0; i < 3; i++) {
		expect(lines, "one");
		expect(lines, "two");
		expect(lines, "last without end");
	}
	file_close(&f);
}

static void a_file_without_lines_ends(void **state UNUSED)
{
	static const char *const contents[] = { "", "\n", "\r\n\n\n" };
	const char *line;
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
		CLEANUP(lines_freep) struct lines *lines = NULL;
		struct file f;

		file_open(&f, contents[i], strlen(contents[i]));
		assert_int_equal(lines_new(&lines, f.path), 0);
		assert_int_equal(lines_next(lines, &line, &len), LINES_E_END);
		assert_int_equal(lines_next(lines, &line, &len), LINES_E_END);
		file_close(&f);
	}
}

static void a_line_longer_than_the_limit_comes_in_pieces(void **state UNUSED)
{
	const size_t len = LINES_MAX_BYTES + 10;
	CLEANUP(lines_freep) struct lines *lines = NULL;
	AUTO_FREE char *content = malloc(len);
	const char *line;
	struct file f;
	size_t n;

	assert_non_null(content);
	memset(content, 'x', len);
	content[len - 1] = '\n';
	file_open(&f, content, len);
	assert_int_equal(lines_new(&lines, f.path), 0);
	assert_int_equal(lines_next(lines, &line, &n), 0);
	assert_int_equal(n, LINES_MAX_BYTES);
	assert_int_equal(lines_next(lines, &line, &n), 0);
	assert_int_equal(n, 9);
	file_close(&f);
}

static void a_pipe_never_makes_wait_and_ends_once(void **state UNUSED)
{
	CLEANUP(lines_freep) struct lines *lines = NULL;
	int fds[2], saved = dup(STDIN_FILENO);
	const char *line;
	size_t len;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(lines_new(&lines, "-"), 0);
	assert_int_equal(lines_next(lines, &line, &len), LINES_E_LATER);
	assert_int_equal(write(fds[1], "on", 2), 2);
	assert_int_equal(lines_next(lines, &line, &len), LINES_E_LATER);
	assert_int_equal(write(fds[1], "e\ntwo", 5), 5);
	expect(lines, "one");
	assert_int_equal(lines_next(lines, &line, &len), LINES_E_LATER);
	close(fds[1]);
	expect(lines, "two");
	assert_int_equal(lines_next(lines, &line, &len), LINES_E_END);
	assert_int_equal(lines_next(lines, &line, &len), LINES_E_END);
	close(fds[0]);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void what_cannot_be_opened_is_said(void **state UNUSED)
{
	struct lines *lines;

	assert_int_equal(lines_new(&lines, "/nowhere/at/all"), -ENOENT);
	assert_int_equal(lines_new(&lines, "/"), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_gives_its_lines_over_and_over),
		cmocka_unit_test(a_file_without_lines_ends),
		cmocka_unit_test(a_line_longer_than_the_limit_comes_in_pieces),
		cmocka_unit_test(a_pipe_never_makes_wait_and_ends_once),
		cmocka_unit_test(what_cannot_be_opened_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
