#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/http/web_answer.h"

static const char *format(struct buf *out, const struct web_answer *answer, bool is_head)
{
	buf_clear(out);
	web_append_answer(out, answer, is_head);
	return buf_str(out);
}

static void an_answer_has_its_length_and_body(void **state UNUSED)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct web_answer answer = {
		.status = 200, .content_type = "text/plain", .body = "abc", .len = 3, .close = true
	};
	const char *text = format(&out, &answer, false);

	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(text, "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
	assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\nabc");
}

static void head_and_not_modified_have_no_body(void **state UNUSED)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct web_answer answer = { .status = 304, .body = "abc", .len = 3 };

	assert_string_equal(strstr(format(&out, &answer, false), "\r\n\r\n"), "\r\n\r\n");
	answer.status = 200;
	assert_string_equal(strstr(format(&out, &answer, true), "\r\n\r\n"), "\r\n\r\n");
	assert_non_null(strstr(buf_str(&out), "\r\nContent-Length: 3\r\n"));
}

static void refusals_say_what_to_do(void **state UNUSED)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct web_answer answer = { .status = 405, .allow = "GET", .retry_after_s = 7 };
	char *problem = web_problem_text(405, "a_code", "A \"sentence\".");

	assert_non_null(strstr(format(&out, &answer, false), "\r\nAllow: GET\r\n"));
	assert_non_null(strstr(buf_str(&out), "\r\nRetry-After: 7\r\n"));
	answer.status = 401;
	assert_non_null(strstr(format(&out, &answer, false), "\r\nWWW-Authenticate: Bearer\r\n"));
	assert_string_equal(
		problem,
		"{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405,"
		"\"detail\":\"A \\\"sentence\\\".\",\"code\":\"a_code\"}");
	cJSON_free(problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_its_length_and_body),
		cmocka_unit_test(head_and_not_modified_have_no_body),
		cmocka_unit_test(refusals_say_what_to_do),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
