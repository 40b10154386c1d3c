/* URLs of servers. */
#include "common/net/net_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void urls_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool tls;
		const char *path;
	} cases[] = {
		{ "http://a.example", "a.example", 80, false, "/" },
		{ "https://a.example", "a.example", 443, true, "/" },
		{ "HTTP://127.0.0.1:9001/ingest", "127.0.0.1", 9001, false, "/ingest" },
		{ "http://[::1]:9001/a/b?c=d&e", "::1", 9001, false, "/a/b?c=d&e" },
		{ "https://[::1]/", "::1", 443, true, "/" },
		{ "http://h:1?q=http://x:2/", "h", 1, false, "/?q=http://x:2/" },
		{ "http://h/p#fragment", "h", 80, false, "/p" },
		{ "http://h#fragment", "h", 80, false, "/" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_url url;

		assert_int_equal(net_url_parse(&url, cases[i].text), 0);
		assert_string_equal(url.host, cases[i].host);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.tls, cases[i].tls);
		assert_string_equal(url.path, cases[i].path);
	}
}

static void other_urls_are_refused(void **state)
{
	static const char *const texts[] = { "",
					     "h:80",
					     "//h/",
					     "ftp://h/",
					     "redis://h/",
					     "http:/h/",
					     "http://",
					     "http:///p",
					     "http://:80/",
					     "http://h:/",
					     "http://h:0/",
					     "http://h:99999/",
					     "http://h:8x/",
					     "http://u@h/",
					     "http://u:p@h:80/",
					     "http://[::1/",
					     "http://[]/",
					     "http://a b/",
					     "http://h/a b",
					     "http://h/\r\nX: y",
					     "http://::1/" };
	char long_url[2000];
	struct net_url url;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int r = net_url_parse(&url, texts[i]);

		if (r != NET_E_SYNTAX)
			print_error("\"%s\" gave %d\n", texts[i], r);
		assert_int_equal(r, NET_E_SYNTAX);
	}
	memset(long_url, 'a', sizeof(long_url));
	memcpy(long_url, "http://h/", 9);
	long_url[7 + 1 + 1023] = '\0'; /* a path of 1023 just fits */
	assert_int_equal(net_url_parse(&url, long_url), 0);
	long_url[7 + 1 + 1023] = 'a';
	long_url[7 + 1 + 1024] = '\0';
	assert_int_equal(net_url_parse(&url, long_url), NET_E_SYNTAX);
	memcpy(long_url, "http://a", 8);
	assert_int_equal(net_url_parse(&url, long_url), NET_E_SYNTAX);
}

static void analyzers_have_more_schemes(void **state)
{
	static const struct {
		const char *text;
		enum net_scheme scheme;
		uint16_t port;
		bool tls;
		const char *path;
	} cases[] = {
		{ "http://h/x", NET_HTTP, 80, false, "/x" },
		{ "https://h", NET_HTTPS, 443, true, "/" },
		{ "h2c://h:1/x?y", NET_H2C, 1, false, "/x?y" },
		{ "H2C://h", NET_H2C, 80, false, "/" },
		{ "grpc://h:9005", NET_GRPC, 9005, false, "/" },
		{ "grpc://h", NET_GRPC, 4317, false, "/" },
		{ "grpcs://[::1]:9005/", NET_GRPCS, 9005, true, "/" },
	};
	struct net_url url;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(net_url_parse_analyzer(&url, cases[i].text), 0);
		assert_int_equal(url.scheme, cases[i].scheme);
		assert_int_equal(url.port, cases[i].port);
		assert_int_equal(url.tls, cases[i].tls);
		assert_string_equal(url.path, cases[i].path);
		assert_int_equal(net_url_parse(&url, cases[i].text),
				 cases[i].scheme <= NET_HTTPS ? 0 : NET_E_SYNTAX);
	}
}

static void other_analyzers_are_refused(void **state)
{
	static const char *const texts[] = { "grpc://h:1/x",  "grpc://h:1/*", "grpc://h?x",
					     "grpcs://h:1//", "grpc:/h",      "h2://h",
					     "h2c://",        "grpc://u@h",   "grpc://h:0",
					     "grpcss://h",    "ftp://h",      "" };
	struct net_url url;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(net_url_parse_analyzer(&url, texts[i]), NET_E_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(other_urls_are_refused),
		cmocka_unit_test(analyzers_have_more_schemes),
		cmocka_unit_test(other_analyzers_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
