#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/cluster.h"
#include "t/unit/near.h"

static const char pool_json[] =
	"{\"epoch\":7,\"slots\":3,\"analyzers\":["
	"{\"id\":\"a1\",\"slot\":0,\"url\":\"http://a1/"
	"\",\"weight\":0.5,\"share\":0.75,\"state\":\"active\",\"health\":\"up\","
	"\"credit\":0.40001,\"routed\":30,\"delivered\":29,\"delivered_packets\":10,\"forgiven\":1,"
	"\"processed\":28,\"lease_ms\":6000,\"info\":\"{\\\"ttl_ms\\\":10000,"
	"\\\"fault\\\":\\\"slow:200\\\",\\\"version\\\":\\\"1.2\\\",\\\"accepts\\\":"
	"\\\"packet\\\",\\\"revision\\\":6}\"},"
	"{\"id\":\"a2\",\"slot\":2,\"url\":\"http://a2/"
	"\",\"weight\":0.1,\"share\":0.25,\"state\":\"disabled\",\"health\":\"down\","
	"\"credit\":-0.40001,\"routed\":10,\"delivered\":10,\"delivered_packets\":5,\"processed\":10}],"
	"\"gone\":[{\"routed\":60,\"delivered\":60,\"delivered_packets\":20,\"processed\":60}],"
	"\"workers\":["
	"{\"worker\":\"n1/1\",\"info\":\"{\\\"mode\\\":\\\"leased\\\"}\",\"unreachable\":\"2\"},"
	"{\"worker\":\"n10/0\",\"info\":\"{\\\"mode\\\":\\\"exact\\\"}\",\"unreachable\":\"\"},"
	"{\"worker\":\"n1/0\",\"info\":\"{\\\"mode\\\":\\\"exact\\\"}\",\"unreachable\":\"~1,2\"}],"
	"\"retired\":[1,1,1,0],\"spill\":{\"packets\":3,\"messages\":8,\"bytes\":500},\"dead\":4,"
	"\"accounts\":{\"received\":[40,90],\"taken\":[5,9],\"spilled\":[8,20]}}";

static struct roster *roster;
static cJSON *json;

static int setup(void **state)
{
	(void)state;
	if (roster_parse(pool_json, &roster) != 0)
		return -1;
	json = cluster_json("p", roster);
	return json ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	cJSON_Delete(json);
	roster_unref(roster);
	return 0;
}

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *string(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void an_analyzer_is_shown_with_all_its_figures(void **state)
{
	const cJSON *a1 = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "analyzers"), 0);
	(void)state;

	assert_string_equal(string(json, "pool"), "p");
	assert_near(number(json, "epoch"), 7, 0);
	assert_string_equal(string(a1, "id"), "a1");
	assert_string_equal(string(a1, "url"), "http://a1/");
	assert_string_equal(string(a1, "state"), "active");
	assert_string_equal(string(a1, "health"), "up");
	assert_near(number(a1, "weight"), 0.5, 0);
	assert_near(number(a1, "share"), 0.75, 0);
	assert_near(number(a1, "routed"), 30, 0);
	assert_near(number(a1, "delivered"), 29, 0);
	assert_near(number(a1, "delivered_packets"), 10, 0);
	assert_near(number(a1, "processed"), 28, 0);
	assert_near(number(a1, "forgiven"), 1, 0);
	assert_near(number(a1, "credit"), 0.4, 1e-12);
}

static void what_an_analyzer_said_and_was_told_is_shown(void **state)
{
	const cJSON *a1 = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "analyzers"), 0);
	(void)state;

	assert_string_equal(string(a1, "fault"), "slow:200");
	assert_string_equal(string(a1, "version"), "1.2");
	assert_string_equal(string(a1, "accepts"), "packet");
	assert_near(number(a1, "ttl_ms"), 10000, 0);
	assert_near(number(a1, "heartbeat_age_ms"), 4000, 0);
	assert_near(number(a1, "revision"), 6, 0);
}

static void what_it_did_not_say_is_null(void **state)
{
	const cJSON *a2 = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "analyzers"), 1);
	static const char *const names[] = { "fault", "version", "heartbeat_age_ms" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(cJSON_IsNull(cJSON_GetObjectItem(a2, names[i])));
	assert_near(number(a2, "revision"), 0, 0);
}

/* Nodes lengthen the leases that ended while Redis was away: of that no heartbeat is the cause. */
static void a_lease_longer_than_it_begins_tells_no_heartbeat(void **state)
{
	struct roster *r CLEANUP(roster_unrefp) = NULL;
	cJSON *shown;
	(void)state;

	assert_int_equal(
		roster_parse("{\"slots\":1,\"analyzers\":[{\"id\":\"a\",\"slot\":0,\"lease_ms\":"
			     "4900,\"info\":\"{\\\"ttl_ms\\\":500}\"}]}",
			     &r),
		0);
	shown = cluster_analyzer_json(r, r->analyzers);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(shown, "heartbeat_age_ms")));
	cJSON_Delete(shown);
}

