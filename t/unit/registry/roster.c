#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/roster.h"
#include "t/unit/near.h"

static const char two[] =
	"{\"epoch\":7,\"now_ms\":1,\"slots\":4,\"analyzers\":["
	"{\"id\":\"b\",\"slot\":1,\"url\":\"http://b/"
	"\",\"weight\":0.5,\"share\":0.25,\"state\":\"draining\","
	"\"health\":\"suspect\",\"lease_ms\":900,\"info\":\"{\\\"accepts\\\":\\\"packet\\\","
	"\\\"instance\\\":\\\"i\\\","
	"\\\"ttl_ms\\\":3000,\\\"declared\\\":\\\"0.75\\\"}\",\"credit\":-1.5,\"routed\":10,"
	"\"delivered\":9,"
	"\"delivered_packets\":3,\"forgiven\":2,\"processed\":8},"
	"{\"id\":\"a\",\"slot\":3,\"url\":\"http://a/"
	"\",\"weight\":2,\"share\":0.75,\"state\":\"active\","
	"\"health\":\"up\",\"lease_ms\":100,\"info\":\"{\\\"max_batch_packets\\\":9,\\\"max_batch_"
	"bytes\\\":70000}\","
	"\"credit\":1.5,\"routed\":1,\"delivered\":1,\"delivered_packets\":1,\"forgiven\":0,"
	"\"processed\":1}],"
	"\"gone\":[{\"routed\":100,\"delivered\":90,\"delivered_packets\":30,\"processed\":80}],"
	"\"workers\":[{\"worker\":\"n1/"
	"0\",\"info\":\"{\\\"mode\\\":\\\"leased\\\"}\",\"unreachable\":\"1,3\"}],"
	"\"retired\":[1,2,3,4],\"spill\":{\"packets\":5,\"messages\":9,\"bytes\":700},\"dead\":6,"
	"\"accounts\":{\"received\":[12,34],\"ended_in_flight\":[1,2]}}";

static void everything_is_read(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(roster_parse(two, &roster), 0);
	assert_int_equal(roster->epoch, 7);
	assert_int_equal(roster->n_slots, 4);
	const struct analyzer *b = roster_find(roster, "b");

	assert_non_null(b);
	assert_string_equal(b->url, "http://b/");
	assert_string_equal(b->instance, "i");
	assert_int_equal(b->slot, 1);
	assert_near(b->weight, 0.5, 0);
	assert_near(b->declared, 0.75, 0);
	assert_near(b->share, 0.25, 0);
	assert_int_equal(b->state, ANALYZER_DRAINING);
	assert_int_equal(b->health, HEALTH_SUSPECT);
	assert_int_equal(b->ttl_ms, 3000);
	assert_int_equal(b->lease_ms, 900);
	assert_near(b->credit, -1.5, 0);
	assert_near(b->routed + b->delivered + b->delivered_packets + b->forgiven + b->processed,
		    32, 0);
	assert_near(roster->gone_routed, 101, 0);
	assert_near(roster->gone_delivered, 92, 0);
	assert_near(roster->gone_delivered_packets, 33, 0);
	assert_near(roster->gone_processed, 80, 0);
	assert_near(roster->spill.packets, 5, 0);
	assert_near(roster->spill.messages, 9, 0);
	assert_near(roster->spill.bytes, 700, 0);
	assert_near(roster->n_dead, 6, 0);
	assert_near(roster->accounts.of[ACCOUNT_RECEIVED].messages, 34, 0);
	assert_near(roster->accounts.of[ACCOUNT_ENDED_IN_FLIGHT].packets, 1, 0);
	assert_string_equal(roster->workers[0].name, "n1/0");
	assert_string_equal(roster->workers[0].mode, "leased");
	assert_string_equal(roster->workers[0].unreachable, "1,3");
}

static void analyzers_are_sorted_and_found_by_slot(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(roster_parse(two, &roster), 0);
	assert_string_equal(roster->analyzers[0].id, "a");
	assert_string_equal(roster->by_slot[3]->id, "a");
	assert_string_equal(roster->by_slot[1]->id, "b");
	assert_null(roster->by_slot[0]);
	assert_null(roster_find(roster, "c"));
}

/* Also where nothing was allocated for it. */
static void nothing_is_found_in_an_empty_one(void **state)
{
	static const struct roster nothing;
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_null(roster_find(&nothing, "a"));
	assert_int_equal(roster_parse("{\"slots\":0}", &roster), 0);
	assert_null(roster_find(roster, "a"));
}

static void batch_limits_follow_what_was_registered(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(roster_parse(two, &roster), 0);
	assert_int_equal(roster->analyzers[0].accepts, ACCEPTS_BATCH);
	assert_int_equal(roster->analyzers[0].max_batch_packets, 9);
	assert_int_equal(roster->analyzers[0].max_batch_bytes, 70000);
	assert_int_equal(roster->analyzers[1].accepts, ACCEPTS_PACKET);
	assert_int_equal(roster->analyzers[1].max_batch_packets, 1);
}

static void a_reference_keeps_it(void **state)
{
	struct roster *roster;
	(void)state;

	assert_int_equal(roster_parse(two, &roster), 0);
	assert_ptr_equal(roster_ref(roster), roster);
	roster_unref(roster);
	assert_int_equal(roster->epoch, 7);
	roster_unref(roster);
	roster_unref(NULL);
	assert_null(roster_ref(NULL));
}

