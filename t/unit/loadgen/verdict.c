#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/verdict.h"

static struct cluster_analyzer before_list[] = {
	{ .id = "a1",
	  .weight = 5,
	  .share = 0.5,
	  .routed = 1000,
	  .delivered = 1000,
	  .processed = 900 },
	{ .id = "a2",
	  .weight = 5,
	  .share = 0.5,
	  .routed = 1000,
	  .delivered = 1000,
	  .processed = 900 },
};
/* As of an older node: it tells no totals. */
static const struct cluster before = { .epoch = 3,
				       .analyzers = before_list,
				       .n_analyzers = 2,
				       .total_routed = -1,
				       .total_delivered = -1 };

/* a1 and a2 with shares of one half got these numbers of messages during the run. */
static void judge(struct verdict *v, int64_t n_a1, int64_t n_a2, double tolerance, double slack)
{
	struct cluster_analyzer list[2] = { before_list[0], before_list[1] };
	const struct cluster after = { .epoch = 3, .analyzers = list, .n_analyzers = 2 };

	list[0].routed += n_a1;
	list[0].delivered += n_a1;
	list[1].routed += n_a2;
	list[1].delivered += n_a2;
	assert_int_equal(verdict_init(v, &before, &after, n_a1 + n_a2, tolerance, slack), 0);
}

static void only_what_came_during_the_run_counts(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };

	judge(&v, 60, 40, 0.5, 0);
	assert_int_equal(v.routed, 100);
	assert_int_equal(v.delivered, 100);
	assert_int_equal(v.rows[0].routed, 60);
	assert_true(v.rows[0].actual == 0.6);
	assert_true(v.rows[0].error_messages == 10);
	assert_true(v.rows[1].error_messages == -10);
	assert_float_equal(v.rows[0].error_percent, 10, 1e-9);
	assert_float_equal(v.rows[1].error_percent, -10, 1e-9);
	assert_float_equal(v.worst_percent, 10, 1e-9);
	assert_false(v.roster_changed);
}

static void the_tolerance_decides_a_long_run(void **state UNUSED)
{
	static const struct {
		int64_t n_a1, n_a2;
		bool ok;
	} cases[] = {
		{ 50000, 50000, true },
		{ 50500, 49500, true },
		{ 50501, 49499, false },
		{ 49400, 50600, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(verdict_deinit) struct verdict v = { 0 };

		judge(&v, cases[i].n_a1, cases[i].n_a2, 0.5, 4);
		assert_int_equal(v.shares_ok, cases[i].ok);
		assert_int_equal(verdict_ok(&v), cases[i].ok);
	}
}

static void the_slack_decides_a_short_run(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict near = { 0 }, far = { 0 };

	judge(&near, 14, 6, 0.5, 4);
	assert_true(verdict_ok(&near));
	judge(&far, 15, 5, 0.5, 4);
	assert_false(verdict_ok(&far));
}

static void what_was_accepted_and_not_delivered_is_not_fine(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict lost = { 0 }, more = { 0 };

	assert_int_equal(verdict_init(&lost, &before, &before, 1, 100, 0), 0);
	assert_true(lost.shares_ok);
	assert_false(lost.delivered_ok);
	assert_false(verdict_ok(&lost));
	judge(&more, 500, 500, 0.5, 0);
	more.accepted = 10;
	assert_true(verdict_ok(&more));
}

static void a_counter_that_went_down_started_again(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };
	struct cluster_analyzer list[2] = { before_list[0], before_list[1] };
	const struct cluster after = { .epoch = 9, .analyzers = list, .n_analyzers = 2 };

	list[0].routed = list[0].delivered = 30;
	list[1].routed = list[1].delivered = 1030;
	assert_int_equal(verdict_init(&v, &before, &after, 60, 0.5, 0), 0);
	assert_int_equal(v.rows[0].routed, 30);
	assert_int_equal(v.rows[1].routed, 30);
	assert_true(verdict_ok(&v));
	assert_true(v.roster_changed);
}

