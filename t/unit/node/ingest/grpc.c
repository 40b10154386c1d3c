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

static void its_content_type_may_have_more_behind_it(void **state)
{
	static const char *const types[] = { "application/grpc", "application/grpc+proto",
					     "Application/GRPC; a=b", "application/grpc ;a=b" };
	static const char *const others[] = { "",
					      "application/grp",
					      "application/grpc-web",
					      "application/grpc-web+proto",
					      "application/grpcs",
					      "text/application/grpc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_true(grpc_is_type(slice(types[i])));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(grpc_is_type(slice(others[i])));
	assert_false(grpc_is_type((struct http_slice){ 0 }));
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

static void a_timeout_has_up_to_eight_digits_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t us;
	} cases[] = {
		{ "1S", 1000000 },
		{ "0m", 0 },
		{ "500m", 500000 },
		{ "7u", 7 },
		{ "1999n", 1 },
		{ "2M", 120000000 },
		{ "99999999H", 99999999 * 3600000000ull },
	};
	static const char *const none[] = {
		"", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1SS"
	};
	uint64_t us;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(grpc_read_timeout(slice(cases[i].text), &us));
		assert_int_equal(us, cases[i].us);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_false(grpc_read_timeout(slice(none[i]), &us));
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

static void a_message_is_percent_encoded(void **state)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	(void)state;
	grpc_write_message(&out, "10 % of \xc3\xbc,\n~");
	assert_string_equal(buf_str(&out), "10 %25 of %C3%BC,%0A~");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_content_type_may_have_more_behind_it),
		cmocka_unit_test(three_methods_are_served),
		cmocka_unit_test(a_timeout_has_up_to_eight_digits_and_a_unit),
		cmocka_unit_test(what_may_go_well_later_is_unavailable_and_nothing_else_is),
		cmocka_unit_test(refusals_have_codes_of_their_own),
		cmocka_unit_test(a_message_is_percent_encoded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
