/* What nodes report, put together; also what nobody should have written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/reports.h"
#include "t/unit/near.h"

static struct analyzer analyzers[2] = { { .id = "a1", .slot = 0 }, { .id = "a2", .slot = 1 } };
static struct roster_worker workers[2] = { { .name = "n1/0" }, { .name = "n2/0" } };
static const struct roster roster = {
	.n_slots = 2, .n_analyzers = 2, .analyzers = analyzers, .n_workers = 2, .workers = workers
};

/* NULL-terminated: node, report, node, report ... */
static struct reports reports_of(const char *const *texts)
{
	redisReply replies[8], *elements[8], hash = { .type = REDIS_REPLY_ARRAY };
	struct reports reports;

	for (hash.element = elements; texts[hash.elements]; hash.elements++) {
		replies[hash.elements] = (redisReply){ .type = REDIS_REPLY_STRING,
						       .str = (char *)texts[hash.elements] };
		elements[hash.elements] = &replies[hash.elements];
	}
	assert_int_equal(reports_init(&reports, &hash, NULL, &roster), 0);
	return reports;
}

#define REPORTS(...) reports_of((const char *const[]){ __VA_ARGS__, NULL })

static void lanes_of_all_nodes_are_summed_up(void **state)
{
	struct reports r = REPORTS("n1", "{\"workers\":1,\"lanes\":{\"a2\":\"3 1 0\"}}", "n2",
				   "{\"workers\":2,\"lanes\":{\"a2\":\"4 2 1\"}}");
	(void)state;

	assert_near(r.lanes[1].queued, 7, 0);
	assert_near(r.lanes[1].flying, 3, 0);
	assert_near(r.lanes[1].paused, 1, 0);
	assert_near(r.lanes[0].queued, 0, 0);
	assert_near(r.n_workers, 3, 0);
	reports_deinit(&r);
}

static void percentiles_are_of_all_deliveries(void **state)
{
	/* 90 below 100 us, 10 from 1 to 2.5 ms */
	struct reports r = REPORTS("n1", "{\"lanes\":{\"a1\":\"0 0 0 0:50 4:10\"}}", "n2",
				   "{\"lanes\":{\"a1\":\"0 0 0 0:40.0\"}}");
	double ms;
	(void)state;

	assert_true(lanes_percentile(&r.lanes[0], 45, &ms));
	assert_near(ms, 0.05, 1e-9);
	assert_true(lanes_percentile(&r.lanes[0], 95, &ms));
	assert_near(ms, 1.75, 1e-9);
	assert_false(lanes_percentile(&r.lanes[1], 50, &ms));
	reports_deinit(&r);
	r = REPORTS("n1", "{\"lanes\":{\"a1\":\"0 0 0 16:1\"}}");
	assert_true(lanes_percentile(&r.lanes[0], 99, &ms));
	assert_near(ms, 10000, 1e-9);
	reports_deinit(&r);
}

static double figure(const cJSON *ack, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(ack, name);

	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

static void the_time_to_202_is_known_of_each_node_and_of_all(void **state)
{
	/* 90 below 100 us, 10 from 1 to 2.5 ms */
	struct reports r = REPORTS("n1", "{\"ack\":\" 0:90.0\"}", "n2", "{\"ack\":\" 4:10.0 x\"}");
	cJSON *all = reports_ack_json(&r);
	const cJSON *n2 = cJSON_GetObjectItemCaseSensitive(r.nodes, "n2");
	double ms;
	(void)state;

	assert_near(figure(all, "p50_ms"), 0.06, 1e-9);
	assert_near(figure(all, "p99_ms"), 2.35, 1e-9);
	assert_near(figure(all, "p99_9_ms"), 2.49, 1e-9);
	assert_near(figure(cJSON_GetObjectItemCaseSensitive(n2, "ack"), "p50_ms"), 1.75, 1e-9);
	assert_true(reports_ack_percentile(&r, 95, &ms));
	assert_near(ms, 1.75, 1e-9);
	cJSON_Delete(all);
	reports_deinit(&r);
	r = REPORTS("n1", "{\"ack\":7}");
	all = reports_ack_json(&r);
	assert_near(figure(all, "p50_ms"), -1, 0);
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(all, "p99_ms")));
	assert_false(reports_ack_percentile(&r, 50, &ms));
	cJSON_Delete(all);
	reports_deinit(&r);
}

static void failures_are_a_part_of_all_deliveries(void **state)
{
	struct reports r =
		REPORTS("n1", "{\"lanes\":{\"a1\":\"0 0 0 0:80 failed:15\"}}", "n2",
			"{\"lanes\":{\"a1\":\"0 0 0 3:20 failed:10\",\"a2\":\"0 0 0 0:60\"}}");
	double ratio;
	(void)state;

	assert_true(lanes_error_ratio(&r.lanes[0], &ratio));
	assert_near(ratio, 0.25, 1e-9);
	assert_true(lanes_error_ratio(&r.lanes[1], &ratio));
	assert_near(ratio, 0, 0);
	reports_deinit(&r);
}

static void a_node_has_the_health_of_all_its_deliveries(void **state)
{
	struct reports r = REPORTS(
		"n1",
		"{\"p99_ms\":7,\"lanes\":{\"a1\":\"0 0 0 0:50 failed:20\",\"a2\":\"0 0 0 0:50\"}}",
		"n2", "{}");
	const cJSON *n1 = cJSON_GetObjectItem(r.nodes, "n1"),
		    *n2 = cJSON_GetObjectItem(r.nodes, "n2");
	(void)state;

	assert_near(cJSON_GetObjectItem(n1, "error_ratio")->valuedouble, 0.2, 1e-9);
	assert_near(cJSON_GetObjectItem(n1, "p50_ms")->valuedouble, 0.05, 1e-9);
	assert_near(cJSON_GetObjectItem(n1, "p99_ms")->valuedouble, 0.1, 1e-9);
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(n2, "p99_ms")));
	reports_deinit(&r);
}

