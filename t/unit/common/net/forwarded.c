#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/net/forwarded.h"

/* Of a list that came from 10.0.0.1, where 10.0.0.0/8 is trusted. */
static void expect_client(const char *list, const char *client)
{
	static const char *const ranges[] = { "10.0.0.0/8" };
	struct net_allow *proxies = NULL;
	const char *bad, *why;
	struct net_addr addr;
	char text[NET_ADDR_STRLEN];

	assert_int_equal(net_allow_new(ranges, 1, &proxies, &bad, &why), 0);
	assert_int_equal(net_addr_numeric(&addr, "10.0.0.1", 0), 0);
	forwarded_read(proxies, list, strlen(list), &addr);
	net_addr_format(&addr, text);
	*strrchr(text, ':') = '\0';
	assert_string_equal(text, client);
	net_allow_free(proxies);
}

static void the_last_that_is_no_proxy_is_the_client(void **state UNUSED)
{
	expect_client("192.0.2.1", "192.0.2.1");
	expect_client("198.51.100.9, 192.0.2.1", "192.0.2.1");
	expect_client("198.51.100.9,192.0.2.1 ,10.0.0.2", "192.0.2.1");
	expect_client("2001:db8::1, 10.0.0.2", "[2001:db8::1]");
	expect_client("10.0.0.3, 10.0.0.2", "10.0.0.3");
}

static void what_is_no_address_ends_the_search(void **state UNUSED)
{
	expect_client("", "10.0.0.1");
	expect_client("unknown", "10.0.0.1");
	expect_client("192.0.2.1, evil\x1b[2J, 10.0.0.2", "10.0.0.2");
	expect_client("192.0.2.1,, 10.0.0.2", "10.0.0.2");
	expect_client("192.0.2.1, "
		      "1111111111111111111111111111111111111111111111111111111111111111111111",
		      "10.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_that_is_no_proxy_is_the_client),
		cmocka_unit_test(what_is_no_address_ends_the_search),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
