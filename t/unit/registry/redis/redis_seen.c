/* redis_seen.[ch]: the state of Redis, and since when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/redis/redis_seen.h"

#define T0 1000000u
#define QUICK_US 1000
#define SLOW_US (REDIS_SLOW_MS * 1000)

static struct redis_seen seen;

static int fresh(void **state)
{
	(void)state;
	redis_seen_init(&seen);
	return 0;
}

static int done(void **state)
{
	(void)state;
	redis_seen_deinit(&seen);
	return 0;
}

static enum redis_state now(void)
{
	return redis_seen_view(&seen).state;
}

static void a_failure_names_the_state_and_when_it_began(void **state)
{
	(void)state;
	redis_seen_fail(&seen, "OOM command not allowed", T0);
	redis_seen_fail(&seen, "OOM still not", T0 + 1000);
	assert_int_equal(now(), REDIS_REFUSING_OOM);
	assert_int_equal(redis_seen_view(&seen).since_ms, T0);
	assert_string_equal(redis_seen_view(&seen).error, "OOM still not");
	redis_seen_answer(&seen, QUICK_US, T0 + 2000);
	assert_int_equal(now(), REDIS_UP);
	assert_int_equal(redis_seen_view(&seen).since_ms, T0 + 2000);
	assert_string_equal(redis_seen_view(&seen).error, "");
}

static void one_slow_answer_is_not_slow(void **state)
{
	(void)state;
	for (unsigned i = 1; i < REDIS_SLOW_TIMES; i++)
		redis_seen_answer(&seen, SLOW_US, T0 + i);
	redis_seen_answer(&seen, QUICK_US, T0 + 10);
	redis_seen_answer(&seen, SLOW_US, T0 + 20);
	assert_int_equal(now(), REDIS_UP);
}

static void it_is_slow_until_some_answers_are_quick(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REDIS_SLOW_TIMES; i++)
		redis_seen_answer(&seen, SLOW_US, T0 + i);
	assert_int_equal(now(), REDIS_SLOW);
	for (unsigned i = 0; i < REDIS_SLOW_TIMES; i++) {
		assert_int_equal(now(), REDIS_SLOW);
		redis_seen_answer(&seen, QUICK_US, T0 + 10 + i);
	}
	assert_int_equal(now(), REDIS_UP);
}

static void a_loss_is_told_for_a_while_and_not_instead_of_an_outage(void **state)
{
	(void)state;
	redis_seen_fail(&seen, "Connection refused", T0);
	redis_seen_lose(&seen, true, T0 + 10);
	assert_int_equal(now(), REDIS_AWAY);
	redis_seen_answer(&seen, QUICK_US, T0 + 20);
	assert_int_equal(now(), REDIS_EMPTY);
	redis_seen_lose(&seen, false, T0 + 30); /* a part of the same loss */
	redis_seen_answer(&seen, QUICK_US, T0 + 40);
	assert_int_equal(now(), REDIS_EMPTY);
	redis_seen_answer(&seen, QUICK_US, T0 + 30 + REDIS_BACK_MS);
	assert_int_equal(now(), REDIS_UP);
	redis_seen_lose(&seen, false, T0 + 40 + REDIS_BACK_MS);
	redis_seen_answer(&seen, QUICK_US, T0 + 50 + REDIS_BACK_MS);
	assert_int_equal(now(), REDIS_OLDER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failure_names_the_state_and_when_it_began),
		TEST(one_slow_answer_is_not_slow),
		TEST(it_is_slow_until_some_answers_are_quick),
		TEST(a_loss_is_told_for_a_while_and_not_instead_of_an_outage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/redis/redis_seen", tests, NULL, NULL);
}