static void actual_is_of_those_registered_now(void **state)
{
	(void)state;
	assert_near(cluster_actual(roster, &roster->analyzers[0]), 0.75, 1e-12);
	assert_near(cluster_actual(roster, &roster->analyzers[1]), 0.25, 1e-12);
}

static void nothing_routed_is_no_actual_share(void **state)
{
	struct roster *empty CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(
		roster_parse("{\"slots\":1,\"analyzers\":[{\"id\":\"a\",\"slot\":0}]}", &empty), 0);
	assert_near(cluster_actual(empty, empty->analyzers), 0, 0);
}

static void totals_hold_those_that_left(void **state)
{
	const cJSON *totals = cJSON_GetObjectItem(json, "totals");
	(void)state;

	assert_near(number(totals, "messages"), 29 + 10 + 60 + 1, 0);
	assert_near(number(totals, "packets"), 10 + 5 + 20 + 1, 0);
	assert_near(number(cJSON_GetObjectItem(json, "spill"), "packets"), 3, 0);
	assert_near(number(cJSON_GetObjectItem(json, "spill"), "messages"), 8, 0);
	assert_near(number(cJSON_GetObjectItem(json, "spill"), "bytes"), 500, 0);
	assert_near(number(cJSON_GetObjectItem(json, "dead"), "packets"), 4, 0);
}

static void the_accounts_are_shown_and_what_is_spilled_net(void **state)
{
	const cJSON *accounts = cJSON_GetObjectItem(json, "accounts");
	(void)state;

	assert_near(number(cJSON_GetObjectItem(accounts, "received"), "packets"), 40, 0);
	assert_near(number(cJSON_GetObjectItem(accounts, "spilled"), "packets"), 3, 0);
	assert_near(number(cJSON_GetObjectItem(accounts, "spilled"), "messages"), 11, 0);
	assert_null(cJSON_GetObjectItem(accounts, "taken"));
}

static void who_is_held_back_is_shown_with_the_time_left(void **state)
{
	static const char text[] =
		"{\"now_ms\":1000,\"slots\":2,\"analyzers\":["
		"{\"id\":\"a\",\"slot\":0,\"lease_ms\":9,\"info\":\"{\\\"since_ms\\\":4000}\"},"
		"{\"id\":\"b\",\"slot\":1,\"lease_ms\":9,\"info\":\"{\\\"since_ms\\\":900}\"},"
		"{\"id\":\"c\",\"slot\":2,\"lease_ms\":-1,\"info\":\"{\\\"since_ms\\\":4000}\"},"
		"{\"id\":\"d\",\"slot\":3,\"lease_ms\":9,\"share\":1,"
		"\"info\":\"{\\\"since_ms\\\":4000}\"}]}";
	static const double held[] = { 3000, 0, 0,
				       0 }; /* c is dead, d takes part as all are held back */
	struct roster *four CLEANUP(roster_unrefp) = NULL;
	(void)state;

	assert_int_equal(roster_parse(text, &four), 0);
	for (int i = 0; i < 4; i++) {
		cJSON *shown = cluster_analyzer_json(four, &four->analyzers[i]);

		assert_near(number(shown, "held_back_ms"), held[i], 0);
		cJSON_Delete(shown);
	}
}

static void workers_are_shown_as_their_nodes(void **state)
{
	const cJSON *nodes = cJSON_GetObjectItem(json, "nodes"), *n1 = cJSON_GetArrayItem(nodes, 0),
		    *cut;
	(void)state;

	assert_int_equal(cJSON_GetArraySize(nodes), 2);
	assert_string_equal(string(n1, "id"), "n1");
	assert_near(number(n1, "workers"), 2, 0);
	assert_string_equal(string(n1, "mode"), "leased");
	cut = cJSON_GetObjectItem(n1, "unreachable");
	assert_int_equal(cJSON_GetArraySize(cut), 1); /* nobody is in slot 1 */
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(cut, 0)), "a2");
	assert_string_equal(string(cJSON_GetArrayItem(nodes, 1), "id"), "n10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_analyzer_is_shown_with_all_its_figures),
		cmocka_unit_test(what_an_analyzer_said_and_was_told_is_shown),
		cmocka_unit_test(what_it_did_not_say_is_null),
		cmocka_unit_test(a_lease_longer_than_it_begins_tells_no_heartbeat),
		cmocka_unit_test(actual_is_of_those_registered_now),
		cmocka_unit_test(nothing_routed_is_no_actual_share),
		cmocka_unit_test(totals_hold_those_that_left),
		cmocka_unit_test(the_accounts_are_shown_and_what_is_spilled_net),
		cmocka_unit_test(who_is_held_back_is_shown_with_the_time_left),
		cmocka_unit_test(workers_are_shown_as_their_nodes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