static void what_an_analyzer_got_that_left_counts(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 }, old = { 0 };
	struct cluster_analyzer list[1] = { before_list[0] };
	struct cluster first = before;
	struct cluster after = { .epoch = 4, .analyzers = list, .n_analyzers = 1 };

	list[0].routed += 70;
	list[0].delivered += 70;
	first.total_routed = first.total_delivered = 2000;
	after.total_routed = after.total_delivered = 2100;
	assert_int_equal(verdict_init(&v, &first, &after, 100, 0.5, 0), 0);
	assert_int_equal(v.routed, 100);
	assert_int_equal(v.delivered, 100);
	assert_int_equal(v.n_left, 1);
	assert_int_equal(v.n_joined, 0);
	assert_true(v.roster_changed);
	assert_true(verdict_ok(&v));
	after.total_routed = after.total_delivered = -1;
	assert_int_equal(verdict_init(&old, &first, &after, 100, 0.5, 0), 0);
	assert_int_equal(old.delivered, 70);
	assert_false(verdict_ok(&old));
}

static void totals_that_went_down_do_not_count(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };
	struct cluster first = before, after = before;

	first.total_routed = first.total_delivered = 2000;
	after.total_routed = after.total_delivered = 30;
	assert_int_equal(verdict_init(&v, &first, &after, 0, 0.5, 0), 0);
	assert_int_equal(v.routed, 0);
	assert_int_equal(v.delivered, 0);
}

static void a_changed_pool_has_no_wrong_shares(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };
	struct cluster_analyzer list[2] = { before_list[0], before_list[1] };
	struct cluster after = { .epoch = 4, .analyzers = list, .n_analyzers = 2 };

	list[0].routed += 1000;
	list[0].delivered += 1000;
	after.total_routed = after.total_delivered = -1;
	assert_int_equal(verdict_init(&v, &before, &after, 1000, 0.5, 0), 0);
	assert_true(verdict_ok(&v));
	verdict_deinit(&v);
	after.epoch = before.epoch;
	assert_int_equal(verdict_init(&v, &before, &after, 1000, 0.5, 0), 0);
	assert_false(v.shares_ok);
}

static void an_analyzer_that_joined_counts_from_0(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };
	const struct cluster none = { .epoch = 1, .total_routed = -1, .total_delivered = -1 };

	assert_int_equal(verdict_init(&v, &none, &before, 2000, 0.5, 0), 0);
	assert_int_equal(v.routed, 2000);
	assert_true(verdict_ok(&v));
}

static void a_run_without_messages_is_right(void **state UNUSED)
{
	CLEANUP(verdict_deinit) struct verdict v = { 0 };

	judge(&v, 0, 0, 0, 0);
	assert_true(verdict_ok(&v));
	assert_true(v.worst_percent == 0);
}

static void accounts_tell_the_packets_that_counters_tell(void **state UNUSED)
{
	static const struct {
		int64_t counted_before, accounted_before, counted, accounted;
		bool ok;
	} cases[] = {
		{ 10, 10, 110, 110, true },
		{ 10, 10, 110, 111, false }, /* an account was counted twice */
		{ 10, 10, 110, 109, false },
		{ 10, 12, 110, 112, true }, /* wrong before the run */
		{ -1, -1, -1, -1, true },   /* an older node does not say */
		{ 10, 10, 3, 110, true },   /* Redis lost the counters */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(verdict_deinit) struct verdict v = { 0 };
		struct cluster first = before, second = before;

		first.counted_packets = cases[i].counted_before;
		first.accounted_packets = cases[i].accounted_before;
		second.counted_packets = cases[i].counted;
		second.accounted_packets = cases[i].accounted;
		assert_int_equal(verdict_init(&v, &first, &second, 0, 100, 0), 0);
		assert_int_equal(v.accounts_ok, cases[i].ok);
		assert_int_equal(verdict_ok(&v), cases[i].ok);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_tell_the_packets_that_counters_tell),
		cmocka_unit_test(only_what_came_during_the_run_counts),
		cmocka_unit_test(the_tolerance_decides_a_long_run),
		cmocka_unit_test(the_slack_decides_a_short_run),
		cmocka_unit_test(what_was_accepted_and_not_delivered_is_not_fine),
		cmocka_unit_test(a_counter_that_went_down_started_again),
		cmocka_unit_test(an_analyzer_that_joined_counts_from_0),
		cmocka_unit_test(what_an_analyzer_got_that_left_counts),
		cmocka_unit_test(totals_that_went_down_do_not_count),
		cmocka_unit_test(a_changed_pool_has_no_wrong_shares),
		cmocka_unit_test(a_run_without_messages_is_right),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
