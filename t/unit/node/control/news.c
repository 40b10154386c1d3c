/* What a node tells the journal by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/control/news.h"

#define T0 1000000u

static struct news_entry entry;

static bool hear(struct news *news, enum redis_state state, const char *error, uint64_t now_ms)
{
	struct redis_view view = { .state = state };

	strcpy(view.error, error);
	return news_of_redis(news, &view, now_ms, &entry);
}

static void a_redis_that_refused_is_told_when_it_takes_writes_again(void **state)
{
	struct news news = { 0 };
	(void)state;

	assert_false(hear(&news, REDIS_UP, "", T0));
	assert_false(hear(&news, REDIS_REFUSING_OOM, "OOM command not allowed", T0 + 1000));
	assert_false(hear(&news, REDIS_REFUSING_OOM, "OOM command not allowed", T0 + 2000));
	assert_true(hear(&news, REDIS_UP, "", T0 + 13000));
	assert_string_equal(entry.kind, "redis");
	assert_string_equal(entry.was, "refusing_oom");
	assert_string_equal(entry.now, "up");
	assert_string_equal(entry.cause, "OOM command not allowed");
	assert_int_equal(entry.ms, 12000);
	assert_false(hear(&news, REDIS_UP, "", T0 + 14000));
}

static void a_slow_redis_is_told_at_once(void **state)
{
	struct news news = { 0 };
	(void)state;

	assert_true(hear(&news, REDIS_SLOW, "a round trip took 300 ms", T0));
	assert_string_equal(entry.now, "slow");
	assert_string_equal(entry.cause, "a round trip took 300 ms");
	assert_true(hear(&news, REDIS_UP, "", T0 + 5000));
	assert_int_equal(entry.ms, 5000);
}

static void lost_data_have_an_entry_of_their_own(void **state)
{
	struct news news = { 0 };
	(void)state;

	assert_false(hear(&news, REDIS_AWAY, "Connection refused", T0));
	assert_true(hear(&news, REDIS_EMPTY, "", T0 + 3000));
	assert_string_equal(entry.was, "away");
	assert_string_equal(entry.now, "up");
	assert_false(hear(&news, REDIS_UP, "", T0 + 40000));
}

static void a_reason_of_refusals_is_told_once_in_ten_minutes(void **state)
{
	struct news news = { 0 };
	(void)state;

	assert_false(news_of_refusal(&news, REFUSAL_NOT_FOUND, 0, T0, &entry));
	assert_true(news_of_refusal(&news, REFUSAL_NOT_FOUND, T0, T0, &entry));
	assert_string_equal(entry.now, "404 not_found");
	assert_false(news_of_refusal(&news, REFUSAL_NOT_FOUND, T0, T0 + 1000, &entry));
	assert_true(news_of_refusal(&news, REFUSAL_UNAUTHORIZED, T0, T0 + 1000, &entry));
	assert_false(news_of_refusal(&news, REFUSAL_INCOMPLETE, T0, T0, &entry));
	assert_true(news_of_refusal(&news, REFUSAL_NOT_FOUND, T0, T0 + NEWS_AGAIN_MS, &entry));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redis_that_refused_is_told_when_it_takes_writes_again),
		cmocka_unit_test(a_slow_redis_is_told_at_once),
		cmocka_unit_test(lost_data_have_an_entry_of_their_own),
		cmocka_unit_test(a_reason_of_refusals_is_told_once_in_ten_minutes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/control/news", tests, NULL, NULL);
}
