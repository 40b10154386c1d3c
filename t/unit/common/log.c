/*
 * Stderr is a SEQPACKET socket here: one write(2) is one packet. The clock is the test's.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "common/log.h"
#include "common/log_limit.h"

#define LINE_LEN 8192

static time_t later_s; /* added to monotonic time */
static int reader = -1, saved_stderr = -1;
static char line[LINE_LEN];

/* Takes libc's place: wall time stands still, monotonic time jumps where a test says so. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_MONOTONIC)
		ts->tv_sec += later_s;
	else if (id == CLOCK_REALTIME)
		*ts = (struct timespec){ .tv_sec = 1767323045, .tv_nsec = 67899999 };
	return r;
}

static int capture(void **state)
{
	int pair[2];
	(void)state;

	later_s += 1000; /* no limit of an earlier test counts */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
		return -1;
	reader = pair[0];
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	log_init(LOG_INFO, LOG_FORMAT_LOGFMT, NULL);
	return 0;
}

static int release(void **state)
{
	(void)state;
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(reader);
	return 0;
}

/* The next write(2) on stderr without its newline, in `line`; NULL: there was none. */
static const char *next_line(void)
{
	ssize_t n;

	log_flush(); /* the writer's thread has written all lines by then */
	n = recv(reader, line, sizeof(line) - 1, MSG_DONTWAIT);
	if (n < 0)
		return NULL;
	assert_true(n > 0 && line[n - 1] == '\n');
	line[n - 1] = '\0';
	assert_null(strchr(line, '\n'));
	return line;
}

static unsigned count_lines(void)
{
	unsigned n = 0;

	while (next_line())
		n++;
	return n;
}

static void a_line_is_one_write_of_logfmt(void **state)
{
	(void)state;
	log_init(LOG_INFO, LOG_FORMAT_LOGFMT, "n1");
	log_warn("lane", "breaker opened", "analyzer=%s failures=%d", "a1", 5);
	assert_string_equal(next_line(), "ts=2026-01-02T03:04:05.067Z level=warn component=lane "
					 "msg=\"breaker opened\" node=n1 analyzer=a1 failures=5");
	log_init(LOG_INFO, LOG_FORMAT_LOGFMT, NULL);
	log_error("main", "bye");
	assert_string_equal(next_line(),
			    "ts=2026-01-02T03:04:05.067Z level=error component=main msg=bye");
	assert_null(next_line());
}

static void a_line_may_be_json(void **state)
{
	(void)state;
	log_init(LOG_INFO, LOG_FORMAT_JSON, "n1");
	log_info("lane", "opened", "analyzer=%s n=%d", "a1", 5);
	assert_string_equal(next_line(),
			    "{\"ts\":\"2026-01-02T03:04:05.067Z\",\"level\":\"info\","
			    "\"component\":\"lane\",\"msg\":\"opened\",\"node\":\"n1\","
			    "\"analyzer\":\"a1\",\"n\":\"5\"}");
}

static void lower_levels_are_silent(void **state)
{
	(void)state;
	log_debug("x", "quiet");
	assert_null(next_line());
	assert_false(log_enabled(LOG_DEBUG));
	log_init(LOG_DEBUG, LOG_FORMAT_LOGFMT, NULL);
	assert_true(log_enabled(LOG_DEBUG));
	log_debug("x", "loud");
	assert_non_null(strstr(next_line(), "level=debug"));
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, NULL);
	log_warn("x", "quiet too");
	assert_null(next_line());
}

static void values_of_every_type_keep_their_places(void **state)
{
	(void)state;
	log_info("x", "types",
		 "i=%d u=%u ld=%ld llu=%llu zu=%zu f=%.2f c=%c s=%s two=%d/%.1f star=%*d pct=%d%% "
		 "const=plain last=%hhu",
		 -1, 2u, -3L, 1ULL << 63, (size_t)5, 6.5, 'q', "end", 8, 9.5, 3, 7, 50,
		 (unsigned char)255);
	assert_non_null(strstr(next_line(),
			       "msg=types i=-1 u=2 ld=-3 llu=9223372036854775808 zu=5 f=6.50 c=q "
			       "s=end two=8/9.5 star=\"  7\" pct=50% const=plain last=255"));
}

static void logfmt_quotes_only_what_needs_it(void **state)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{ "plain-1.2:3/x", " v=plain-1.2:3/x" },
		{ "", " v=\"\"" },
		{ "two words", " v=\"two words\"" },
		{ "a=b", " v=\"a=b\"" },
		{ "say \"x\"", " v=\"say \\\"x\\\"\"" },
		{ "back\\slash", " v=\"back\\\\slash\"" },
		{ "a\nb\tc\rd", " v=\"a\\nb\\tc\\rd\"" },
		{ "\x01\x1b[31m", " v=\"\\u0001\\u001b[31m\"" },
		{ "gr\xc3\xbc\xc3\x9f", " v=\"gr\xc3\xbc\xc3\x9f\"" },
		{ "bad\xff", " v=\"bad\\ufffd\"" },
		{ "\xc2\x9b", " v=\"\\u009b\"" },
		{ "\xe2\x80\xa8", " v=\"\\u2028\"" },
		{ "\xe2\x80\xae", " v=\"\\u202e\"" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		log_info("x", "quoting", "v=%s", cases[i].value);
		assert_string_equal(strstr(next_line(), " v="), cases[i].shown);
	}
}

