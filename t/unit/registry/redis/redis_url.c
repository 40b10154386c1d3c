#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/redis/redis_url.h"
#include "registry/redis/tls.h"

static void every_form_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *user, *password, *path;
		int port, db;
		bool is_fixed;
	} cases[] = {
		{ "redis://localhost", "localhost", "", "", "", 6379, 0, false },
		{ "redis://localhost/", "localhost", "", "", "", 6379, 0, false },
		{ "redis://10.0.0.1:7000/3", "10.0.0.1", "", "", "", 7000, 3, true },
		{ "redis://[::1]:7000", "::1", "", "", "", 7000, 0, true },
		{ "redis://[::1]", "::1", "", "", "", 6379, 0, true },
		{ "redis://:secret@h", "h", "", "secret", "", 6379, 0, false },
		{ "redis://u:p@h:1/2", "h", "u", "p", "", 1, 2, false },
		{ "redis://u:a%40b%2Fc%25@h", "h", "u", "a@b/c%", "", 6379, 0, false },
		{ "redis://u:a@b@h", "h", "u", "a@b", "", 6379, 0, false },
		{ "redis://u:a?b,c@h", "h", "u", "a?b,c", "", 6379, 0, false },
		{ "unix:///run/redis.sock", "", "", "", "/run/redis.sock", 0, 0, true },
		{ "unix:///run/redis.sock?db=4", "", "", "", "/run/redis.sock", 0, 4, true },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct redis_url url;

		assert_int_equal(redis_url_parse(&url, cases[i].text), 0);
		assert_string_equal(url.hosts[0].name, cases[i].host);
		assert_string_equal(url.user, cases[i].user);
		assert_string_equal(url.password, cases[i].password);
		assert_string_equal(url.path, cases[i].path);
		assert_string_equal(url.master, "");
		assert_int_equal(url.hosts[0].port, cases[i].port);
		assert_int_equal(url.db, cases[i].db);
		assert_int_equal(url.is_fixed, cases[i].is_fixed);
		assert_null(url.tls);
		redis_url_deinit(&url);
	}
}

static void sentinels_are_a_list(void **state)
{
	struct redis_url url;
	char text[REDIS_URL_STRLEN];
	(void)state;

	assert_int_equal(
		redis_url_parse(&url,
				"redis+sentinel://u:p%2c@s1,10.0.0.2:7,[::1]:8,[::2]/my%20master/3"
				"?sentinel_password=%26x&sentinel_user=w"),
		0);
	assert_int_equal(url.n_hosts, 4);
	assert_string_equal(url.hosts[0].name, "s1");
	assert_int_equal(url.hosts[0].port, 26379);
	assert_string_equal(url.hosts[1].name, "10.0.0.2");
	assert_int_equal(url.hosts[1].port, 7);
	assert_string_equal(url.hosts[2].name, "::1");
	assert_int_equal(url.hosts[2].port, 8);
	assert_int_equal(url.hosts[3].port, 26379);
	assert_string_equal(url.master, "my master");
	assert_string_equal(url.user, "u");
	assert_string_equal(url.password, "p,");
	assert_string_equal(url.sentinel_user, "w");
	assert_string_equal(url.sentinel_password, "&x");
	assert_int_equal(url.db, 3);
	assert_false(url.is_fixed);
	redis_url_describe(&url, text);
	assert_string_equal(text, "my master of the sentinels s1:26379,10.0.0.2:7,::1:8,::2:26379");
	redis_url_deinit(&url);
	assert_int_equal(redis_url_parse(&url, "redis+sentinel://10.0.0.1/m"), 0);
	assert_false(url.is_fixed);
	assert_int_equal(url.db, 0);
	redis_url_deinit(&url);
}

static void what_is_no_url_is_refused(void **state)
{
	static const struct {
		int error;
		const char *text;
	} bad[] = {
		{ REDIS_URL_E_SYNTAX, "" },
		{ REDIS_URL_E_SYNTAX, "localhost:6379" },
		{ REDIS_URL_E_SYNTAX, "http://h" },
		{ REDIS_URL_E_SYNTAX, "redis://" },
		{ REDIS_URL_E_SYNTAX, "redis://:6379" },
		{ REDIS_URL_E_SYNTAX, "redis://h:" },
		{ REDIS_URL_E_SYNTAX, "redis://h:x" },
		{ REDIS_URL_E_SYNTAX, "redis://h:65536" },
		{ REDIS_URL_E_SYNTAX, "redis://h:0" },
		{ REDIS_URL_E_SYNTAX, "redis://h/x" },
		{ REDIS_URL_E_SYNTAX, "redis://h/-1" },
		{ REDIS_URL_E_SYNTAX, "redis://h/1/2" },
		{ REDIS_URL_E_SYNTAX, "redis://[::1" },
		{ REDIS_URL_E_SYNTAX, "redis://[::1]x" },
		{ REDIS_URL_E_SYNTAX, "redis://[]" },
		{ REDIS_URL_E_SYNTAX, "redis://u:%4@h" },
		{ REDIS_URL_E_SYNTAX, "redis://u:%zz@h" },
		{ REDIS_URL_E_SYNTAX, "redis://u:%4g@h" },
		{ REDIS_URL_E_SYNTAX, "redis://u:%00@h" },
		{ REDIS_URL_E_SYNTAX, "unix://" },
		{ REDIS_URL_E_SYNTAX, "unix:///" },
		{ REDIS_URL_E_SYNTAX, "unix://relative" },
		{ REDIS_URL_E_SYNTAX, "unix:///x?db=a" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel:///m" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel://a,/m" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel://,a/m" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel://a:x,b/m" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel://a/m/x" },
		{ REDIS_URL_E_SYNTAX, "redis+sentinel://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/m" },
		{ REDIS_URL_E_MASTER, "redis+sentinel://a,b" },
		{ REDIS_URL_E_MASTER, "redis+sentinel://a,b/" },
		{ REDIS_URL_E_MASTER, "redis+sentinel://a,b//0" },
		{ REDIS_URL_E_MASTER, "redis+sentinel://a?sentinel_password=x" },
		{ REDIS_URL_E_QUERY, "redis://h?db=1" },
		{ REDIS_URL_E_QUERY, "redis://h/0?" },
		{ REDIS_URL_E_QUERY, "redis://h?ca=/x" },
		{ REDIS_URL_E_QUERY, "unix:///x?db=" },
		{ REDIS_URL_E_QUERY, "redis+sentinel://a/m?sentinel_password=" },
		{ REDIS_URL_E_QUERY, "redis+sentinel://a/m?sentinel_password=x&" },
		{ REDIS_URL_E_QUERY, "redis+sentinel://a/m?sentinel=x" },
	};
	struct redis_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (redis_url_parse(&url, bad[i].text) != bad[i].error)
			fail_msg("\"%s\": %s", bad[i].text, redis_url_why(&url));
		assert_true(strlen(redis_url_why(&url)) > 0);
		redis_url_deinit(&url);
	}
}

