#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include <cjson/cJSON.h>

#include "loadgen/report.h"

static struct stats s;
static struct verdict_row rows[] = {
	{ .id = "a\"1",
	  .weight = 5,
	  .share = 1,
	  .actual = 1,
	  .routed = 9,
	  .delivered = 9,
	  .ok = true },
};
static const struct verdict verdict = { .rows = rows,
					.n_rows = 1,
					.accepted = 9,
					.routed = 9,
					.delivered = 9,
					.tolerance_percent = 0.5,
					.slack_messages = 36,
					.shares_ok = true,
					.delivered_ok = true };

static int set_up(void **state UNUSED)
{
	stats_init(&s, 0);
	s.sent = (struct tally){ 10, 50 };
	s.accepted = (struct tally){ 7, 40 };
	s.refused = (struct tally){ 2, 6 };
	s.failed = (struct tally){ 1, 4 };
	s.refused_by_status[503] = 2;
	s.failed_by_outcome[CLIENT_TIMED_OUT] = 1;
	s.retried_by_status[503] = 5;
	s.retried_by_outcome[CLIENT_CLOSED_EARLY] = 1;
	s.n_sent_bytes = 4000;
	s.n_unsent = 3;
	s.end_us = 2000000;
	histogram_add(&s.latency_us, 1500);
	return 0;
}

/* What `print` wrote, to be freed. */
static char *printed(const struct verdict *v, bool as_json)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	if (as_json)
		assert_int_equal(report_print_json(out, &s, v, false), 0);
	else
		report_print_text(out, &s, v);
	fclose(out);
	return text;
}

/* By a path like "refused.by_status.503". */
static double number(const cJSON *root, const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	char *rest = NULL;

	for (char *name = strtok_r(copy, ".", &rest); name; name = strtok_r(NULL, ".", &rest))
		root = cJSON_GetObjectItemCaseSensitive(root, name);
	if (!cJSON_IsNumber(root))
		fail_msg("no number at %s", path);
	return root->valuedouble;
}

static void the_json_report_has_every_number(void **state UNUSED)
{
	static const struct {
		const char *path;
		double value;
	} cases[] = {
		{ "elapsed_s", 2 },
		{ "sent.packets", 10 },
		{ "sent.messages", 50 },
		{ "sent.bytes", 4000 },
		{ "accepted.packets", 7 },
		{ "accepted.messages", 40 },
		{ "refused.packets", 2 },
		{ "refused.by_status.503", 2 },
		{ "failed.messages", 4 },
		{ "failed.by_reason.timeout", 1 },
		{ "unsent", 3 },
		{ "dropped", 0 },
		{ "max_backlog", 0 },
		{ "retried", 0 },
		{ "retried_by.503", 5 },
		{ "retried_by.closed", 1 },
		{ "resent", 0 },
		{ "connects", 0 },
		{ "reconnects", 0 },
		{ "rate.packets_per_s", 5 },
		{ "rate.messages_per_s", 25 },
		{ "rate.bytes_per_s", 2000 },
		{ "latency_us.max", 1500 },
		{ "latency_us.p99_9", 1500 },
		{ "service_us.p50", 0 },
		{ "lateness_us.mean", 0 },
		{ "verify.routed", 9 },
		{ "verify.slack_messages", 36 },
	};
	AUTO_FREE char *text = printed(&verdict, true);
	cJSON *root = cJSON_Parse(text), *row;

	assert_non_null(root);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(number(root, cases[i].path) == cases[i].value);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(root, "ok")));
	row = cJSON_GetArrayItem(
		cJSON_GetObjectItem(cJSON_GetObjectItem(root, "verify"), "analyzers"), 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(row, "id")), "a\"1");
	assert_true(number(row, "routed") == 9);
	cJSON_Delete(root);
}

static void the_json_report_is_one_line(void **state UNUSED)
{
	AUTO_FREE char *text = printed(NULL, true);

	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strstr(text, "verify"));
}

static void the_text_says_what_was_refused_and_failed_and_why(void **state UNUSED)
{
	AUTO_FREE char *text = printed(&verdict, false);

	assert_non_null(strstr(text, "503: 2"));
	assert_non_null(strstr(text, "timeout: 1"));
	assert_non_null(strstr(text, "unsent 3"));
	assert_non_null(strstr(text, "shares right"));
	assert_non_null(strstr(text, "1.50ms"));
}

static void shares_of_a_changed_pool_are_not_judged(void **state UNUSED)
{
	struct verdict changed = verdict;
	cJSON *json, *verify;

	changed.roster_changed = true;
	changed.epoch_before = 5;
	changed.epoch_after = 7;
	changed.n_left = 1;
	AUTO_FREE char *text = printed(&changed, false), *line = printed(&changed, true);
	assert_non_null(strstr(text, "shares not judged: the pool changed during the run: "
				     "0 analyzers joined, 1 left (epoch 5 to 7)"));
	assert_null(strstr(text, "shares right"));
	json = cJSON_Parse(line);
	verify = cJSON_GetObjectItem(json, "verify");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(verify, "shares_ok")));
	assert_non_null(strstr(
		cJSON_GetStringValue(cJSON_GetObjectItem(verify, "shares_not_judged")), "1 left"));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(
		cJSON_GetArrayItem(cJSON_GetObjectItem(verify, "analyzers"), 0), "ok")));
	cJSON_Delete(json);
}

static void times_are_written_in_the_unit_that_fits(void **state UNUSED)
{
	static const struct {
		uint64_t us;
		const char *text;
	} cases[] = {
		{ 0, "0us" },         { 999, "999us" },       { 1000, "1.00ms" },
		{ 1234567, "1.23s" }, { 60000000, "60.00s" },
	};
	char text[REPORT_TIME_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		report_format_us(cases[i].us, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_json_report_has_every_number, set_up),
		cmocka_unit_test_setup(the_json_report_is_one_line, set_up),
		cmocka_unit_test_setup(the_text_says_what_was_refused_and_failed_and_why, set_up),
		cmocka_unit_test_setup(shares_of_a_changed_pool_are_not_judged, set_up),
		cmocka_unit_test(times_are_written_in_the_unit_that_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
