#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/net/net_allow.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct net_allow *made(const char *const *entries)
{
	struct net_allow *allow = NULL;
	const char *bad, *why;
	size_t n = 0;

	while (entries[n])
		n++;
	assert_int_equal(net_allow_new(entries, n, &allow, &bad, &why), 0);
	return allow;
}

static const char *refused(const char *const *entries, const char *host, const char *address)
{
	struct net_allow *allow = made(entries);
	struct net_addr addr;
	const char *why;

	assert_int_equal(net_addr_numeric(&addr, address, 80), 0);
	why = net_allow_refuses(allow, host, &addr);
	net_allow_free(allow);
	return why;
}

#define ALLOWED(list, address) assert_null(refused(list, address, address))
#define REFUSED(list, address) assert_non_null(refused(list, address, address))

static void a_range_has_its_addresses_and_no_others(void **state)
{
	(void)state;
	ALLOWED(LIST("10.0.0.0/8"), "10.0.0.0");
	ALLOWED(LIST("10.0.0.0/8"), "10.255.255.255");
	REFUSED(LIST("10.0.0.0/8"), "9.255.255.255");
	REFUSED(LIST("10.0.0.0/8"), "11.0.0.0");
	ALLOWED(LIST("172.16.0.0/12"), "172.31.255.255");
	REFUSED(LIST("172.16.0.0/12"), "172.32.0.0");
	REFUSED(LIST("172.16.0.0/12"), "172.15.255.255");
	ALLOWED(LIST("192.0.2.7"), "192.0.2.7");
	REFUSED(LIST("192.0.2.7"), "192.0.2.6");
	ALLOWED(LIST("192.0.2.7/32"), "192.0.2.7");
	ALLOWED(LIST("8.8.8.8/32", "fc00::/7"), "fdff::1");
	REFUSED(LIST("fc00::/7"), "fe00::1");
	ALLOWED(LIST("::1"), "::1");
	REFUSED(LIST("::1"), "::2");
	ALLOWED(LIST("2001:db8::/33"), "2001:db8:7fff::1");
	REFUSED(LIST("2001:db8::/33"), "2001:db8:8000::1");
}

static void all_of_ipv4_is_not_ipv6(void **state)
{
	(void)state;
	ALLOWED(LIST("0.0.0.0/0"), "8.8.8.8");
	REFUSED(LIST("0.0.0.0/0"), "2001:db8::1");
	ALLOWED(LIST("::/0"), "2001:db8::1");
	REFUSED(LIST("::/0"), "8.8.8.8");
	REFUSED(LIST("::/0"), "::ffff:8.8.8.8");
}

static void ipv4_within_ipv6_counts_as_ipv4(void **state)
{
	(void)state;
	ALLOWED(LIST("127.0.0.0/8"), "::ffff:127.0.0.1");
	REFUSED(LIST("127.0.0.0/8"), "::ffff:8.8.8.8");
	REFUSED(LIST("::/0", "0.0.0.0/0"), "::ffff:169.254.169.254");
	REFUSED(LIST("::/0", "0.0.0.0/0"), "64:ff9b::169.254.169.254");
	ALLOWED(LIST("::ffff:10.0.0.0/104"), "10.1.1.1");
	REFUSED(LIST("::ffff:10.0.0.0/104"), "11.1.1.1");
}

static void metadata_and_the_like_are_open_to_those_alone_who_name_them(void **state)
{
	static const char *const addresses[] = {
		"169.254.169.254", "169.254.0.1",
		"0.0.0.0",         "0.1.2.3",
		"fe80::1",         "fd00:ec2::254",
		"fd20:ce::254",    "100.100.100.200",
		"192.0.0.192",     "::",
		"168.63.129.16",   "255.255.255.255",
		"224.0.0.1",       "ff02::1",
		"::ffff:0.0.0.0",  "::ffff:169.254.1.1",
	};
	static const char *const metadata = "169.254.169.254";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		REFUSED(LIST("0.0.0.0/0", "::/0", "fc00::/7", "100.64.0.0/10", "*"), addresses[i]);
		ALLOWED(LIST(addresses[i]), addresses[i]);
	}
	assert_non_null(refused(LIST("*"), "metadata.google.internal", metadata));
	assert_null(refused(LIST("169.254.169.254"), "metadata.google.internal", metadata));
	ALLOWED(LIST("169.254.0.0/16"), metadata);
	REFUSED(LIST("169.254.0.0/17"), metadata);
	REFUSED(LIST("168.0.0.0/7"), metadata);
}