static void parts_that_do_not_fit_are_refused(void **state)
{
	char text[800];
	struct redis_url url;
	(void)state;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "redis://", 8);
	assert_int_equal(redis_url_parse(&url, text), REDIS_URL_E_SYNTAX);
	text[8 + 300] = '@';
	assert_int_equal(redis_url_parse(&url, text), REDIS_URL_E_SYNTAX);
	memcpy(text, "unix:///", 8);
	assert_int_equal(redis_url_parse(&url, text), REDIS_URL_E_SYNTAX);
	memcpy(text, "redis+sentinel://h/", 19);
	assert_int_equal(redis_url_parse(&url, text), REDIS_URL_E_SYNTAX);
}

/* Whatever is wrong with a URL, a password in it is not for the log. */
static void reasons_hold_no_password(void **state)
{
	static const char *const bad[] = { "redis://u:hunter/2@h", "redis://u:hunter2@h:port",
					   "redis://h/0?hunter2=hunter2",
					   "redis+sentinel://u:hunter2@a,b",
					   "redis+sentinel://a/m?sentinel_pasword=hunter2" };
	struct redis_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_not_equal(redis_url_parse(&url, bad[i]), 0);
		assert_null(strstr(redis_url_why(&url), "hunter"));
	}
}

static void url_is_renewed_while_a_thread_connects(struct redis_url *url)
{
	struct redis_tls *tls = tls_take(url);
	redisContext *context = redisConnectNonBlock("127.0.0.1", 1);

	assert_ptr_equal(tls, url->tls);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(redis_url_renew(url, "rediss://h"), 0);
	assert_ptr_not_equal(tls, url->tls);
	context->err = 0;
	if (tls_start(tls, context, "h") != REDIS_OK)
		assert_int_not_equal(context->err, 0);
	redisFree(context);
	tls_free(tls);
}

/* Where hiredis has no TLS, the reason says so; where it has, the files are looked at. */
static void tls_is_there_or_refused_with_a_reason(void **state)
{
	struct redis_url url;
	int r;
	(void)state;

	r = redis_url_parse(&url, "rediss://h");
	if (r == REDIS_URL_E_TLS) {
		assert_non_null(strstr(redis_url_why(&url), "TLS"));
		return;
	}
	assert_int_equal(r, 0);
	assert_true(url.is_tls);
	assert_non_null(url.tls);
	url_is_renewed_while_a_thread_connects(&url);
	redis_url_deinit(&url);
	assert_int_equal(redis_url_parse(&url, "rediss+sentinel://a,b/m?ca=/no/such%20file"),
			 REDIS_URL_E_FILE);
	assert_non_null(strstr(redis_url_why(&url), "ca=/no/such file"));
	redis_url_deinit(&url);
}

static void urls_are_described_without_secrets(void **state)
{
	static const char *const cases[][2] = {
		{ "redis://u:p@h/1", "h:6379" },
		{ "unix:///run/r.sock?db=1", "/run/r.sock" },
		{ "redis+sentinel://u:p@h,[::1]:8/m?sentinel_password=q",
		  "m of the sentinels h:26379,::1:8" },
	};
	char text[REDIS_URL_STRLEN];
	struct redis_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(redis_url_parse(&url, cases[i][0]), 0);
		redis_url_describe(&url, text);
		assert_string_equal(text, cases[i][1]);
		redis_url_deinit(&url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_taken_apart),
		cmocka_unit_test(sentinels_are_a_list),
		cmocka_unit_test(what_is_no_url_is_refused),
		cmocka_unit_test(parts_that_do_not_fit_are_refused),
		cmocka_unit_test(reasons_hold_no_password),
		cmocka_unit_test(tls_is_there_or_refused_with_a_reason),
		cmocka_unit_test(urls_are_described_without_secrets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
