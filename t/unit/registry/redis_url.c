#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/redis_url.h"

static void every_form_is_taken_apart(void **state)
{
	static const struct {
		const char *text, *host, *user, *password, *path;
		int port, db;
	} cases[] = {
		{ "redis://localhost", "localhost", "", "", "", 6379, 0 },
		{ "redis://localhost/", "localhost", "", "", "", 6379, 0 },
		{ "redis://10.0.0.1:7000/3", "10.0.0.1", "", "", "", 7000, 3 },
		{ "redis://[::1]:7000", "::1", "", "", "", 7000, 0 },
		{ "redis://[::1]", "::1", "", "", "", 6379, 0 },
		{ "redis://:secret@h", "h", "", "secret", "", 6379, 0 },
		{ "redis://u:p@h:1/2", "h", "u", "p", "", 1, 2 },
		{ "redis://u:a%40b%2Fc%25@h", "h", "u", "a@b/c%", "", 6379, 0 },
		{ "redis://u:a@b@h", "h", "u", "a@b", "", 6379, 0 },
		{ "unix:///run/redis.sock", "", "", "", "/run/redis.sock", 6379, 0 },
		{ "unix:///run/redis.sock?db=4", "", "", "", "/run/redis.sock", 6379, 4 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct redis_url url;

		assert_int_equal(redis_url_parse(&url, cases[i].text), 0);
		assert_string_equal(url.host, cases[i].host);
		assert_string_equal(url.user, cases[i].user);
		assert_string_equal(url.password, cases[i].password);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.db, cases[i].db);
	}
}

static void what_is_no_url_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost:6379",
		"http://h",
		"redis://",
		"redis://:6379",
		"redis://h:",
		"redis://h:x",
		"redis://h:65536",
		"redis://h:0",
		"redis://h/x",
		"redis://h/-1",
		"redis://[::1",
		"redis://[::1]x",
		"redis://u:%4@h",
		"redis://u:%zz@h",
		"redis://u:%4g@h",
		"redis://u:%00@h",
		"unix://",
		"unix:///",
		"unix://relative",
		"unix:///x?db=a",
	};
	struct redis_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (redis_url_parse(&url, bad[i]) != REDIS_URL_E_SYNTAX)
			fail_msg("\"%s\" was taken", bad[i]);
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
}

static void tls_is_refused_with_a_reason(void **state)
{
	struct redis_url url;
	(void)state;

	assert_int_equal(redis_url_parse(&url, "rediss://h"), REDIS_URL_E_TLS);
	assert_non_null(strstr(redis_url_strerror(REDIS_URL_E_TLS), "TLS"));
	assert_non_null(strstr(redis_url_strerror(REDIS_URL_E_SYNTAX), "redis://"));
}

static void an_address_is_there_once_it_was_resolved(void **state)
{
	char address[INET6_ADDRSTRLEN];
	struct redis_url url;
	(void)state;

	assert_int_equal(redis_url_parse(&url, "redis://127.0.0.1"), 0);
	assert_false(redis_url_address(&url, address));
	assert_int_equal(redis_url_resolve(&url), 0);
	assert_true(redis_url_address(&url, address));
	assert_string_equal(address, "127.0.0.1");
}

/* Redis listens on 127.0.0.1 wherever it listens on loopback at all. */
static void localhost_is_looked_for_on_ipv4_first(void **state)
{
	char address[INET6_ADDRSTRLEN];
	struct redis_url url;
	(void)state;

	assert_int_equal(redis_url_parse(&url, "redis://localhost"), 0);
	assert_int_equal(redis_url_resolve(&url), 0);
	assert_true(redis_url_address(&url, address));
	assert_string_equal(address, "127.0.0.1");
}

static void a_failed_lookup_keeps_the_last_address(void **state)
{
	char address[INET6_ADDRSTRLEN];
	struct redis_url url;
	(void)state;

	assert_int_equal(redis_url_parse(&url, "redis://127.0.0.1"), 0);
	assert_int_equal(redis_url_resolve(&url), 0);
	strcpy(url.host, "no such host");
	assert_int_equal(redis_url_resolve(&url), REDIS_URL_E_RESOLVE);
	assert_true(redis_url_address(&url, address));
	assert_string_equal(address, "127.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_taken_apart),
		cmocka_unit_test(what_is_no_url_is_refused),
		cmocka_unit_test(parts_that_do_not_fit_are_refused),
		cmocka_unit_test(tls_is_refused_with_a_reason),
		cmocka_unit_test(an_address_is_there_once_it_was_resolved),
		cmocka_unit_test(localhost_is_looked_for_on_ipv4_first),
		cmocka_unit_test(a_failed_lookup_keeps_the_last_address),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
