/* The words of gRPC. */
#include "node/ingest/grpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static void three_methods_are_served(void **state)
{
	(void)state;
	for (enum grpc_method m = GRPC_EXPORT; m < GRPC_METHODS; m++)
		assert_int_equal(grpc_find_method(slice(grpc_path(m))), m);
	assert_int_equal(grpc_find_method(slice("/grpc.health.v1.Health/check")), GRPC_UNKNOWN);
	assert_int_equal(grpc_find_method(slice("/grpc.health.v1.Health/Check/")), GRPC_UNKNOWN);
	assert_int_equal(grpc_find_method(slice("")), GRPC_UNKNOWN);
}

/* Clients repeat UNAVAILABLE, and drop the others. */
static void what_may_go_well_later_is_unavailable_and_nothing_else_is(void **state)
{
	(void)state;
	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSALS; r++) {
		int status = refusal_info(r)->status;
		bool is_later = status == 503 || status == 429 || status == 408;

		assert_int_equal(grpc_code_of(r) == GRPC_UNAVAILABLE, is_later);
		assert_int_not_equal(grpc_code_of(r), GRPC_OK);
	}
}

static void refusals_have_codes_of_their_own(void **state)
{
	static const struct {
		enum refusal refusal;
		enum grpc_code code;
	} cases[] = {
		{ REFUSAL_BAD_FORMAT, GRPC_INVALID_ARGUMENT },
		{ REFUSAL_UNAUTHORIZED, GRPC_UNAUTHENTICATED },
		{ (enum refusal)HTTP_BODY_TOO_LARGE, GRPC_RESOURCE_EXHAUSTED },
		{ REFUSAL_EXPANDS, GRPC_RESOURCE_EXHAUSTED },
		{ (enum refusal)HTTP_HEADER_TOO_LARGE, GRPC_RESOURCE_EXHAUSTED },
		{ REFUSAL_UNKNOWN_CALL, GRPC_UNIMPLEMENTED },
		{ REFUSAL_GRPC_ENCODING, GRPC_UNIMPLEMENTED },
		{ REFUSAL_FORMAT, GRPC_UNIMPLEMENTED },
		{ REFUSAL_UNKNOWN_SERVICE, GRPC_NOT_FOUND },
		{ REFUSAL_GRPC_FRAME, GRPC_INTERNAL },
		{ REFUSAL_DEADLINE, GRPC_DEADLINE_EXCEEDED },
		{ REFUSAL_LOOP, GRPC_FAILED_PRECONDITION },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(grpc_code_of(cases[i].refusal), cases[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_methods_are_served),
		cmocka_unit_test(what_may_go_well_later_is_unavailable_and_nothing_else_is),
		cmocka_unit_test(refusals_have_codes_of_their_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
