/* checks.[ch]: how a node finds an analyzer over time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "node/control/checks.h"
#include "t/unit/near.h"

#define T0 1000000u

static struct checks checks;
static const struct analyzer a1 = { .id = "a1", .slot = 2 }, a2 = { .id = "a2", .slot = 2 };

static int done(void **state)
{
	(void)state;
	checks_deinit(&checks);
	return 0;
}

static bool hear(const struct analyzer *a, bool is_bad, bool is_down, uint64_t now_ms)
{
	struct check_look look = {
		.is_bad = is_bad, .is_down = is_down, .elapsed_s = 1, .now_ms = now_ms
	};

	return checks_hear(&checks, a, &look);
}

/* A field of what is written of it; 0: it is not there. */
static double field(const struct analyzer *a, const char *name)
{
	const struct failure none = { 0 };
	cJSON *json = cJSON_CreateObject(), *item;
	double value;

	checks_write(&checks, a, &none, 7, json);
	item = cJSON_GetObjectItem(cJSON_GetObjectItem(json, a->id), name);
	value = item ? item->valuedouble : 0;
	cJSON_Delete(json);
	return value;
}

static void of_who_was_never_in_trouble_nothing_is_said(void **state UNUSED)
{
	hear(&a1, false, false, T0);
	assert_near(field(&a1, "checked_ms"), 0, 0);
}

static void trouble_has_a_beginning_and_a_change_when_it_ends(void **state UNUSED)
{
	hear(&a1, false, false, T0);
	hear(&a1, true, true, T0 + 1000);
	hear(&a1, true, true, T0 + 2000);
	assert_near(field(&a1, "since_ms"), T0 + 1000, 0);
	assert_near(field(&a1, "change_ms"), T0 + 1000, 0);
	hear(&a1, false, false, T0 + 3000);
	assert_near(field(&a1, "since_ms"), 0, 0);
	assert_near(field(&a1, "change_ms"), T0 + 3000, 0);
	assert_near(field(&a1, "down_s"), 2, 0);
	assert_near(field(&a1, "checked_ms"), 7, 0);
}

static void trouble_that_is_not_down_is_no_downtime(void **state UNUSED)
{
	hear(&a1, true, false, T0);
	assert_near(field(&a1, "down_s"), 0, 0);
	assert_near(field(&a1, "since_ms"), T0, 0);
}

static void changes_fade_within_a_minute_or_so(void **state UNUSED)
{
	for (unsigned i = 0; i < 6; i++)
		hear(&a1, i % 2, false, T0 + i);
	assert_true(field(&a1, "flaps") > 4);
	for (unsigned i = 0; i < 120; i++)
		hear(&a1, true, false, T0 + 10 + i);
	assert_true(field(&a1, "flaps") < 1);
}

static void another_analyzer_in_the_slot_begins_anew(void **state UNUSED)
{
	assert_true(hear(&a1, true, true, T0));
	assert_false(hear(&a1, true, true, T0));
	assert_true(hear(&a2, false, false, T0 + 1));
	assert_near(field(&a2, "change_ms"), 0, 0);
	assert_near(field(&a1, "change_ms"), 0, 0);
}

static void the_last_error_is_told_with_its_time(void **state UNUSED)
{
	const struct failure failure = { .at_ms = 9, .text = "HTTP 500" };
	cJSON *json = cJSON_CreateObject(), *object;

	hear(&a1, false, false, T0);
	checks_write(&checks, &a1, &failure, 7, json);
	object = cJSON_GetObjectItem(json, "a1");
	assert_string_equal(cJSON_GetObjectItem(object, "error")->valuestring, "HTTP 500");
	assert_near(cJSON_GetObjectItem(object, "error_ms")->valuedouble, 9, 0);
	cJSON_Delete(json);
}

#define TEST(name) cmocka_unit_test_teardown(name, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_who_was_never_in_trouble_nothing_is_said),
		TEST(trouble_has_a_beginning_and_a_change_when_it_ends),
		TEST(trouble_that_is_not_down_is_no_downtime),
		TEST(changes_fade_within_a_minute_or_so),
		TEST(another_analyzer_in_the_slot_begins_anew),
		TEST(the_last_error_is_told_with_its_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/control/checks", tests, NULL, NULL);
}
