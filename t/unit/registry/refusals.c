/* Refusals that several nodes report are put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/refusals.h"

#define ENTRY(path, count, age)                                                                    \
	"{\"method\":\"POST\",\"path\":\"" path "\",\"client\":\"10.0.0.7\",\"status\":404,"       \
	"\"code\":\"not_found\",\"count\":" count ",\"age_ms\":" age ",\"advice\":\"x\"}"

static void add(struct refusals *r, const char *node, const char *json)
{
	cJSON *list = cJSON_Parse(json);

	refusals_add(r, node, list);
	cJSON_Delete(list);
}

static double number(const cJSON *entry, const char *name)
{
	return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(entry, name));
}

static void equal_ones_of_nodes_are_one(void **state)
{
	struct refusals r;
	cJSON *list, *first;

	(void)state;
	assert_int_equal(refusals_init(&r), 0);
	add(&r, "n1",
	    "[" ENTRY("/a", "1", "50") "," ENTRY("/b", "3", "10") "," ENTRY("/a", "1", "60") "]");
	add(&r, "n2", "[" ENTRY("/a", "5", "20") "]");
	list = refusals_take(&r);
	assert_int_equal(cJSON_GetArraySize(list), 2);
	first = cJSON_GetArrayItem(list, 0);
	assert_true(number(first, "count") == 7);
	assert_true(number(first, "age_ms") == 20);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(first, "nodes")), 2);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(first, "text")),
			    "POST /a from 10.0.0.7: 404 not_found");
	cJSON_Delete(list);
	refusals_deinit(&r);
}

static void what_is_no_list_does_no_harm(void **state)
{
	static const char *const odd[] = { "{}", "[1,null,\"x\",[]]", "\"x\"",
					   "[{\"count\":\"x\"}]" };
	struct refusals r;
	cJSON *list;

	(void)state;
	assert_int_equal(refusals_init(&r), 0);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		add(&r, "n1", odd[i]);
	refusals_add(&r, "n1", NULL);
	list = refusals_take(&r);
	assert_int_equal(cJSON_GetArraySize(list), 1);
	cJSON_Delete(list);
	refusals_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_of_nodes_are_one),
		cmocka_unit_test(what_is_no_list_does_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/refusals", tests, NULL, NULL);
}
