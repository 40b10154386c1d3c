/* troubles.[ch]: which analyzers the journal is told of, when it begins and when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/watch/troubles.h"

#define T0 1000000u

static struct troubles troubles;
static struct causes causes;
static char told[400]; /* since it was last looked at */

static int fresh(void **state)
{
	(void)state;
	troubles = (struct troubles){ 0 };
	causes.n = 0;
	return 0;
}

static void note(void *arg, const struct trouble *trouble, bool is_over)
{
	size_t used = strlen(told);
	(void)arg;

	snprintf(told + used, sizeof(told) - used, "%s%s %s %s;", is_over ? "-" : "+", trouble->id,
		 trouble->figure, trouble->error);
}

static void there_is(enum cause_kind kind, const char *id, double figure, const char *error)
{
	struct cause *cause = causes_add(&causes, kind, CAUSE_WARN, id, 0);

	cause->figure = figure;
	strcpy(cause->error, error);
}

/* What is told at this time. */
static const char *hear(uint64_t now_ms)
{
	told[0] = '\0';
	troubles_hear(&troubles, &causes, now_ms, note, NULL);
	return told;
}

static void a_trouble_is_told_once_and_its_end_once(void **state)
{
	(void)state;
	there_is(CAUSE_ERRS, "a2", 30, "HTTP 500");
	there_is(CAUSE_SLOW, "a1", 1500, "");
	assert_string_equal(hear(T0), "");
	assert_string_equal(hear(T0 + TROUBLE_LEAST_MS), "+a2 30 % HTTP 500;+a1 1500 ms ;");
	causes.list[0].figure = 40;
	assert_string_equal(hear(T0 + 10000), "");
	causes.n = 0;
	assert_string_equal(hear(T0 + 20000), "");
	assert_string_equal(hear(T0 + 10000 + TROUBLE_HOLD_MS), "-a2 30 % HTTP 500;-a1 1500 ms ;");
	assert_string_equal(hear(T0 + 100000), "");
	assert_int_equal(troubles.n, 0);
}

static void a_short_one_is_not_told(void **state)
{
	(void)state;
	there_is(CAUSE_ERRS, "a2", 30, "");
	assert_string_equal(hear(T0), "");
	causes.n = 0;
	assert_string_equal(hear(T0 + 1000), "");
	assert_int_equal(troubles.n, 0);
	there_is(CAUSE_ERRS, "a2", 30, "");
	assert_string_equal(hear(T0 + TROUBLE_LEAST_MS), "");
}

static void one_that_was_gone_for_a_moment_is_the_same(void **state)
{
	(void)state;
	there_is(CAUSE_SLOW, "a1", 1500, "");
	hear(T0);
	assert_string_equal(hear(T0 + 10000), "+a1 1500 ms ;");
	causes.n = 0;
	assert_string_equal(hear(T0 + 10000 + TROUBLE_HOLD_MS - 1), "");
	there_is(CAUSE_SLOW, "a1", 1700, "");
	assert_string_equal(hear(T0 + 10000 + TROUBLE_HOLD_MS), "");
	assert_int_equal(troubles.n, 1);
}

static void an_analyzer_with_a_worse_trouble_is_not_well_again(void **state)
{
	(void)state;
	there_is(CAUSE_ERRS, "a2", 30, "");
	hear(T0);
	assert_string_equal(hear(T0 + 10000), "+a2 30 % ;");
	causes.n = 0;
	there_is(CAUSE_UNREACHABLE, "a2", 0, "");
	assert_string_equal(hear(T0 + 10000 + TROUBLE_HOLD_MS), "");
	assert_string_equal(hear(T0 + 10000 + 2 * TROUBLE_HOLD_MS), "");
}

static void other_causes_are_not_told_here(void **state)
{
	(void)state;
	there_is(CAUSE_UNREACHABLE, "a1", 0, "Connection refused");
	there_is(CAUSE_SLOW, "a2", 0, ""); /* beyond latency-limit */
	hear(T0);
	assert_string_equal(hear(T0 + 2 * TROUBLE_LEAST_MS), "");
}

static void what_another_node_told_is_not_told_again(void **state)
{
	cJSON *events = cJSON_Parse(
		"[{\"kind\":\"analyzer_errs\",\"analyzer\":\"a1\",\"now\":\"9 %\",\"time_ms\":1},"
		"{\"kind\":\"analyzer_errs\",\"analyzer\":\"a2\",\"now\":\"30 %\",\"time_ms\":2,"
		"\"cause\":\"HTTP 500\"},"
		"{\"kind\":\"analyzer_errs\",\"analyzer\":\"a1\",\"now\":\"usual\",\"time_ms\":3},"
		"{\"kind\":\"lost\",\"analyzer\":\"a3\",\"now\":null,\"time_ms\":4}]");
	(void)state;

	assert_non_null(events);
	troubles_adopt(&troubles, events, T0);
	cJSON_Delete(events);
	assert_int_equal(troubles.n, 1);
	assert_int_equal(troubles.list[0].first_ms, 2);
	there_is(CAUSE_ERRS, "a2", 50, "HTTP 500");
	assert_string_equal(hear(T0 + 10000), "");
	causes.n = 0;
	assert_string_equal(hear(T0 + 10000 + TROUBLE_HOLD_MS), "-a2 30 % HTTP 500;");
}

static void a_pool_without_traffic_and_trouble_is_idle(void **state)
{
	(void)state;
	assert_true(troubles_are_idle(&troubles, 0));
	assert_false(troubles_are_idle(&troubles, 5));
	assert_true(troubles_are_idle(&troubles, 5));
	there_is(CAUSE_ERRS, "a2", 30, "");
	hear(T0);
	assert_false(troubles_are_idle(&troubles, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_trouble_is_told_once_and_its_end_once, fresh),
		cmocka_unit_test_setup(a_short_one_is_not_told, fresh),
		cmocka_unit_test_setup(one_that_was_gone_for_a_moment_is_the_same, fresh),
		cmocka_unit_test_setup(an_analyzer_with_a_worse_trouble_is_not_well_again, fresh),
		cmocka_unit_test_setup(other_causes_are_not_told_here, fresh),
		cmocka_unit_test_setup(what_another_node_told_is_not_told_again, fresh),
		cmocka_unit_test_setup(a_pool_without_traffic_and_trouble_is_idle, fresh),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/watch/troubles", tests, NULL, NULL);
}
