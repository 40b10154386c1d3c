#include "common/net/net_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int check(const char *text)
{
	struct net_addr addr;

	assert_int_equal(net_addr_parse(&addr, text), 0);
	return net_check_local(&addr);
}

static void an_address_of_another_machine_is_refused(void **state)
{
	(void)state;
	assert_int_equal(check("127.0.0.1:0"), 0);
	assert_int_equal(check("192.0.2.1:0"), -EADDRNOTAVAIL);
}

static void a_port_in_use_is_fine(void **state)
{
	struct net_addr addr;
	int fd;

	(void)state;
	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:0"), 0);
	assert_int_equal(net_listen(&addr, false, 1, &fd), 0);
	assert_int_equal(net_local_addr(fd, &addr), 0);
	assert_int_equal(net_check_local(&addr), 0);
	close(fd);
}

static void one_port_is_not_enough_for_two(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{ "127.0.0.1:8080", "127.0.0.1:8080", true },
		{ "127.0.0.1:8080", "127.0.0.1:8081", false },
		{ "127.0.0.1:8080", "127.0.0.2:8080", false },
		{ "127.0.0.1:8080", ":8080", true },
		{ "0.0.0.0:8080", "127.0.0.1:8080", true },
		{ "[::1]:8080", "127.0.0.1:8080", false },
		{ "[::1]:8080", "[::1]:8080", true },
		{ ":0", ":0", false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_addr a, b;

		assert_int_equal(net_addr_parse(&a, cases[i].a), 0);
		assert_int_equal(net_addr_parse(&b, cases[i].b), 0);
		assert_int_equal(net_overlap(&a, &b), cases[i].overlap);
		assert_int_equal(net_overlap(&b, &a), cases[i].overlap);
	}
}

static void it_says_what_to_write(void **state)
{
	char why[NET_WHY_STRLEN];

	(void)state;
	net_explain(NET_E_SYNTAX, "8080", why);
	assert_string_equal(why,
			    "is no HOST:PORT: write :8080 for all addresses, or 127.0.0.1:8080");
	net_explain(NET_E_SYNTAX, "99999", why);
	assert_non_null(strstr(why, "such as :8080"));
	net_explain(NET_E_SYNTAX, "nowhere", why);
	assert_non_null(strstr(why, "such as :8080"));
	net_explain(NET_E_RESOLVE, "x:1", why);
	assert_non_null(strstr(why, "does not resolve"));
	net_explain(-EADDRNOTAVAIL, "192.0.2.1:1", why);
	assert_non_null(strstr(why, strerror(EADDRNOTAVAIL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_of_another_machine_is_refused),
		cmocka_unit_test(a_port_in_use_is_fine),
		cmocka_unit_test(one_port_is_not_enough_for_two),
		cmocka_unit_test(it_says_what_to_write),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/net/net_check", tests, NULL, NULL);
}
