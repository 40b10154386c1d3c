#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/http/refusal.h"

static bool is_documented(int status)
{
	static const int statuses[] = { 400, 401, 404, 405, 408, 411, 413, 415,
					417, 429, 431, 501, 503, 504, 505, 508 };

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i] == status)
			return true;
	return false;
}

static void every_refusal_has_a_documented_status_a_name_and_a_sentence(void **state)
{
	(void)state;

	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSALS; r++) {
		const struct http_refusal_info *info = refusal_info(r);

		assert_true(is_documented(info->status));
		assert_int_equal(strspn(info->name, "abcdefghijklmnopqrstuvwxyz0123456789_"),
				 strlen(info->name));
		assert_true(strlen(info->detail) > 10 &&
			    info->detail[strlen(info->detail) - 1] == '.');
		assert_int_equal(strcspn(info->detail, "\"\\\r\n"), strlen(info->detail));
	}
}

static void no_two_have_one_name(void **state)
{
	(void)state;
	assert_null(refusal_names[REFUSAL_NONE]);
	for (enum refusal r = 1; r < REFUSALS; r++) {
		assert_string_equal(refusal_names[r], refusal_info(r)->name);
		for (enum refusal other = 1; other < r; other++)
			assert_string_not_equal(refusal_names[r], refusal_names[other]);
	}
}

static void what_may_go_well_later_is_503_and_nothing_else_is(void **state)
{
	static const enum refusal later[] = { REFUSAL_NO_ANALYZER,
					      REFUSAL_SPILL_AWAY,
					      REFUSAL_SPILL_SLOW,
					      REFUSAL_SPILL_REFUSED,
					      REFUSAL_SPILL_REPLICAS,
					      REFUSAL_SPILL_FULL,
					      REFUSAL_DEAD_FULL,
					      REFUSAL_DEAD_AWAY,
					      REFUSAL_DEAD_SLOW,
					      REFUSAL_DEAD_REFUSED,
					      REFUSAL_NO_MEMORY,
					      REFUSAL_TOO_MANY_CONNECTIONS,
					      REFUSAL_TOO_MANY_FROM_ADDRESS,
					      REFUSAL_TOO_MANY_WATCHES,
					      REFUSAL_SHUTTING_DOWN };
	size_t n = 0;
	(void)state;

	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSALS; r++)
		n += refusal_info(r)->status == 503;
	assert_int_equal(n, ARRAY_LEN(later));
	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		assert_int_equal(refusal_info(later[i])->status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_refusal_has_a_documented_status_a_name_and_a_sentence),
		cmocka_unit_test(no_two_have_one_name),
		cmocka_unit_test(what_may_go_well_later_is_503_and_nothing_else_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/refusal", tests, NULL, NULL);
}
