/*
 * Lines go into a pipe that the test reads, or not.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/line_writer.h"

#define WAIT_MS 5000
#define PATIENCE_MS 100

static _Atomic uint64_t n_told;
static _Atomic bool is_slow;

static void on_resumed(uint64_t n)
{
	atomic_fetch_add(&n_told, n);
	if (atomic_load(&is_slow))
		usleep(5 * PATIENCE_MS * US_PER_MS);
}

struct fixture {
	int ends[2];
	struct line_writer *writer;
};

static int begin(void **state)
{
	static struct fixture f;

	if (pipe(f.ends) != 0 || fcntl(f.ends[1], F_SETPIPE_SZ, 4096) < 0)
		return -1;
	atomic_store(&n_told, 0);
	atomic_store(&is_slow, false);
	f.writer = line_writer_start(f.ends[1], on_resumed);
	*state = &f;
	return f.writer ? 0 : -1;
}

static void push(struct fixture *f, const char *line)
{
	line_writer_push(f->writer, line, strlen(line));
}

static size_t read_all(struct fixture *f, char *text, size_t size)
{
	ssize_t n = read(f->ends[0], text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return strlen(text);
}

/* The pipe has room for 4096 bytes: the second line does not fit any more. */
static void fill(struct fixture *f)
{
	static char line[4000];

	memset(line, 'x', sizeof(line) - 1);
	push(f, line);
	assert_true(line_writer_flush(f->writer, WAIT_MS));
	push(f, line);
}

static void lines_arrive_in_their_order(void **state)
{
	char text[100];

	push(*state, "one\n");
	push(*state, "two\n");
	assert_true(line_writer_flush(((struct fixture *)*state)->writer, WAIT_MS));
	read_all(*state, text, sizeof(text));
	assert_string_equal(text, "one\ntwo\n");
	assert_int_equal(line_writer_dropped(((struct fixture *)*state)->writer), 0);
}

static void a_full_pipe_makes_nobody_wait(void **state)
{
	struct fixture *f = *state;
	uint64_t start_us = clock_mono_us();
	char text[4200];

	fill(f);
	assert_false(line_writer_flush(f->writer, LINE_WRITER_STUCK_MS + 50));
	assert_true(clock_mono_us() - start_us >= LINE_WRITER_STUCK_MS * US_PER_MS);
	for (unsigned i = 0; i < 5; i++)
		assert_false(line_writer_push(f->writer, "lost\n", 5));
	assert_int_equal(line_writer_dropped(f->writer), 5);
	assert_int_equal(atomic_load(&n_told), 0);
	read_all(f, text, sizeof(text));
	assert_true(line_writer_flush(f->writer, WAIT_MS));
	assert_int_equal(atomic_load(&n_told), 5);
	read_all(f, text, sizeof(text));
	push(f, "again\n");
	assert_true(line_writer_flush(f->writer, WAIT_MS));
	read_all(f, text, sizeof(text));
	assert_string_equal(text, "again\n");
}

static void what_waits_is_bounded(void **state)
{
	struct fixture *f = *state;
	static char line[4000];
	unsigned n = 0;

	fill(f);
	while (n < 1000 && line_writer_push(f->writer, line, sizeof(line)))
		n++;
	assert_true(n < 1000);
	assert_true(line_writer_dropped(f->writer) >= 1);
}

/* Its thread may get no processor for a while. */
static void a_writer_that_is_slow_is_waited_for(void **state)
{
	static char line[4000], text[3 * sizeof(line)];
	struct fixture *f = *state;

	fill(f);
	while (line_writer_push(f->writer, line, sizeof(line)))
		continue;
	atomic_store(&is_slow, true);
	fcntl(f->ends[1], F_SETPIPE_SZ, 1 << 20);
	read_all(f, text, sizeof(text));
	assert_true(line_writer_flush(f->writer, PATIENCE_MS));
	assert_true(atomic_load(&n_told) > 0);
}

static void wait_until_stuck(struct fixture *f)
{
	while (line_writer_push(f->writer, "x", 1))
		usleep(US_PER_MS);
}

/* The thread is within its write, though the descriptor takes lines. */
static void no_line_is_lost_while_the_descriptor_takes_some(void **state)
{
	struct fixture *f = *state;
	int null = open("/dev/null", O_WRONLY);
	uint64_t n_lost;

	fill(f);
	wait_until_stuck(f);
	n_lost = line_writer_dropped(f->writer);
	assert_int_equal(dup2(null, f->ends[1]), f->ends[1]); /* the thread waits for the pipe */
	assert_true(line_writer_push(f->writer, "y", 1));
	assert_int_equal(line_writer_dropped(f->writer), n_lost);
	close(null);
}

static void a_non_blocking_pipe_loses_nothing(void **state)
{
	struct fixture *f = *state;
	char text[8200];
	size_t len = 0;

	fcntl(f->ends[1], F_SETFL, O_NONBLOCK);
	fill(f);
	while (len < 2 * 3999)
		len += read_all(f, text + len, sizeof(text) - len);
	assert_true(line_writer_flush(f->writer, WAIT_MS));
	assert_int_equal(line_writer_dropped(f->writer), 0);
}

static void a_write_that_fails_is_counted(void **state)
{
	struct fixture *f = *state;
	bool is_full = access("/dev/full", W_OK) == 0;
	int full = is_full ? open("/dev/full", O_WRONLY) : -1;
	struct line_writer *writer = line_writer_start(full, NULL);

	(void)f;
	assert_non_null(writer);
	errno = 77;
	line_writer_push(writer, "a\n", 2);
	assert_int_equal(errno, 77);
	assert_true(line_writer_flush(writer, WAIT_MS));
	assert_int_equal(line_writer_dropped(writer), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_arrive_in_their_order),
		TEST(a_full_pipe_makes_nobody_wait),
		TEST(what_waits_is_bounded),
		TEST(a_non_blocking_pipe_loses_nothing),
		TEST(a_write_that_fails_is_counted),
		TEST(a_writer_that_is_slow_is_waited_for),
		TEST(no_line_is_lost_while_the_descriptor_takes_some),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/line_writer", tests, NULL, NULL);
}
