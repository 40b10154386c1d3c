/* sentinel.[ch] against sentinels that say all kinds of things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/redis/redis_url.h"
#include "registry/redis/sentinel.h"
#include "t/unit/fake_sentinel.h"

static struct fake_sentinel fakes[2];

static int setup(void **state)
{
	(void)state;
	return fake_sentinel_start(&fakes[0]) != 0 || fake_sentinel_start(&fakes[1]) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_sentinel_stop(&fakes[0]);
	fake_sentinel_stop(&fakes[1]);
	return 0;
}

static void parse(struct redis_url *url, const char *query)
{
	char text[256];

	snprintf(text, sizeof(text), "redis+sentinel://127.0.0.1:%d,localhost:%d/mymaster%s",
		 fakes[0].port, fakes[1].port, query);
	assert_int_equal(redis_url_parse(url, text), 0);
}

static void whoever_answered_last_is_asked_first(void **state)
{
	struct redis_place place = { 0 };
	char why[REDIS_WHY_STRLEN];
	struct redis_url url;
	unsigned n_first;
	(void)state;

	parse(&url, "");
	fake_sentinel_say(&fakes[0], "-LOADING wait\r\n");
	fake_sentinel_name(&fakes[1], 7001);
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_string_equal(place.host.name, "127.0.0.1");
	assert_int_equal(place.host.port, 7001);
	assert_int_equal(place.sentinel, 1);
	assert_non_null(strstr(fakes[1].heard, "get-master-addr-by-name"));
	assert_non_null(strstr(fakes[1].heard, "mymaster"));
	assert_string_equal(fakes[1].login, "");
	n_first = fake_sentinel_n_asked(&fakes[0]);
	fake_sentinel_name(&fakes[0], 7002);
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_int_equal(place.host.port, 7001);
	assert_int_equal(fake_sentinel_n_asked(&fakes[0]), n_first);
	fake_sentinel_say(&fakes[1], "*-1\r\n");
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_int_equal(place.host.port, 7002);
	assert_int_equal(place.sentinel, 0);
	redis_url_deinit(&url);
}

static void answers_without_sense_are_told_and_passed_over(void **state)
{
	static const struct {
		const char *answer, *why;
	} cases[] = {
		{ "*-1\r\n", "knows no master named \"mymaster\"" },
		{ "$-1\r\n", "knows no master named \"mymaster\"" },
		{ "-ERR unknown command 'SENTINEL'\r\n", "ERR unknown command 'SENTINEL'" },
		{ "-NOAUTH Authentication required.\r\n", "sentinel_password=" },
		{ "+OK\r\n", "makes no sense" },
		{ ":5\r\n", "makes no sense" },
		{ "*0\r\n", "makes no sense" },
		{ "*1\r\n$1\r\nh\r\n", "makes no sense" },
		{ "*2\r\n$1\r\nh\r\n:6379\r\n", "makes no sense" },
		{ "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "makes no sense" },
		{ "*2\r\n$1\r\nh\r\n$1\r\n0\r\n", "makes no sense" },
		{ "*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", "makes no sense" },
		{ "*2\r\n$1\r\nh\r\n$1\r\nx\r\n", "makes no sense" },
		{ "*2\r\n$-1\r\n$-1\r\n", "makes no sense" },
		{ "HTTP/1.1 400 Bad Request\r\n", "Protocol error" },
	};
	char why[REDIS_WHY_STRLEN], name[64];
	struct redis_place place = { 0 };
	struct redis_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		parse(&url, "");
		fake_sentinel_say(&fakes[0], cases[i].answer);
		fake_sentinel_say(&fakes[1], cases[i].answer);
		assert_int_equal(sentinel_ask_all(&url, &place, why), SENTINEL_E_NONE);
		snprintf(name, sizeof(name), "sentinel localhost:%d: ", fakes[1].port);
		assert_non_null(strstr(why, name));
		if (!strstr(why, cases[i].why))
			fail_msg("%s is no \"%s\"", why, cases[i].why);
		redis_url_deinit(&url);
	}
}

static void silence_costs_a_bounded_time(void **state)
{
	char why[REDIS_WHY_STRLEN];
	struct redis_place place = { 0 };
	struct redis_url url;
	uint64_t start = clock_mono_us();
	(void)state;

	parse(&url, "");
	fake_sentinel_say(&fakes[0], NULL);
	fake_sentinel_name(&fakes[1], 7003);
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_true(clock_mono_us() - start >= SENTINEL_TIMEOUT_MS * US_PER_MS);
	assert_int_equal(place.host.port, 7003);
	redis_url_deinit(&url);
}

static void sentinels_get_a_password_where_one_is_given(void **state)
{
	char why[REDIS_WHY_STRLEN];
	struct redis_place place = { 0 };
	struct redis_url url;
	(void)state;

	fake_sentinel_name(&fakes[0], 7004);
	parse(&url, "?sentinel_password=p%3Dw");
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_string_equal(fakes[0].login, "*2\r\n$4\r\nAUTH\r\n$3\r\np=w\r\n");
	redis_url_deinit(&url);
	parse(&url, "?sentinel_user=u&sentinel_password=p");
	assert_int_equal(sentinel_ask_all(&url, &place, why), 0);
	assert_string_equal(fakes[0].login, "*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n");
	redis_url_deinit(&url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whoever_answered_last_is_asked_first),
		cmocka_unit_test(answers_without_sense_are_told_and_passed_over),
		cmocka_unit_test(silence_costs_a_bounded_time),
		cmocka_unit_test(sentinels_get_a_password_where_one_is_given),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
