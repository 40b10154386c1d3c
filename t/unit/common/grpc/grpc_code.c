/* How calls end, and what HTTP says then. */
#include "common/grpc/grpc_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"

static void every_code_is_a_status_of_http(void **state)
{
	(void)state;
	assert_int_equal(grpc_code_status(GRPC_OK, false), 200);
	for (enum grpc_code code = GRPC_OK + 1; code < GRPC_CODES; code++)
		assert_in_range(grpc_code_status(code, true), 400, 599);
	assert_string_equal(grpc_code_name(GRPC_UNAVAILABLE), "UNAVAILABLE");
	assert_string_equal(grpc_code_name(GRPC_UNAUTHENTICATED), "UNAUTHENTICATED");
}

/* A busy server says when it takes more; one whose message is too large cannot. */
static void what_is_exhausted_is_busy_only_where_it_says_when(void **state)
{
	(void)state;
	assert_int_equal(grpc_code_status(GRPC_RESOURCE_EXHAUSTED, true), 429);
	assert_int_equal(grpc_code_status(GRPC_RESOURCE_EXHAUSTED, false), 413);
	assert_int_equal(grpc_code_status(GRPC_UNAVAILABLE, false), 503);
	assert_int_equal(grpc_code_status(GRPC_INVALID_ARGUMENT, true), 400);
}

/* What a node or an analyzer refuses over gRPC means to a node what it means over HTTP. */
static void a_status_that_becomes_a_code_has_the_same_fate_when_it_comes_back(void **state)
{
	static const struct {
		int status, back;
	} cases[] = { { 200, 200 }, { 202, 200 }, { 400, 400 }, { 413, 413 }, { 422, 400 },
		      { 401, 401 }, { 403, 403 }, { 404, 501 }, { 408, 503 }, { 429, 503 },
		      { 500, 500 }, { 501, 501 }, { 503, 503 }, { 504, 504 }, { 507, 500 },
		      { 508, 508 }, { 99, 400 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(grpc_code_status(grpc_code_of_status(cases[i].status), false),
				 cases[i].back);
}

static void a_code_is_a_decimal_number_that_is_known(void **state)
{
	static const char *const none[] = { "",   "17",         "-1",
					    "00", "014",        "1 ",
					    "a",  "4294967296", "18446744073709551616" };
	enum grpc_code code;

	(void)state;
	assert_true(grpc_code_read("0", &code));
	assert_int_equal(code, GRPC_OK);
	assert_true(grpc_code_read("14", &code));
	assert_int_equal(code, GRPC_UNAVAILABLE);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(grpc_code_read(none[i], &code));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_a_status_of_http),
		cmocka_unit_test(what_is_exhausted_is_busy_only_where_it_says_when),
		cmocka_unit_test(a_status_that_becomes_a_code_has_the_same_fate_when_it_comes_back),
		cmocka_unit_test(a_code_is_a_decimal_number_that_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
