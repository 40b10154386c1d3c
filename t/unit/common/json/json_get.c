#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/json/json_get.h"

static const char text[] =
	"{\"s\":\"text\",\"empty\":\"\",\"n\":12,\"f\":1.5,\"neg\":-3,\"t\":true,\"no\":false,"
	"\"null\":null,\"a\":[1],\"huge\":1e300,\"inf\":1e999,\"big\":9007199254740994,"
	"\"edge\":9007199254740992,\"o\":{\"s\":\"inner\"}}";

static int parse(void **state)
{
	*state = cJSON_Parse(text);
	return *state ? 0 : -1;
}

static int release(void **state)
{
	cJSON_Delete(*state);
	return 0;
}

static void a_string_is_lent(void **state)
{
	const char *value = NULL;

	assert_int_equal(json_get_string(*state, "s", &value), 0);
	assert_string_equal(value, "text");
	assert_int_equal(json_get_string(*state, "empty", &value), 0);
	assert_string_equal(value, "");
}

static void what_is_missing_leaves_the_default(void **state)
{
	const char *s = "default";
	double d = 7;
	int64_t i = 7;

	assert_int_equal(json_get_string(*state, "x", &s), JSON_E_MISSING);
	assert_int_equal(json_get_double(*state, "x", 0, 1, &d), JSON_E_MISSING);
	assert_int_equal(json_get_int(*state, "x", 0, 1, &i), JSON_E_MISSING);
	assert_int_equal(json_get_string(NULL, "s", &s), JSON_E_MISSING);
	assert_string_equal(s, "default");
	assert_true(d == 7 && i == 7);
}

static void names_are_case_sensitive(void **state)
{
	const char *s;

	assert_int_equal(json_get_string(*state, "S", &s), JSON_E_MISSING);
}

static void a_wrong_type_is_said_and_leaves_the_value(void **state)
{
	const char *s = "default";
	double d = 7;
	int64_t i = 7;

	assert_int_equal(json_get_string(*state, "n", &s), JSON_E_TYPE);
	assert_int_equal(json_get_string(*state, "null", &s), JSON_E_TYPE);
	assert_int_equal(json_get_double(*state, "s", 0, 100, &d), JSON_E_TYPE);
	assert_int_equal(json_get_double(*state, "null", 0, 100, &d), JSON_E_TYPE);
	assert_int_equal(json_get_int(*state, "t", 0, 100, &i), JSON_E_TYPE);
	assert_string_equal(s, "default");
	assert_true(d == 7 && i == 7);
}

static void an_array_is_no_object(void **state)
{
	const cJSON *array = cJSON_GetObjectItem(*state, "a");
	const char *s;

	assert_int_equal(json_get_string(array, "s", &s), JSON_E_TYPE);
	assert_int_equal(json_get_string(cJSON_GetObjectItem(*state, "o"), "s", &s), 0);
	assert_string_equal(s, "inner");
}

static void a_number_must_be_within_its_bounds(void **state)
{
	double d = 7;

	assert_int_equal(json_get_double(*state, "f", 1.5, 1.5, &d), 0);
	assert_true(d == 1.5);
	assert_int_equal(json_get_double(*state, "f", 1.6, 2, &d), JSON_E_TYPE);
	assert_int_equal(json_get_double(*state, "f", 0, 1.4, &d), JSON_E_TYPE);
	assert_int_equal(json_get_double(*state, "huge", -1e308, 1e308, &d), 0);
	assert_int_equal(json_get_double(*state, "inf", 0, (double)INFINITY, &d), JSON_E_TYPE);
}

static void a_whole_number_has_no_fraction_and_is_exact(void **state)
{
	int64_t i = 7;

	assert_int_equal(json_get_int(*state, "f", 0, 100, &i), JSON_E_TYPE);
	assert_int_equal(json_get_int(*state, "huge", INT64_MIN, INT64_MAX, &i), JSON_E_TYPE);
	assert_int_equal(json_get_int(*state, "big", INT64_MIN, INT64_MAX, &i), JSON_E_TYPE);
	assert_int_equal(json_get_int(*state, "neg", 0, 100, &i), JSON_E_TYPE);
	assert_int_equal(json_get_int(*state, "n", 0, 11, &i), JSON_E_TYPE);
	assert_true(i == 7);
	assert_int_equal(json_get_int(*state, "n", 12, 12, &i), 0);
	assert_true(i == 12);
	assert_int_equal(json_get_int(*state, "neg", INT64_MIN, INT64_MAX, &i), 0);
	assert_true(i == -3);
	assert_int_equal(json_get_int(*state, "edge", INT64_MIN, INT64_MAX, &i), 0);
	assert_true(i == 1LL << 53);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_lent),
		cmocka_unit_test(what_is_missing_leaves_the_default),
		cmocka_unit_test(names_are_case_sensitive),
		cmocka_unit_test(a_wrong_type_is_said_and_leaves_the_value),
		cmocka_unit_test(an_array_is_no_object),
		cmocka_unit_test(a_number_must_be_within_its_bounds),
		cmocka_unit_test(a_whole_number_has_no_fraction_and_is_exact),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/json_get", tests, parse, release);
}