static void breakers_in_trouble_are_listed_with_their_worker(void **state)
{
	struct reports r = REPORTS(
		"n1",
		"{\"workers\":1,\"trouble\":[{\"analyzer\":\"a2\",\"worker\":\"n1/0\",\"state\":\"open\",\"left_ms\":900,\"failures\":5},{\"analyzer\":\"a1\",\"worker\":\"n1/0\",\"state\":\"closed\",\"left_ms\":0,\"failures\":2}]}");
	const cJSON *first = cJSON_GetArrayItem(r.lanes[1].trouble, 0);
	(void)state;

	assert_near(r.lanes[1].n_open, 1, 0);
	assert_string_equal(cJSON_GetObjectItem(first, "worker")->valuestring, "n1/0");
	assert_int_equal(cJSON_GetObjectItem(first, "left_ms")->valueint, 900);
	assert_near(r.lanes[0].n_open + r.lanes[0].n_half_open, 0, 0);
	assert_int_equal(cJSON_GetArraySize(r.lanes[0].trouble), 1);
	reports_deinit(&r);
}

static void one_that_hangs_is_counted_by_itself(void **state)
{
	struct reports r = REPORTS(
		"n1",
		"{\"workers\":1,\"trouble\":[{\"analyzer\":\"a2\",\"worker\":\"n1/0\",\"state\":\"hanging\",\"left_ms\":0,\"failures\":0}]}");
	(void)state;

	assert_near(r.lanes[1].n_hanging, 1, 0);
	assert_near(r.lanes[1].n_open + r.lanes[1].n_half_open, 0, 0);
	reports_deinit(&r);
}

static void refusals_are_summed_by_reason(void **state)
{
	struct reports r = REPORTS("n1", "{\"refused\":{\"bad_json\":2}}", "n2",
				   "{\"refused\":{\"bad_json\":3,\"not_found\":1}}");
	(void)state;

	assert_int_equal(cJSON_GetObjectItem(r.refused, "bad_json")->valueint, 5);
	assert_int_equal(cJSON_GetObjectItem(r.refused, "not_found")->valueint, 1);
	assert_near(r.n_refused, 6, 0);
	reports_deinit(&r);
}

static void only_live_nodes_count(void **state)
{
	struct reports r =
		REPORTS("n", "{\"workers\":1}", "n1", "{\"workers\":1}", "n3", "{\"workers\":1}");
	(void)state;

	assert_near(r.n_workers, 1, 0);
	assert_non_null(cJSON_GetObjectItem(r.nodes, "n1"));
	assert_int_equal(cJSON_GetArraySize(r.nodes), 1);
	reports_deinit(&r);
}

static void the_report_of_the_reader_itself_counts_without_a_lease(void **state)
{
	struct reports_own own = { "n9", "{\"workers\":1,\"messages_per_s\":7}" };
	struct reports r;
	(void)state;

	assert_int_equal(reports_init(&r, NULL, &own, &roster), 0);
	assert_near(r.n_workers, 1, 0);
	assert_non_null(cJSON_GetObjectItem(r.nodes, "n9"));
	reports_deinit(&r);
}

static void what_is_no_report_is_left_out(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"7",
		"{\"lanes\":7,\"trouble\":{},\"refused\":[]}",
		"{\"lanes\":[\"1 1 1 0:1\"],\"refused\":[1]}",
		"{\"lanes\":{\"a1\":7,\"nobody\":\"1 1 1\"}}",
		"{\"lanes\":{\"a1\":\"0 0 0 17:1\"}}",
		"{\"lanes\":{\"a1\":\"0 0 0 -1:1\"}}",
		"{\"lanes\":{\"a1\":\"0 0 0 0:\"}}",
		"{\"lanes\":{\"a1\":\"\"}}",
		"{\"lanes\":{\"a1\":\"0 0 x 0:1\"}}",
		"{\"lanes\":{\"a1\":\"0 0 0 0:-1 0:nan 0:inf\"}}",
		"{\"lanes\":{\"a1\":\"0 0 0 0 1\"}}",
		"{\"trouble\":[7,{},{\"analyzer\":\"nobody\"}]}",
		"{\"refused\":{\"x\":\"y\"}}",
		"{\"refused\":{\"x\":-1,\"y\":1e999}}",
		"{\"workers\":-1}",
	};
	double ms;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reports r = REPORTS("n1", bad[i]);

		assert_false(lanes_percentile(&r.lanes[0], 50, &ms));
		assert_near(r.n_refused, 0, 0);
		assert_near(r.n_workers, 0, 0);
		reports_deinit(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_of_all_nodes_are_summed_up),
		cmocka_unit_test(percentiles_are_of_all_deliveries),
		cmocka_unit_test(the_time_to_202_is_known_of_each_node_and_of_all),
		cmocka_unit_test(failures_are_a_part_of_all_deliveries),
		cmocka_unit_test(a_node_has_the_health_of_all_its_deliveries),
		cmocka_unit_test(breakers_in_trouble_are_listed_with_their_worker),
		cmocka_unit_test(one_that_hangs_is_counted_by_itself),
		cmocka_unit_test(refusals_are_summed_by_reason),
		cmocka_unit_test(only_live_nodes_count),
		cmocka_unit_test(the_report_of_the_reader_itself_counts_without_a_lease),
		cmocka_unit_test(what_is_no_report_is_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
