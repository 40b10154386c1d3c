#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/registration.h"

static void urls_name_the_analyzer_below_the_admin_port(void **state)
{
	static const struct {
		const char *base;
		const char *suffix;
		const char *url;
	} cases[] = {
		{ "http://h:1", "", "http://h:1/v1/analyzers/a1" },
		{ "http://h:1/", "/heartbeat", "http://h:1/v1/analyzers/a1/heartbeat" },
		{ "http://h/weir//", "", "http://h/weir/v1/analyzers/a1" },
	};
	struct buf url = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		buf_clear(&url);
		registration_url(&url, cases[i].base, "a1", cases[i].suffix);
		assert_string_equal(buf_str(&url), cases[i].url);
	}
	buf_deinit(&url);
}

static void the_delivery_url_is_where_it_listens(void **state)
{
	struct buf url = { 0 };
	struct net_addr addr;
	(void)state;

	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:9001"), 0);
	registration_delivery_url(&url, "http", &addr, "/ingest");
	assert_string_equal(buf_str(&url), "http://127.0.0.1:9001/ingest");
	buf_deinit(&url);
}

static void on_any_address_the_delivery_url_has_the_host_name(void **state)
{
	char host[256], expected[300];
	struct buf url = { 0 };
	struct net_addr addr;
	(void)state;

	assert_int_equal(gethostname(host, sizeof(host)), 0);
	snprintf(expected, sizeof(expected), "http://%s:9001/ingest", host);
	assert_int_equal(net_addr_parse(&addr, "0.0.0.0:9001"), 0);
	registration_delivery_url(&url, "http", &addr, "/ingest");
	assert_string_equal(buf_str(&url), expected);
	buf_clear(&url);
	assert_int_equal(net_addr_parse(&addr, ":9001"), 0);
	registration_delivery_url(&url, "http", &addr, "/ingest");
	assert_string_equal(buf_str(&url), expected);
	buf_deinit(&url);
}

static void bodies_say_what_the_config_says(void **state)
{
	struct member member = { .url = "http://h/ingest",
				 .weight = 0.5,
				 .ttl_ms = 10000,
				 .accepts = "batch",
				 .max_batch_packets = 256,
				 .max_batch_bytes = 1048576 };
	struct buf body = { 0 };
	(void)state;

	registration_body(&body, &member, "i1", 5);
	assert_string_equal(buf_str(&body),
			    "{\"url\":\"http://h/ingest\",\"weight\":0.5,\"ttl_ms\":10000,"
			    "\"accepts\":\"batch\",\"max_batch_packets\":256,"
			    "\"max_batch_bytes\":1048576,\"version\":\"" WEIR_VERSION
			    "\",\"instance\":\"i1\",\"started_ms\":5}");
	buf_clear(&body);
	member.slow_start_ms = 5000;
	member.accepts = "packet";
	member.delivery_token = "a-token-of-16-chars";
	registration_body(&body, &member, "i1", 5);
	assert_non_null(strstr(buf_str(&body), "\"delivery_token\":\"a-token-of-16-chars\""));
	assert_non_null(strstr(buf_str(&body), "\"accepts\":\"packet\""));
	assert_non_null(strstr(buf_str(&body), "\"slow_start_ms\":5000"));
	buf_clear(&body);
	member.encoding = "gzip";
	member.headers =
		&(struct conf_list){ (char *[]){ "Authorization: Basic YTpi", "X-A:b " }, 2 };
	registration_body(&body, &member, "i1", 5);
	assert_non_null(strstr(buf_str(&body), "\"encoding\":\"gzip\""));
	assert_non_null(strstr(buf_str(&body), "\"headers\":{\"Authorization\":\"Basic YTpi\","
					       "\"X-A\":\"b\"}"));
	buf_clear(&body);
	registration_heartbeat_body(&body, "i\"1", 123456789012);
	assert_string_equal(buf_str(&body), "{\"instance\":\"i\\\"1\",\"processed\":123456789012}");
	buf_clear(&body);
	registration_heartbeat_body(&body, "i1", PROCESSED_UNKNOWN);
	assert_string_equal(buf_str(&body), "{\"instance\":\"i1\"}");
	buf_deinit(&body);
}

static void a_lease_is_read_from_the_answer(void **state)
{
	struct lease lease;
	(void)state;

	assert_int_equal(
		registration_parse(&lease, "{\"instance\":\"i1\",\"heartbeat_ms\":2500}", 9000), 0);
	assert_string_equal(lease.instance, "i1");
	assert_int_equal(lease.heartbeat_ms, 2500);
	assert_int_equal(registration_parse(&lease, "{\"instance\":\"i2\"}", 9000), 0);
	assert_int_equal(lease.heartbeat_ms, 3000);
	assert_int_equal(
		registration_parse(&lease, "{\"instance\":\"i\",\"heartbeat_ms\":1}", 9000), 0);
	assert_int_equal(lease.heartbeat_ms, 100);
}

static void an_answer_without_a_lease_is_an_error(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"instance\":7}",
		"{\"instance\":\"i\",\"heartbeat_ms\":\"soon\"}",
		"{\"instance\":\"i\",\"heartbeat_ms\":0}",
		"<html>",
	};
	char answer[300] = "{\"instance\":\"";
	struct lease lease;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (registration_parse(&lease, bad[i], 9000) != REGISTRATION_E_ANSWER)
			fail_msg("taken: %s", bad[i]);
	memset(answer + strlen(answer), 'x', INSTANCE_STRLEN);
	strcat(answer, "\"}");
	assert_int_equal(registration_parse(&lease, answer, 9000), REGISTRATION_E_ANSWER);
}

static void a_heartbeat_answers_the_fault(void **state)
{
	char fault[FAULT_STRLEN];
	(void)state;

	assert_int_equal(registration_parse_heartbeat(fault, "{\"fault\":\"slow:5\"}"), 0);
	assert_string_equal(fault, "slow:5");
	assert_int_equal(registration_parse_heartbeat(fault, "{\"epoch\":7,\"fault\":null}"), 0);
	assert_string_equal(fault, "");
	assert_int_equal(registration_parse_heartbeat(fault, "{}"), 0);
	assert_string_equal(fault, "");
	assert_int_equal(registration_parse_heartbeat(fault, ""), REGISTRATION_E_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_name_the_analyzer_below_the_admin_port),
		cmocka_unit_test(the_delivery_url_is_where_it_listens),
		cmocka_unit_test(on_any_address_the_delivery_url_has_the_host_name),
		cmocka_unit_test(bodies_say_what_the_config_says),
		cmocka_unit_test(a_lease_is_read_from_the_answer),
		cmocka_unit_test(an_answer_without_a_lease_is_an_error),
		cmocka_unit_test(a_heartbeat_answers_the_fault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
