#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/probe.h"

static void health_is_beside_the_delivery_url(void **state)
{
	static const struct {
		const char *url, *health;
	} cases[] = {
		{ "http://h:9001/ingest", "http://h:9001/health" },
		{ "http://h:9001/a/b/ingest", "http://h:9001/a/b/health" },
		{ "http://h:9001/a/", "http://h:9001/a/health" },
		{ "http://h:9001/", "http://h:9001/health" },
		{ "http://h:9001", "http://h:9001/health" },
		{ "http://h/ingest?x=/y/z", "http://h/health" },
		{ "http://h?x=/y", "http://h/health" },
		{ "https://[::1]:9/a/ingest#b/c", "https://[::1]:9/a/health" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[ANALYZER_URL_MAX + 8];

		probe_health_url(cases[i].url, out);
		assert_string_equal(out, cases[i].health);
	}
}

static void the_longest_url_fits(void **state)
{
	char url[ANALYZER_URL_MAX + 1] = "http://", out[ANALYZER_URL_MAX + 8];
	(void)state;

	memset(url + 7, 'h', ANALYZER_URL_MAX - 7);
	url[ANALYZER_URL_MAX] = '\0';
	probe_health_url(url, out);
	assert_int_equal(strlen(out), ANALYZER_URL_MAX + 7);
	assert_string_equal(out + ANALYZER_URL_MAX, "/health");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_is_beside_the_delivery_url),
		cmocka_unit_test(the_longest_url_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/probe", tests, NULL, NULL);
}
