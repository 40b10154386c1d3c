/* failures.[ch]: what last went wrong, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/failures.h"

static struct failures failures;

static int fresh(void **state)
{
	(void)state;
	failures_init(&failures);
	return 0;
}

static int done(void **state)
{
	(void)state;
	failures_deinit(&failures);
	return 0;
}

static void assert_text(unsigned slot, const char *text)
{
	assert_string_equal(failures_of(&failures, slot).text, text);
}

static void a_status_and_an_error_become_words(void **state)
{
	(void)state;
	failures_note(&failures, 3, 500, "");
	assert_text(3, "HTTP 500");
	failures_note(&failures, 3, 0, "Connection refused");
	assert_text(3, "Connection refused");
	failures_note(&failures, 3, 200, "no answer in time");
	assert_text(3, "HTTP 200, then: no answer in time");
	failures_note(&failures, 3, 0, "");
	assert_text(3, "the connection broke");
	assert_true(failures_of(&failures, 3).at_ms > 0);
}

static void slots_are_apart_and_can_be_forgotten(void **state)
{
	(void)state;
	failures_note(&failures, 0, 500, "");
	failures_note(&failures, FAILURES_SLOTS - 1, 502, "");
	failures_forget(&failures, 0);
	assert_text(0, "");
	assert_int_equal(failures_of(&failures, 0).at_ms, 0);
	assert_text(FAILURES_SLOTS - 1, "HTTP 502");
}

static void a_writer_that_would_wait_leaves_its_note_out(void **state)
{
	(void)state;
	failures_note(&failures, 0, 500, "");
	pthread_mutex_lock(&failures.lock);
	failures_note(&failures, 0, 502, "");
	pthread_mutex_unlock(&failures.lock);
	assert_text(0, "HTTP 500");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_status_and_an_error_become_words),
		TEST(slots_are_apart_and_can_be_forgotten),
		TEST(a_writer_that_would_wait_leaves_its_note_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/send/failures", tests, NULL, NULL);
}
