/* Points of time for charts, and how they become text and come back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/err.h"
#include "node/watch/past_json.h"
#include "node/watch/past_store.h"
#include "t/unit/near.h"

#define START_MS 1795290000000ULL /* a multiple of five minutes */

static struct it {
	struct history history;
	struct past past;
	struct analyzer analyzers[2];
	struct roster roster;
	struct reports reports;
	struct lanes lanes[2];
	uint64_t at_ms;
} it;

static int setup(void **state UNUSED)
{
	it = (struct it){ .at_ms = 1000000 };
	it.analyzers[0] = (struct analyzer){ .id = "a1", .slot = 0, .share = 0.75 };
	it.analyzers[1] = (struct analyzer){ .id = "a2", .slot = 1, .share = 0.25 };
	it.roster = (struct roster){ .n_slots = 2, .n_analyzers = 2, .analyzers = it.analyzers };
	it.reports = (struct reports){ .lanes = it.lanes, .n_lanes = 2 };
	it.roster.now_ms = START_MS;
	past_init(&it.past);
	return history_init(&it.history);
}

static int teardown(void **state UNUSED)
{
	history_deinit(&it.history);
	past_deinit(&it.past);
	return 0;
}

static void tell(void)
{
	static const struct history_extra none;

	assert_int_equal(history_push(&it.history, &it.roster, &none, it.at_ms), 0);
	assert_int_equal(past_continue(&it.past, &it.history, &it.roster), 0);
}

/* The pool is told once in `every` seconds. */
static void pass(unsigned seconds, unsigned every, double a1_per_s, double a2_per_s)
{
	for (unsigned s = 0; s < seconds; s += every) {
		it.at_ms += every * 1000ULL;
		it.roster.now_ms += every * 1000ULL;
		it.analyzers[0].routed += a1_per_s * every;
		it.analyzers[1].routed += a2_per_s * every;
		tell();
	}
}

static double rate_of(enum past_range range, uint64_t from_ms, const char *id)
{
	const struct past_point *point = past_at(&it.past, range, from_ms);
	const struct past_of *of = point ? past_of(point, id) : NULL;

	return of ? of->messages_per_s : -1;
}

static void each_range_has_the_rates_of_its_steps(void **state UNUSED)
{
	tell();
	pass(600, 10, 30, 10);
	pass(600, 10, 60, 20);
	assert_near(rate_of(PAST_6_HOURS, START_MS, "a1"), 30, 0.01);
	assert_near(rate_of(PAST_6_HOURS, START_MS + 900000, "a1"), 60, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 540000, "a2"), 10, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 600000, "a2"), 20, 0.01);
	assert_near(rate_of(PAST_10_MINUTES, START_MS + 1190000, "a2"), 20, 0.01);
}

static void the_rate_of_a_time_is_that_of_all_analyzers_around_it(void **state UNUSED)
{
	tell();
	pass(600, 10, 30, 10);
	pass(600, 10, 60, 20);
	assert_near(past_rate(&it.past, START_MS + 123456), 40, 0.1);
	assert_near(past_rate(&it.past, START_MS + 723456), 80, 0.1);
	assert_true(past_rate(&it.past, START_MS - 1) < 0);
	assert_true(past_rate(&it.past, START_MS + 3600000) < 0);
}

static void a_long_step_stands_for_short_ones_that_are_missing(void **state UNUSED)
{
	tell();
	pass(1200, 10, 30, 10);
	assert_near(rate_of(PAST_10_MINUTES, START_MS + 10000, "a1"), 30, 0.01);
	assert_null(past_at(&it.past, PAST_6_HOURS, START_MS - 300000));
}

static void glances_that_are_rarer_than_steps_are_spread_over_them(void **state UNUSED)
{
	tell();
	pass(300, 75, 40, 4);
	assert_near(rate_of(PAST_HOUR, START_MS, "a1"), 40, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 180000, "a1"), 40, 0.01);
}

static void a_clock_that_goes_back_leaves_no_points_of_the_future(void **state UNUSED)
{
	tell();
	pass(3600, 10, 30, 10);
	it.roster.now_ms -= 1800000;
	pass(120, 10, 60, 20);
	assert_near(rate_of(PAST_10_MINUTES, START_MS + 1890000, "a1"), 60, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 1800000, "a1"), 60, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 1740000, "a1"), 30, 0.01);
	assert_null(past_at(&it.past, PAST_10_MINUTES, START_MS + 2400000));
}

static void a_loss_of_totals_leaves_what_was_before(void **state UNUSED)
{
	tell();
	pass(600, 10, 30, 10);
	it.analyzers[0].routed = it.analyzers[1].routed = 0;
	pass(300, 10, 7, 7);
	assert_near(rate_of(PAST_HOUR, START_MS + 120000, "a1"), 30, 0.01);
	assert_near(rate_of(PAST_HOUR, START_MS + 780000, "a1"), 7, 0.01);
}

static void a_point_has_the_worst_latency_and_the_mean_of_errors(void **state UNUSED)
{
	const struct past_of *of;

	tell();
	it.lanes[0].times[5] = 10;
	assert_int_equal(past_hear(&it.past, &it.roster, &it.reports), 0);
	it.lanes[0].times[9] = 10;
	it.lanes[0].failed = 10;
	assert_int_equal(past_hear(&it.past, &it.roster, &it.reports), 0);
	pass(10, 10, 30, 10);
	of = past_of(past_at(&it.past, PAST_10_MINUTES, START_MS), "a1");
	assert_true(of->p99_ms * 1000 > (double)metrics_bucket_us[8]);
	assert_near(of->error_ratio, 0.25, 1e-6);
	pass(10, 10, 30, 10);
	of = past_of(past_at(&it.past, PAST_10_MINUTES, START_MS + 10000), "a1");
	assert_true(isnan(of->p99_ms));
}

