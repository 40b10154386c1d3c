/* recent.[ch]: the last entries of the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/err.h"
#include "node/watch/recent.h"

#define REFUSED(id, count)                                                                         \
	"{\"id\":\"" id                                                                            \
	"\",\"kind\":\"agents_refused\",\"analyzer\":null,\"node\":\"n1\",\"was\":null,"           \
	"\"now\":\"503\",\"cause\":null,\"by\":null,\"count\":" count "}"

static struct recent it;

static int setup(void **state UNUSED)
{
	return recent_init(&it) ? 0 : -1;
}

static int teardown(void **state UNUSED)
{
	recent_deinit(&it);
	return 0;
}

static void take(const char *json)
{
	cJSON *list = cJSON_Parse(json);

	assert_non_null(list);
	recent_take(&it, list);
}

/* How many come after that one; *firstp: the name of the first of them. */
static int n_after(const char *after, unsigned most, char first[32])
{
	cJSON *list = recent_json(&it, after, most);
	int n = cJSON_GetArraySize(list);

	if (n > 0)
		snprintf(first, 32, "%s",
			 cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "id")->valuestring);
	cJSON_Delete(list);
	return n;
}

static void entries_are_asked_for_by_name(void **state UNUSED)
{
	char first[32] = "";

	assert_null(recent_last(&it));
	take("[{\"id\":\"99-7\"},{\"id\":\"100-2\"},{\"id\":\"100-10\"}]");
	assert_string_equal(recent_last(&it), "100-10");
	assert_int_equal(n_after(NULL, 9, first), 3);
	assert_int_equal(n_after("99-7", 9, first), 2); /* as numbers, not as text */
	assert_string_equal(first, "100-2");
	assert_int_equal(n_after("100-2", 9, first), 1);
	assert_string_equal(first, "100-10");
	assert_int_equal(n_after("100-10", 9, first), 0);
	assert_int_equal(n_after(NULL, 1, first), 1);
	assert_string_equal(first, "100-10");
}

static void one_that_stands_for_several_takes_the_place_of_the_earlier_one(void **state UNUSED)
{
	char first[32] = "";

	take("[" REFUSED("1-0", "1") ",{\"id\":\"2-0\",\"kind\":\"added\"}]");
	take("[" REFUSED("3-0", "2") "]");
	assert_int_equal(n_after(NULL, 9, first), 2);
	assert_string_equal(first, "2-0");
	assert_string_equal(recent_last(&it), "3-0");
}

static void there_are_not_more_than_the_last(void **state UNUSED)
{
	char first[32] = "", text[64];

	for (int i = 0; i < RECENT_EVENTS + 5; i++) {
		snprintf(text, sizeof(text), "[{\"id\":\"%d-0\"}]", i + 1);
		take(text);
	}
	assert_int_equal(n_after(NULL, UINT16_MAX, first), RECENT_EVENTS);
	assert_string_equal(first, "6-0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_are_asked_for_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(
			one_that_stands_for_several_takes_the_place_of_the_earlier_one, setup,
			teardown),
		cmocka_unit_test_setup_teardown(there_are_not_more_than_the_last, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