/* What a JSON parser makes of a value that was logged. */
static void assert_json_value(const char *value, const char *read_back)
{
	cJSON *object;

	log_event(LOG_INFO, "x", value, "v=%s", value); /* each its own message */
	object = cJSON_Parse(next_line());
	assert_non_null(object);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "v")), read_back);
	cJSON_Delete(object);
}

static void json_survives_any_bytes(void **state)
{
	char byte[4] = "a?b";
	(void)state;

	log_init(LOG_INFO, LOG_FORMAT_JSON, NULL);
	for (int c = 1; c < 128; c++) {
		byte[1] = (char)c;
		later_s += LOG_PERIOD_S;
		assert_json_value(byte, byte);
	}
	assert_json_value("\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80");
	assert_json_value("\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong */
	assert_json_value("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* surrogate */
	assert_json_value("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
	assert_json_value("\xf5\x80", "\xef\xbf\xbd\xef\xbf\xbd"); /* beyond U+10FFFF */
}

static void long_lines_stay_whole_and_say_that_they_were_cut(void **state)
{
	static char big[3000];
	cJSON *object;
	(void)state;

	memset(big, '\n', sizeof(big) - 1);
	log_init(LOG_INFO, LOG_FORMAT_JSON, NULL);
	log_info("x", "long", "a=%s b=%s c=%s", big, big, "short");
	assert_non_null(next_line());
	assert_true(strlen(line) < 4096);
	object = cJSON_Parse(line);
	assert_non_null(object);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(object, "truncated")), "true");
	assert_non_null(cJSON_GetObjectItem(object, "a"));
	assert_null(cJSON_GetObjectItem(object, "b"));
	assert_non_null(cJSON_GetObjectItem(object, "c"));
	cJSON_Delete(object);
}

static void a_repeated_message_is_held_back_and_counted(void **state)
{
	(void)state;
	for (int i = 0; i < LOG_BURST + 5; i++)
		log_info("x", "again", "i=%d", i);
	assert_int_equal(count_lines(), LOG_BURST);
	log_info("x", "another");
	assert_int_equal(count_lines(), 1);
	later_s += LOG_PERIOD_S;
	log_info("x", "again");
	assert_non_null(strstr(next_line(), "msg=again suppressed=5"));
	log_info("x", "again");
	assert_null(strstr(next_line(), "suppressed"));
}

static void a_window_begins_with_its_first_line(void **state)
{
	static struct log_limit limit;
	static const uint64_t period_us = LOG_PERIOD_S * 1000000ULL;
	const char *key = "k";
	uint32_t n_held = 99;
	(void)state;

	for (int i = 0; i < LOG_BURST; i++) {
		assert_true(log_limit_pass(&limit, key, 1000, &n_held));
		assert_int_equal(n_held, 0);
	}
	assert_false(log_limit_pass(&limit, key, 1000, &n_held));
	assert_false(log_limit_pass(&limit, key, 1000 + period_us - 1, &n_held));
	assert_true(log_limit_pass(&limit, key, 1000 + period_us, &n_held));
	assert_int_equal(n_held, 2);
}

static void more_messages_than_slots_still_pass(void **state)
{
	static struct log_limit limit;
	static char keys[LOG_LIMIT_SLOTS * 4];
	uint32_t n_held;
	(void)state;

	for (uint64_t round = 0; round < 5; round++) {
		for (size_t i = 0; i < sizeof(keys); i++)
			assert_true(log_limit_pass(&limit, &keys[i], 5 + round, &n_held));
	}
}

static void *log_ten(void *arg)
{
	for (int i = 0; i < 10; i++)
		log_event(LOG_INFO, "thread", arg, "i=%d", i);
	return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
	static const char *const messages[] = { "aaaa", "bbbb", "cccc", "dddd" };
	pthread_t threads[ARRAY_LEN(messages)];
	unsigned n = 0;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_ten, (void *)messages[i]),
				 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	while (next_line()) {
		int i, len = 0;
		char msg[5];

		assert_int_equal(sscanf(line, "ts=%*s level=info component=thread msg=%4s i=%d%n",
					msg, &i, &len),
				 2);
		assert_int_equal(line[len], '\0');
		n++;
	}
	assert_int_equal(n, 40);
}

static void a_closed_stderr_harms_nobody_and_errno_is_kept(void **state)
{
	int copy = dup(STDERR_FILENO);
	(void)state;

	close(STDERR_FILENO);
	errno = 77;
	log_info("x", "nobody listens");
	assert_int_equal(errno, 77);
	log_flush();
	dup2(copy, STDERR_FILENO);
	close(copy);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, capture, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_one_write_of_logfmt),
		TEST(a_line_may_be_json),
		TEST(lower_levels_are_silent),
		TEST(values_of_every_type_keep_their_places),
		TEST(logfmt_quotes_only_what_needs_it),
		TEST(json_survives_any_bytes),
		TEST(long_lines_stay_whole_and_say_that_they_were_cut),
		TEST(a_repeated_message_is_held_back_and_counted),
		TEST(a_window_begins_with_its_first_line),
		TEST(more_messages_than_slots_still_pass),
		TEST(threads_do_not_mix_their_lines),
		TEST(a_closed_stderr_harms_nobody_and_errno_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/log", tests, NULL, NULL);
}