static void a_point_survives_as_text(void **state UNUSED)
{
	struct past_point point, other;
	char *text;

	tell();
	pass(60, 10, 30, 10);
	text = past_point_text(past_at(&it.past, PAST_HOUR, START_MS));
	assert_int_equal(past_point_read(text, PAST_HOUR, &point), 0);
	assert_int_equal(point.from_ms, START_MS);
	assert_near(past_of(&point, "a1")->messages_per_s, 30, 0.1);
	assert_true(isnan(past_of(&point, "a1")->p99_ms));
	past_deinit(&it.past);
	past_take(&it.past, PAST_HOUR, &point);
	assert_near(rate_of(PAST_HOUR, START_MS, "a2"), 10, 0.1);
	assert_int_equal(past_point_read("{\"t\":61000,\"a\":{}}", PAST_HOUR, &other), 1);
	assert_int_equal(past_point_read("[1,2", PAST_HOUR, &other), 1);
	cJSON_free(text);
}

static void a_full_point_survives_with_all_of_its_analyzers(void **state UNUSED)
{
	static struct past_of of[PAST_MOST_ANALYZERS];
	struct past_point full = { .from_ms = START_MS, .n = PAST_MOST_ANALYZERS, .of = of }, read;
	char *text;

	for (unsigned i = 0; i < PAST_MOST_ANALYZERS; i++) {
		snprintf(of[i].id, sizeof(of[i].id), "a%03u", i);
		of[i].messages_per_s = 5;
	}
	text = past_point_text(&full);
	assert_int_equal(past_point_read(text, PAST_HOUR, &read), 0);
	assert_int_equal(read.n, PAST_MOST_ANALYZERS);
	for (unsigned i = 0; i < PAST_MOST_ANALYZERS; i++) {
		assert_string_equal(read.of[i].id, of[i].id);
		assert_near(read.of[i].messages_per_s, 5, 0.1);
	}
	free(read.of);
	cJSON_free(text);
}

static void assert_keepers(const char *node, const char *other, bool is_keeper)
{
	struct past_store store = { .node = node };
	struct roster_worker workers[2] = { 0 };
	struct roster roster = { .n_workers = 2, .workers = workers };

	snprintf(workers[0].name, sizeof(workers[0].name), "%s/0", other);
	snprintf(workers[1].name, sizeof(workers[1].name), "%s/0", node);
	assert_true(past_store_is_keeper(&store, &roster) == is_keeper);
	store.node = other;
	assert_true(past_store_is_keeper(&store, &roster) != is_keeper);
}

/* '-' and '.' come before the '/' that follows a node's id in the name of its worker. */
static void one_node_of_two_keeps_the_past(void **state UNUSED)
{
	assert_keepers("n1", "n2", true);
	assert_keepers("n1", "n10", true);
	assert_keepers("weir", "weir-2", true);
	assert_keepers("weir.b", "weir", false);
}

static void what_is_taken_fills_in_what_is_not_known(void **state UNUSED)
{
	struct past_of *of = calloc(1, sizeof(*of));
	struct past_point theirs = { .from_ms = START_MS, .ack_p99_ms = 5, .n = 1, .of = of };

	*of = (struct past_of){ .id = "a1", .messages_per_s = 30, .p99_ms = 9, .error_ratio = 0 };
	past_take(&it.past, PAST_HOUR, &theirs);
	tell();
	pass(60, 10, 30, 10);
	assert_near(past_at(&it.past, PAST_HOUR, START_MS)->ack_p99_ms, 5, 1e-6);
	assert_near(past_of(past_at(&it.past, PAST_HOUR, START_MS), "a1")->p99_ms, 9, 1e-6);
	assert_near(rate_of(PAST_HOUR, START_MS, "a2"), 10, 0.01);
}

static void a_chart_ends_now_and_has_a_value_between_each_two_times(void **state UNUSED)
{
	cJSON *json, *times, *rates;
	int n;

	tell();
	pass(305, 5, 30, 10);
	json = past_json(&it.past, PAST_HOUR, &it.history, &it.roster);
	times = cJSON_GetObjectItemCaseSensitive(json, "times_ms");
	rates = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "analyzers"), 0),
		"messages_per_s");
	n = cJSON_GetArraySize(times);
	assert_int_equal(n, 7); /* five minutes, the begun one, and its end */
	assert_int_equal(cJSON_GetArraySize(rates), n - 1);
	assert_near(cJSON_GetArrayItem(rates, n - 2)->valuedouble, 30, 0.1);
	assert_near(cJSON_GetArrayItem(times, n - 1)->valuedouble, START_MS + 305000, 0.5);
	cJSON_Delete(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_range_has_the_rates_of_its_steps),
		TEST(the_rate_of_a_time_is_that_of_all_analyzers_around_it),
		TEST(a_long_step_stands_for_short_ones_that_are_missing),
		TEST(glances_that_are_rarer_than_steps_are_spread_over_them),
		TEST(a_clock_that_goes_back_leaves_no_points_of_the_future),
		TEST(a_loss_of_totals_leaves_what_was_before),
		TEST(a_point_has_the_worst_latency_and_the_mean_of_errors),
		TEST(a_point_survives_as_text),
		TEST(a_full_point_survives_with_all_of_its_analyzers),
		TEST(one_node_of_two_keeps_the_past),
		TEST(what_is_taken_fills_in_what_is_not_known),
		TEST(a_chart_ends_now_and_has_a_value_between_each_two_times),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
