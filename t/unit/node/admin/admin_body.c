#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "node/admin/admin_body.h"

enum { WEIGHT, STATE, FAULT, ALL, NAMES, FIELDS };
static const char *const states[] = { "active", "disabled", NULL };
static const struct body_field fields[FIELDS] = {
	[WEIGHT] = { "weight", BODY_WHOLE, "a whole number from 1 to 9", .is_needed = true,
		     .min = 1, .max = 9 },
	[STATE] = { "state", BODY_TEXT, "a state", .choices = states },
	[FAULT] = { "fault", BODY_TEXT, "null or 3 letters", .may_be_null = true, .max = 3 },
	[ALL] = { "all", BODY_BOOL, "true or false" },
	[NAMES] = { "names", BODY_LIST, "1 or 2 names", .min = 1, .max = 2 },
};

struct refusal_case {
	const char *body;
	const char *code;
	const char *detail; /* a part of it */
};

/* clang-format off */
static const struct refusal_case cases[] = {
	{"", "bad_field", "weight is needed: a whole number from 1 to 9"},
	{"{}", "bad_field", "weight is needed"},
	{"[]", "bad_json", "one JSON object"},
	{"{\"weight\":1}x", "bad_json", "one JSON object"},
	{"{\"weight\":01}", "bad_json", "one JSON object"},
	{"{\"weight\":5.}", "bad_json", "one JSON object"},
	{"{\"weight\":1,\"fault\":\"a\\u0000\"}", "bad_json", "\\\\u0000"},
	{"{\"weight\":1,\"fault\":\"\xff\"}", "bad_json", "UTF-8"},
	{"{\"wieght\":2}", "bad_field", "did you mean \\\"weight\\\"?"},
	{"{\"colour\":2}", "bad_field", "no field \\\"colour\\\""},
	{"{\"Weight\":2}", "bad_field", "did you mean \\\"weight\\\"?"},
	{"{\"weight\":1,\"weight\":2}", "bad_field", "\\\"weight\\\" is there twice"},
	{"{\"weight\":0}", "bad_field", "weight must be a whole number from 1 to 9"},
	{"{\"weight\":1.5}", "bad_field", "weight must be"},
	{"{\"weight\":1e999}", "bad_field", "weight must be"},
	{"{\"weight\":\"1\"}", "bad_field", "weight must be"},
	{"{\"weight\":null}", "bad_field", "weight must be"},
	{"{\"weight\":1,\"state\":\"Active\"}", "bad_field", "state must be a state"},
	{"{\"weight\":1,\"fault\":\"abcd\"}", "bad_field", "fault must be"},
	{"{\"weight\":1,\"all\":1}", "bad_field", "all must be true or false"},
	{"{\"weight\":1,\"names\":[]}", "bad_field", "names must be"},
	{"{\"weight\":1,\"names\":[1,2,3]}", "bad_field", "names must be"},
	{"{\"weight\":1,\"names\":{}}", "bad_field", "names must be"},
};
/* clang-format on */

static bool read_body(struct front_request *rq, const char *text, struct body *body)
{
	*rq = (struct front_request){ 0 };
	buf_append_str(&rq->body, text);
	return body_read(rq, fields, FIELDS, body);
}

static void what_is_not_in_the_table_is_refused(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct front_request rq;
		struct body body;
		const char *answer;

		if (read_body(&rq, cases[i].body, &body))
			fail_msg("taken: %s", cases[i].body);
		answer = buf_str(&rq.out);
		if (!strstr(answer, "HTTP/1.1 400 ") || !strstr(answer, cases[i].code) ||
		    !strstr(answer, cases[i].detail))
			fail_msg("%s: %s", cases[i].body, answer);
		body_deinit(&body);
		front_request_deinit(&rq);
	}
}

static void what_was_given_is_found_by_its_field(void **state UNUSED)
{
	struct front_request rq;
	struct body body;

	assert_true(
		read_body(&rq, "{\"weight\":9,\"fault\":null,\"all\":true,\"names\":[1]}", &body));
	assert_true(body_number(&body, WEIGHT, 1) == 9);
	assert_string_equal(body_text(&body, STATE, "none"), "none");
	assert_non_null(body.values[FAULT]);
	assert_string_equal(body_text(&body, FAULT, ""), "");
	assert_true(body_is_true(&body, ALL));
	assert_int_equal(cJSON_GetArraySize(body.values[NAMES]), 1);
	body_deinit(&body);
	front_request_deinit(&rq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_in_the_table_is_refused),
		cmocka_unit_test(what_was_given_is_found_by_its_field),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
