#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/ingest/answer.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static void assert_written(const struct answer *answer, bool close, const char *expected)
{
	struct answer_date date = { .text = DATE };
	struct buf out CLEANUP(buf_deinit) = { 0 };

	answer_write(&out, answer, &date, close);
	assert_string_equal(buf_str(&out), expected);
}

static void a_date_is_as_http_wants_it_and_follows_the_clock(void **state)
{
	struct answer_date date = { 0 };
	(void)state;

	answer_date_update(&date, 784111777999999);
	assert_string_equal(date.text, DATE);
	answer_date_update(&date, 784111778000000);
	assert_string_equal(date.text, "Sun, 06 Nov 1994 08:49:38 GMT");
}

static void an_accepted_packet_is_202_with_its_count_and_analyzer(void **state)
{
	struct answer a = { .kind = ANSWER_ACCEPTED, .n_messages = 5, .analyzer = "a1" };
	(void)state;

	assert_written(&a, false,
		       "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nDate: " DATE
		       "\r\nWeir-Analyzer: a1\r\nContent-Length: 34\r\n\r\n"
		       "{\"status\":\"accepted\",\"messages\":5}");
	a.says_200 = true;
	assert_written(&a, false,
		       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: " DATE
		       "\r\nWeir-Analyzer: a1\r\nContent-Length: 34\r\n\r\n"
		       "{\"status\":\"accepted\",\"messages\":5}");
	a.says_200 = false;
	a.analyzer[0] = '\0';
	assert_written(&a, true,
		       "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nDate: " DATE
		       "\r\nConnection: close\r\nContent-Length: 34\r\n\r\n"
		       "{\"status\":\"accepted\",\"messages\":5}");
}

static void its_length_is_right_for_any_count(void **state)
{
	struct answer_date date = { .text = DATE };
	(void)state;

	for (uint64_t n = 1; n <= UINT32_MAX; n = n * 3 + 1) {
		struct answer a = { .kind = ANSWER_ACCEPTED, .n_messages = (uint32_t)n };
		struct buf out CLEANUP(buf_deinit) = { 0 };
		char expected[64];
		const char *body;

		answer_write(&out, &a, &date, false);
		snprintf(expected, sizeof(expected), "{\"status\":\"accepted\",\"messages\":%u}",
			 (unsigned)n);
		body = strstr(buf_str(&out), "\r\n\r\n") + 4;
		assert_string_equal(body, expected);
		assert_int_equal(atoi(strstr(buf_str(&out), "Content-Length: ") + 16),
				 strlen(expected));
	}
}

static void a_refusal_is_a_problem_document(void **state)
{
	struct answer a = { .kind = ANSWER_REFUSED, .refusal = REFUSAL_UNAUTHORIZED };
	(void)state;

	assert_written(
		&a, true,
		"HTTP/1.1 401 Unauthorized\r\nDate: " DATE "\r\nConnection: close\r\n"
		"Content-Type: application/problem+json\r\nContent-Length: 152\r\n"
		"WWW-Authenticate: Bearer\r\n\r\n"
		"{\"type\":\"about:blank\",\"title\":\"Unauthorized\",\"status\":401,"
		"\"code\":\"unauthorized\",\"detail\":\"A valid token is needed, as Bearer, Splunk, ApiKey or Basic.\"}");
}

static void every_refusal_can_be_written_and_503_and_429_say_when_to_come_again(void **state)
{
	struct answer_date date = { .text = DATE };
	(void)state;

	for (enum refusal r = REFUSAL_NONE + 1; r < REFUSALS; r++) {
		struct answer a = { .kind = ANSWER_REFUSED, .refusal = r, .retry_after_s = 2 };
		struct buf out CLEANUP(buf_deinit) = { 0 };
		const char *retry;

		answer_write(&out, &a, &date, false);
		retry = strstr(buf_str(&out), "\r\nRetry-After: 2\r\n");
		assert_int_equal(retry != NULL,
				 refusal_info(r)->status == 503 || r == REFUSAL_WRONG_TOKENS);
		assert_null(strstr(buf_str(&out), "Unknown\r\n"));
	}
}

static void a_method_that_is_not_allowed_hears_which_are(void **state)
{
	struct answer a = { .kind = ANSWER_REFUSED,
			    .refusal = REFUSAL_METHOD_NOT_ALLOWED,
			    .allow = "POST" };
	struct answer_date date = { .text = DATE };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	answer_write(&out, &a, &date, false);
	assert_non_null(strstr(buf_str(&out), "\r\nAllow: POST\r\n"));
}

static void head_gets_the_same_header_and_no_body(void **state)
{
	struct answer a = { .kind = ANSWER_TEXT, .status = 200, .text = "ok\n", .head_only = true };
	(void)state;

	assert_written(&a, false,
		       "HTTP/1.1 200 OK\r\nDate: " DATE
		       "\r\nContent-Type: text/plain; charset=utf-8\r\n"
		       "Content-Length: 3\r\n\r\n");
}

static void options_is_204_without_a_length_or_200_with_one(void **state)
{
	struct answer a = { .kind = ANSWER_OPTIONS, .status = 204, .allow = "POST, OPTIONS" };
	(void)state;

	assert_written(&a, false,
		       "HTTP/1.1 204 No Content\r\nDate: " DATE "\r\nAllow: POST, OPTIONS\r\n\r\n");
	a.status = 200;
	assert_written(&a, false,
		       "HTTP/1.1 200 OK\r\nDate: " DATE
		       "\r\nContent-Length: 0\r\nAllow: POST, OPTIONS\r\n\r\n");
}

static void an_old_client_hears_that_its_connection_is_kept(void **state)
{
	struct answer a = {
		.kind = ANSWER_TEXT, .status = 200, .text = "ok\n", .says_keep_alive = true
	};
	struct answer_date date = { .text = DATE };
	struct buf out CLEANUP(buf_deinit) = { 0 };
	(void)state;

	answer_write(&out, &a, &date, false);
	assert_non_null(strstr(buf_str(&out), "\r\nConnection: keep-alive\r\n"));
	buf_clear(&out);
	answer_write(&out, &a, &date, true);
	assert_null(strstr(buf_str(&out), "keep-alive"));
	assert_non_null(strstr(buf_str(&out), "\r\nConnection: close\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_date_is_as_http_wants_it_and_follows_the_clock),
		cmocka_unit_test(an_accepted_packet_is_202_with_its_count_and_analyzer),
		cmocka_unit_test(its_length_is_right_for_any_count),
		cmocka_unit_test(a_refusal_is_a_problem_document),
		cmocka_unit_test(
			every_refusal_can_be_written_and_503_and_429_say_when_to_come_again),
		cmocka_unit_test(a_method_that_is_not_allowed_hears_which_are),
		cmocka_unit_test(head_gets_the_same_header_and_no_body),
		cmocka_unit_test(options_is_204_without_a_length_or_200_with_one),
		cmocka_unit_test(an_old_client_hears_that_its_connection_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/answer", tests, NULL, NULL);
}
