#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/secret.h"

static bool is(const char *authorization, const char *token)
{
	return secret_is_bearer(authorization, strlen(authorization), token);
}

static void the_right_token_opens_and_the_scheme_has_no_case(void **state)
{
	(void)state;
	assert_true(is("Bearer abc", "abc"));
	assert_true(is("bearer abc", "abc"));
	assert_true(is("BEARER a", "a"));
}

static void any_other_does_not(void **state)
{
	static const char *const wrong[] = { "",
					     "Bearer",
					     "Bearer ",
					     "Bearer ab",
					     "Bearer abcd",
					     "Bearer abcabc",
					     "Bearer  abc",
					     "Bearer ABC",
					     "Basic abc",
					     "abc" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(is(wrong[i], "abc"));
	assert_false(is("Bearer ", ""));
	assert_false(is("Bearer x", ""));
}

static void only_len_bytes_are_looked_at(void **state)
{
	(void)state;
	assert_true(secret_is_bearer("Bearer abcd", 10, "abc"));
	assert_false(secret_is_bearer("Bearer abc", 9, "abc"));
}

static bool given(const char *authorization, const char *token)
{
	struct secret_given given;

	secret_read(authorization, strlen(authorization), &given);
	return secret_given_is(&given, token);
}

static void agents_carry_it_in_their_own_forms(void **state)
{
	static const char *const right[] = { "Bearer abc",         "Splunk abc",      "splunk abc",
					     "ApiKey abc",         "ApiKey aWQ6YWJj", /* id:abc */
					     "Basic dXNlcjphYmM=",                    /* user:abc */
					     "Basic OmFiYw==" /* :abc */ };
	static const char *const wrong[] = { "Basic abc", "Basic YWJj",         "Basic YWJjOmFi",
					     "Splunk ab", "Splunk aWQ6YWJj",    "ApiKey aWQ6YWI=",
					     "Basic",     "Basic dXNlcjphYmM*", "Digest abc",
					     "abc",       "Basic YWJjOnVzZXI=", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_true(given(right[i], "abc"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(given(wrong[i], "abc"));
	assert_false(given("Basic dXNlcjo=", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_token_opens_and_the_scheme_has_no_case),
		cmocka_unit_test(any_other_does_not),
		cmocka_unit_test(only_len_bytes_are_looked_at),
		cmocka_unit_test(agents_carry_it_in_their_own_forms),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/secret", tests, NULL, NULL);
}
