#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/discover/discover_target.h"

static void test_says_what_is_listed(void **state)
{
	static const struct {
		const char *text, *id, *url;
		double weight;
	} cases[] = {
		{ "a1=http://h:9001/ingest*0.5", "a1", "http://h:9001/ingest", 0.5 },
		{ "a1=http://h:9001/ingest", "a1", "http://h:9001/ingest", 1 },
		{ "http://10.0.0.7:9001=0.5", "10.0.0.7-9001", "http://10.0.0.7:9001/ingest", 0.5 },
		{ "http://h*2", "h-80", "http://h/ingest", 2 },
		{ "https://[::1]/x*0", "--1-443", "https://[::1]/x", 0 },
		{ "http://h:1/p?x=1", "h-1", "http://h:1/p?x=1", 1 },
		{ "http://h:1/p?x=1*3", "h-1", "http://h:1/p?x=1", 3 },
		{ "grpc://h:4317*0.5", "h-4317", "grpc://h:4317", 0.5 },
		{ "a=grpcs://h=0.5", "a", "grpcs://h", 0.5 },
		{ "a=h2c://h:1", "a", "h2c://h:1/ingest", 1 },
		{ "a=http://h:1/*1e3", "a", "http://h:1/", 1000 },
		{ "a=http://h:1/x*2-", "a", "http://h:1/x*2-", 1 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target t;

		assert_null(target_parse(&t, cases[i].text));
		assert_string_equal(t.id, cases[i].id);
		assert_string_equal(t.url, cases[i].url);
		assert_true(t.weight == cases[i].weight);
		assert_int_equal(t.accepts, ACCEPTS_BATCH);
	}
}

static void test_takes_the_kind_of_delivery(void **state)
{
	struct target t;
	(void)state;

	assert_null(target_parse(&t, "a=http://h:1/x*2;accepts=packet"));
	assert_int_equal(t.accepts, ACCEPTS_PACKET);
	assert_string_equal(t.url, "http://h:1/x");
	assert_non_null(target_parse(&t, "a=http://h:1/x*2;accepts=letters"));
	assert_null(target_parse(&t, " \thttp://h:1=0.3"));
	assert_string_equal(t.url, "http://h:1/ingest");
	assert_int_equal(t.encoding, ENCODING_NONE);
	assert_null(target_parse(&t, "a=http://h:1/x*2;encoding=gzip;accepts=packet"));
	assert_true(t.weight == 2 && t.encoding == ENCODING_GZIP && t.accepts == ACCEPTS_PACKET);
	assert_null(target_parse(&t, "http://h:1/*;accepts=request;encoding=gzip"));
	assert_true(t.encoding == ENCODING_GZIP && t.accepts == ACCEPTS_REQUEST);
	assert_non_null(target_parse(&t, "a=http://h:1/x*2;encoding=br"));
}

static void test_refuses_what_names_no_analyzer(void **state)
{
	static const char *const texts[] = {
		"",
		"a1",
		"a1=",
		"a1=ftp://h/",
		"a/1=http://h/",
		"=http://h/",
		"http://",
		"http://h:0/",
		"http://h:99999/",
		"http://u@h/",
		"http://h/x*-1",
		"http://h/x*1e9",
	};
	static char longest[2000];
	struct target t;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_non_null(target_parse(&t, texts[i]));
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "http://h/", 9);
	assert_non_null(target_parse(&t, longest));
	longest[600] = '\0';
	assert_non_null(target_parse(&t, longest));
}

static void test_makes_ids_of_any_host(void **state)
{
	char id[ANALYZER_ID_MAX + 1], other[ANALYZER_ID_MAX + 1], host[200] = "";
	(void)state;

	target_make_id("loki", "fd00::7", 3100, id);
	assert_string_equal(id, "loki-fd00--7-3100");
	memset(host, 'h', sizeof(host) - 1);
	target_make_id("", host, 1, id);
	target_make_id("", host, 2, other);
	assert_true(roster_is_id(id));
	assert_int_equal(strlen(id), ANALYZER_ID_MAX);
	assert_string_not_equal(id, other);
}

static void test_the_spec_stands_for_all_of_it(void **state)
{
	struct target a, b;
	(void)state;

	assert_null(target_parse(&a, "a1=http://h:1/x*2"));
	b = a;
	target_write_spec(&a, "static");
	target_write_spec(&b, "static");
	assert_string_equal(a.spec, b.spec);
	target_write_spec(&b, "file /x");
	assert_string_not_equal(a.spec, b.spec);
	b.weight = 2.5;
	target_write_spec(&b, "static");
	assert_string_not_equal(a.spec, b.spec);
}

static void test_addresses_have_the_bound_of_registrations(void **state)
{
	const char *const entries[] = { "10.0.0.0/8" };
	struct net_allow *allow;
	const char *bad, *why;
	struct target t;
	(void)state;

	assert_int_equal(net_allow_new(entries, 1, &allow, &bad, &why), 0);
	assert_null(target_parse(&t, "http://10.1.2.3:9001"));
	assert_null(target_refuses(&t, allow));
	assert_null(target_parse(&t, "http://192.168.1.1:9001"));
	assert_non_null(target_refuses(&t, allow));
	assert_null(target_parse(&t, "http://a.name:9001"));
	assert_null(target_refuses(&t, allow));
	net_allow_free(allow);
}

static void test_a_list_holds_what_a_pool_holds(void **state)
{
	struct target_list list = { 0 };
	struct target t;
	(void)state;

	assert_null(target_parse(&t, "http://h:1"));
	for (unsigned i = 0; i < TARGETS_MOST; i++)
		assert_true(target_list_add(&list, &t));
	assert_false(target_list_add(&list, &t));
	target_list_deinit(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says_what_is_listed),
		cmocka_unit_test(test_takes_the_kind_of_delivery),
		cmocka_unit_test(test_refuses_what_names_no_analyzer),
		cmocka_unit_test(test_makes_ids_of_any_host),
		cmocka_unit_test(test_the_spec_stands_for_all_of_it),
		cmocka_unit_test(test_addresses_have_the_bound_of_registrations),
		cmocka_unit_test(test_a_list_holds_what_a_pool_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