static void a_pattern_allows_a_name_wherever_it_leads(void **state)
{
	(void)state;
	assert_null(refused(LIST("*.example.com"), "a.example.com", "8.8.8.8"));
	assert_null(refused(LIST("*.example.com"), "A.b.Example.COM.", "2001:db8::1"));
	assert_non_null(refused(LIST("*.example.com"), "example.com", "8.8.8.8"));
	assert_non_null(refused(LIST("*.example.com"), "a.example.com.evil.net", "8.8.8.8"));
	assert_non_null(refused(LIST("*.example.com"), "aXexample.com", "8.8.8.8"));
	assert_null(refused(LIST("10.0.0.0/8"), "any.name", "10.0.0.1"));
	assert_non_null(refused(LIST("10.0.0.0/8"), "any.name", "8.8.8.8"));
	assert_non_null(refused(LIST("*"), "8.8.8.8", "8.8.8.8")); /* no name */
	assert_non_null(refused(LIST("*"), "134744072", "8.8.8.8"));
	assert_null(refused(LIST("*"), "dns.google", "8.8.8.8"));
}

static void stars_stand_for_anything(void **state)
{
	static const struct {
		const char *pattern, *host;
		bool matches;
	} cases[] = {
		{ "h", "h", true },         { "h", "H.", true },
		{ "h", "h.h", false },      { "a*", "a", true },
		{ "a*c", "abcabc", true },  { "a*c", "abcab", false },
		{ "*a*b*", "xaxbx", true }, { "*a*b*", "xbxax", false },
		{ "**", "x", true },        { "analyzer-*", "analyzer-1", true },
		{ "*.svc", "svc", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct net_allow *allow = made(LIST(cases[i].pattern));

		assert_int_equal(net_allow_has_name(allow, cases[i].host), cases[i].matches);
		net_allow_free(allow);
	}
}

static void a_hostile_pattern_takes_no_time(void **state)
{
	char pattern[256], host[4096];
	struct net_allow *allow;

	(void)state;
	for (size_t i = 0; i < 254; i += 2)
		memcpy(pattern + i, "*a", 2);
	strcpy(pattern + 254, "b");
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	allow = made(LIST(pattern));
	assert_false(net_allow_has_name(allow, host));
	assert_false(net_allow_has_name(allow, ""));
	assert_false(net_allow_has_name(allow, "."));
	net_allow_free(allow);
}

static void what_is_neither_is_told(void **state)
{
	static const char *const wrong[] = {
		"",
		"10.0.0.0/33",
		"10.0.0.0/",
		"10.0.0.0/-1",
		"10.0.0.0/8/8",
		"10.0.0.1/8",
		"10.0.0",
		"10.*",
		"1",
		"::1/129",
		"fd00::1/8",
		"010.0.0.0/8",
		"10.0.0.0/08x",
		"a b",
		"a,b",
		"http://h",
		"[::1]",
		"h:80",
		"/8",
		"::ffff:0:0/95",
		"10.0.0.0/ 8",
		"10.0.0.0/0x8",
		"fe80::1%lo",
		"h\n",
		"\xff.com",
		"10.0.0.0/4294967304",
		"10.0.0.0/00000008",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct net_allow *allow = NULL;
		const char *bad = NULL, *why = NULL;

		assert_int_equal(net_allow_new(&wrong[i], 1, &allow, &bad, &why), NET_E_SYNTAX);
		assert_null(allow);
		assert_ptr_equal(bad, wrong[i]);
		assert_non_null(why);
	}
}

static void no_list_allows_all_and_an_empty_one_nothing(void **state)
{
	static const char *const none[] = { NULL };
	struct net_addr addr;

	(void)state;
	assert_int_equal(net_addr_numeric(&addr, "169.254.169.254", 80), 0);
	assert_null(net_allow_refuses(NULL, "169.254.169.254", &addr));
	REFUSED(none, "127.0.0.1");
	addr.sa.ss_family = AF_UNIX;
	assert_non_null(refused(none, "h", "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_its_addresses_and_no_others),
		cmocka_unit_test(all_of_ipv4_is_not_ipv6),
		cmocka_unit_test(ipv4_within_ipv6_counts_as_ipv4),
		cmocka_unit_test(metadata_and_the_like_are_open_to_those_alone_who_name_them),
		cmocka_unit_test(a_pattern_allows_a_name_wherever_it_leads),
		cmocka_unit_test(stars_stand_for_anything),
		cmocka_unit_test(a_hostile_pattern_takes_no_time),
		cmocka_unit_test(what_is_neither_is_told),
		cmocka_unit_test(no_list_allows_all_and_an_empty_one_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/net_allow", tests, NULL, NULL);
}
