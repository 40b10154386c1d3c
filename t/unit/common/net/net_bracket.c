#include "common/net/net_bracket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *url, const char *wanted)
{
	struct buf out = { 0 };

	net_bracket_url(&out, url);
	assert_string_equal(buf_str(&out), wanted);
	buf_deinit(&out);
}

static void a_bare_address_gets_brackets(void **state)
{
	(void)state;
	check("http://fd00::7:9001/ingest", "http://[fd00::7]:9001/ingest");
	check("http://fd00:10:244:1:0:0:0:7:9001/ingest",
	      "http://[fd00:10:244:1:0:0:0:7]:9001/ingest");
	check("https://fd00::7", "https://[fd00::7]");
	check("http://2001:db8:1:2:3:4:5:6?x", "http://[2001:db8:1:2:3:4:5:6]?x");
	check("http://::1:80", "http://[::1]:80");
}

static void everything_else_stays(void **state)
{
	static const char *const same[] = {
		"http://[fd00::7]:9001/ingest",
		"http://10.0.0.7:9001/ingest",
		"http://host/a::1",
		"http://host:80",
		"http://:80/",
		"",
		"nothing",
		"http://",
		"http://a:b:c:d/",
		"http://fd00::77777:1/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		check(same[i], same[i]);
}

static void a_long_host_stays(void **state)
{
	char url[4096] = "http://";

	(void)state;
	memset(url + 7, ':', sizeof(url) - 8);
	url[sizeof(url) - 1] = '\0';
	check(url, url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_address_gets_brackets),
		cmocka_unit_test(everything_else_stays),
		cmocka_unit_test(a_long_host_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("net_bracket", tests, NULL, NULL);
}