static void an_empty_pool_is_a_roster(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	/* cjson writes an empty table as an object */
	assert_int_equal(
		roster_parse("{\"epoch\":0,\"slots\":0,\"analyzers\":{},\"workers\":{},\"gone\":{},"
			     "\"retired\":[0,0,0,0]}",
			     &roster),
		0);
	assert_int_equal(roster->n_analyzers, 0);
	assert_int_equal(roster->n_workers, 0);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{\"slots\":1025}",
		"{\"slots\":-1}",
		"{\"slots\":1,\"analyzers\":[{\"id\":\"a\",\"slot\":1024}]}",
		"{\"slots\":1,\"analyzers\":[{\"id\":\"a\",\"slot\":-1}]}",
	};
	struct roster *roster = NULL;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (roster_parse(bad[i], &roster) != ROSTER_E_FORMAT)
			fail_msg("taken: %s", bad[i]);
	assert_null(roster);
}

static void what_nobody_could_register_is_left_out_counted_and_named(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(
		roster_parse(
			"{\"slots\":9,\"analyzers\":["
			"{\"id\":\"e\\r\\nSet-Cookie: x\",\"slot\":0,\"url\":\"http://h/\"},"
			"{\"id\":\"a1\",\"slot\":1,\"url\":\"http://h/\"},"
			"{\"id\":\"\",\"slot\":2},{\"slot\":3},{\"id\":\"\\u202e\",\"slot\":4},"
			"{\"id\":\"a2\",\"slot\":5,\"url\":\"http://h/\\u001b[2J\"},"
			"{\"id\":\"a3\",\"slot\":9,\"url\":\"http://h/\"},"
			"{\"id\":\"a0\",\"slot\":1,\"url\":\"http://h/\"}],"
			"\"workers\":[{\"worker\":\"n1/0\",\"info\":\"{}\"},"
			"{\"worker\":\"n\\u001b/0\",\"info\":\"{}\"}],"
			"\"n_left_out\":2,\"left_out\":\"junk\"}",
			&roster),
		0);
	assert_int_equal(roster->n_analyzers, 1);
	assert_string_equal(roster->analyzers[0].id, "a1");
	assert_ptr_equal(roster->by_slot[1], &roster->analyzers[0]);
	assert_null(roster->by_slot[0]);
	assert_int_equal(roster->n_workers, 1);
	assert_int_equal(roster->n_left_out, 10);
	assert_string_equal(roster->left_out, "analyzer e??Set-Cookie: x");
}

static void headers_that_are_none_are_left_out(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(
		roster_parse(
			"{\"slots\":9,\"analyzers\":["
			"{\"id\":\"a1\",\"slot\":0,\"url\":\"http://h/\",\"info\":"
			"\"{\\\"headers\\\":{\\\"A\\\":\\\"x\\\\r\\\\nB: y\\\"}}\"},"
			"{\"id\":\"a2\",\"slot\":1,\"url\":\"http://h/\",\"info\":"
			"\"{\\\"encoding\\\":\\\"gzip\\\",\\\"headers\\\":{\\\"A\\\":\\\"x\\\"}}\"}]}",
			&roster),
		0);
	assert_int_equal(roster->n_left_out, 1);
	assert_string_equal(roster->left_out, "headers of a1");
	assert_null(roster_find(roster, "a1")->headers);
	assert_string_equal(roster_find(roster, "a2")->headers, "A: x\r\n");
	assert_int_equal(roster_find(roster, "a2")->encoding, ENCODING_GZIP);
}

static void its_own_authorization_goes_before_a_token(void **state)
{
	struct analyzer a = { .delivery_token = "a-token-of-16-chars" };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	roster_write_headers(&a, &out);
	assert_string_equal(buf_str(&out), "Authorization: Bearer a-token-of-16-chars\r\n");
	buf_clear(&out);
	a.headers = "X-Scope-OrgID: shop\r\n";
	roster_write_headers(&a, &out);
	assert_string_equal(buf_str(&out),
			    "X-Scope-OrgID: shop\r\nAuthorization: Bearer a-token-of-16-chars\r\n");
	buf_clear(&out);
	a.headers = "authorization: Splunk 1\r\n";
	roster_write_headers(&a, &out);
	assert_string_equal(buf_str(&out), "authorization: Splunk 1\r\n");
}

static void names_too_long_are_cut_not_overrun(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	char json[2048], name[600];
	(void)state;

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(
		json, sizeof(json),
		"{\"slots\":1,\"analyzers\":[{\"id\":\"a\",\"slot\":0,\"version\":\"%s\",\"url\":\"%s\"}]}",
		name, name);
	assert_int_equal(roster_parse(json, &roster), 0);
	assert_int_equal(strlen(roster->analyzers[0].url), ANALYZER_URL_MAX);
}

static void names_have_indices(void **state)
{
	(void)state;
	assert_int_equal(roster_name_index(analyzer_state_names, "disabled"), ANALYZER_DISABLED);
	assert_int_equal(roster_name_index(analyzer_health_names, "down"), HEALTH_DOWN);
	assert_int_equal(roster_name_index(analyzer_accepts_names, "packet"), ACCEPTS_PACKET);
	assert_int_equal(roster_name_index(analyzer_state_names, "Active"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read),
		cmocka_unit_test(analyzers_are_sorted_and_found_by_slot),
		cmocka_unit_test(nothing_is_found_in_an_empty_one),
		cmocka_unit_test(batch_limits_follow_what_was_registered),
		cmocka_unit_test(a_reference_keeps_it),
		cmocka_unit_test(an_empty_pool_is_a_roster),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(what_nobody_could_register_is_left_out_counted_and_named),
		cmocka_unit_test(headers_that_are_none_are_left_out),
		cmocka_unit_test(its_own_authorization_goes_before_a_token),
		cmocka_unit_test(names_too_long_are_cut_not_overrun),
		cmocka_unit_test(names_have_indices),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
