#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/token_book.h"
#include "node/ingest/ingest_api.h"

#define SLICE(text) ((struct http_slice){ (text), sizeof(text) - 1 })
#define T0 50000000u

static struct health health = { .has_roster = true };

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, text ? strlen(text) : 0 };
}

static struct http_head head_of(enum http_method method, const char *path)
{
	return (struct http_head){
		.method = method, .minor_version = 1, .path = slice(path), .keep_alive = true
	};
}

static bool decide(const struct http_head *head, const char *token, struct answer *answer)
{
	struct token_book tokens;
	struct ingest_api api = { .tokens = &tokens, .health = &health };
	struct request_form body;
	bool is_packet;

	token_book_init(&tokens);
	assert_int_equal(token_book_set(&tokens, "one", token, NULL), 0);
	is_packet = ingest_api_decide(&api, head, T0, answer, &body);
	token_book_deinit(&tokens);
	return is_packet;
}

static void assert_refused(const struct http_head *head, const char *token, enum refusal refusal)
{
	struct answer answer = { 0 };

	assert_false(decide(head, token, &answer));
	assert_int_equal(answer.kind, ANSWER_REFUSED);
	assert_int_equal(answer.refusal, refusal);
}

static void assert_packet(const struct http_head *head, const char *token)
{
	struct answer answer = { 0 };

	assert_true(decide(head, token, &answer));
}

static void packets_are_taken_at_four_paths_with_or_without_a_slash(void **state)
{
	static const char *const paths[] = {
		"/ingest",  "/v1/ingest",  "/logs",  "/message/send",
		"/ingest/", "/v1/ingest/", "/logs/", "/message/send/"
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_head head = head_of(HTTP_POST, paths[i]);

		assert_packet(&head, NULL);
	}
}

static void no_other_path_is_known(void **state)
{
	static const char *const paths[] = { "/",        "//",  "/x/ingest", "/Ingest",
					     "/ingestx", "/v1", "ingest",    "/metrics" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_head head = head_of(HTTP_POST, paths[i]);

		assert_refused(&head, NULL, REFUSAL_NOT_FOUND);
	}
}

static void other_methods_hear_which_are_allowed(void **state)
{
	(void)state;

	for (enum http_method m = 0; m < HTTP_METHODS; m++) {
		struct http_head packets = head_of(m, "/logs"), livez = head_of(m, "/livez");
		struct http_head bulk = head_of(m, "/_bulk");
		struct answer answer = { 0 };

		if (m != HTTP_POST && m != HTTP_HEAD && m != HTTP_OPTIONS) {
			assert_refused(&packets, NULL, REFUSAL_METHOD_NOT_ALLOWED);
			decide(&packets, NULL, &answer);
			assert_string_equal(answer.allow, "POST, HEAD, OPTIONS");
		}
		if (m != HTTP_POST && m != HTTP_PUT && m != HTTP_HEAD && m != HTTP_OPTIONS) {
			decide(&bulk, NULL, &answer);
			assert_string_equal(answer.allow, "POST, PUT, HEAD, OPTIONS");
		}
		if (m != HTTP_GET && m != HTTP_HEAD && m != HTTP_OPTIONS) {
			assert_refused(&livez, NULL, REFUSAL_METHOD_NOT_ALLOWED);
			decide(&livez, NULL, &answer);
			assert_string_equal(answer.allow, "GET, HEAD, OPTIONS");
		}
	}
}

static void options_tells_the_methods_without_a_token(void **state)
{
	static const char *const cases[][2] = { { "/ingest", "POST, HEAD, OPTIONS" },
						{ "*", "POST, HEAD, OPTIONS" },
						{ "/_bulk", "POST, PUT, HEAD, OPTIONS" },
						{ "/services/collector/ack", "POST, OPTIONS" },
						{ "/services/collector/event/1.0",
						  "POST, HEAD, OPTIONS" },
						{ "/readyz", "GET, HEAD, OPTIONS" } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_head head = head_of(HTTP_OPTIONS, cases[i][0]);
		struct answer answer = { 0 };

		assert_false(decide(&head, "secret", &answer));
		assert_int_equal(answer.kind, ANSWER_OPTIONS);
		assert_string_equal(answer.allow, cases[i][1]);
		assert_int_equal(answer.status, strstr(cases[i][0], "collector/event") ? 200 : 204);
	}
}

static void a_token_must_match_in_full(void **state)
{
	static const char *const wrong[] = { NULL,
					     "",
					     "Bearer",
					     "Bearer ",
					     "Bearer secre",
					     "Bearer secrets",
					     "Bearer Secret",
					     "secret",
					     "Basic secret",
					     "Bearer  secret",
					     "Bearer secretsecret" };
	struct http_head head = head_of(HTTP_POST, "/ingest");
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		head.authorization = slice(wrong[i]);
		assert_refused(&head, "secret", REFUSAL_UNAUTHORIZED);
	}
	head.authorization = SLICE("Bearer secret");
	assert_packet(&head, "secret");
	head.authorization = SLICE("bearer secret");
	assert_packet(&head, "secret");
	assert_packet(&head, NULL);
}

static void health_needs_no_token(void **state)
{
	struct http_head head = head_of(HTTP_GET, "/livez");
	struct answer answer = { 0 };
	(void)state;

	assert_false(decide(&head, "secret", &answer));
	assert_int_equal(answer.kind, ANSWER_TEXT);
	assert_int_equal(answer.status, 200);
}

static void a_body_may_have_any_type_that_a_log_can_have(void **state)
{
	static const char *const good[] = { NULL,
					    ";",
					    "application/json; charset=utf-8",
					    "text/plain",
					    "application/x-ndjson",
					    "application/x-protobuf",
					    "json" };
	static const char *const bad[] = { "multipart/form-data; x=application/json", "image/png",
					   "Video/mp4" };
	struct http_head head = head_of(HTTP_POST, "/ingest");
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		head.content_type = slice(good[i]);
		assert_packet(&head, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		head.content_type = slice(bad[i]);
		assert_refused(&head, NULL, REFUSAL_MEDIA_TYPE);
	}
}

static void encodings_are_taken_if_they_are_known(void **state)
{
	struct http_head head = head_of(HTTP_POST, "/ingest");
	(void)state;

	head.content_encoding = SLICE("br");
	assert_refused(&head, NULL, REFUSAL_CONTENT_ENCODING);
	head.content_encoding = SLICE("Identity");
	assert_packet(&head, NULL);
	head.content_encoding = SLICE("gzip, zstd");
	assert_packet(&head, NULL);
}

static void agents_have_paths_of_their_own(void **state)
{
	static const char *const paths[] = { "/v1/logs",
					     "/loki/api/v1/push",
					     "/shop/_bulk",
					     "/gelf",
					     "/services/collector/event/1.0",
					     "/upload",
					     "/topics/x" };
	struct http_head put = head_of(HTTP_PUT, "/_bulk"),
			 put_otlp = head_of(HTTP_PUT, "/v1/logs");
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_head head = head_of(HTTP_POST, paths[i]);

		assert_packet(&head, NULL);
	}
	assert_packet(&put, NULL);
	assert_refused(&put_otlp, NULL, REFUSAL_METHOD_NOT_ALLOWED);
}

static void a_token_may_come_in_the_form_of_the_agent(void **state)
{
	struct http_head head = head_of(HTTP_POST, "/_bulk");
	struct answer answer = { 0 };
	(void)state;

	head.authorization = SLICE("Splunk secret");
	assert_packet(&head, "secret");
	head.authorization = SLICE("Basic YW55Ym9keTpzZWNyZXQ="); /* anybody:secret */
	assert_packet(&head, "secret");
	head.authorization = SLICE("Basic c2VjcmV0OmFueWJvZHk=");
	assert_false(decide(&head, "secret", &answer));
	assert_int_equal(answer.refusal, REFUSAL_UNAUTHORIZED);
	assert_int_equal(answer.style.format, FORMAT_ANSWER_BULK);
	assert_true(answer.style.had_token && answer.is_elastic);
}

static void a_packet_path_tells_with_head_whether_packets_are_taken(void **state)
{
	static const char *const paths[] = { "/ingest", "/v1/logs/", "/shop/_bulk", "/gelf" };
	struct answer answer = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct http_head head = head_of(HTTP_HEAD, paths[i]);

		assert_false(decide(&head, "secret", &answer));
		assert_int_equal(answer.kind, ANSWER_TEXT);
		assert_int_equal(answer.status, 200);
		assert_true(answer.head_only);
	}
}

static void acknowledgements_of_splunk_are_off(void **state)
{
	struct http_head head = head_of(HTTP_POST, "/services/collector/ack");
	struct answer answer = { 0 };
	(void)state;

	assert_refused(&head, "secret", REFUSAL_UNAUTHORIZED);
	head.authorization = SLICE("Splunk secret");
	assert_false(decide(&head, "secret", &answer));
	assert_int_equal(answer.refusal, REFUSAL_ACKS_ARE_OFF);
	assert_int_equal(answer.style.format, FORMAT_ANSWER_HEC);
	assert_int_equal(answer.token, 1);
	head.method = HTTP_GET;
	assert_refused(&head, "secret", REFUSAL_METHOD_NOT_ALLOWED);
}

static void livez_looks_at_the_workers_and_readyz_at_health(void **state)
{
	struct http_head livez = head_of(HTTP_GET, "/livez"), readyz = head_of(HTTP_GET, "/readyz");
	struct http_head healthz = head_of(HTTP_HEAD, "/healthz");
	struct answer answer = { 0 };
	(void)state;

	decide(&readyz, NULL, &answer);
	assert_int_equal(answer.status, 200);
	atomic_store(&health.draining, true);
	decide(&readyz, NULL, &answer);
	assert_int_equal(answer.status, 503);
	assert_string_equal(answer.text, "draining\n");
	decide(&livez, NULL, &answer);
	assert_int_equal(answer.status, 200);
	decide(&healthz, NULL, &answer);
	assert_int_equal(answer.status, 200);
	assert_true(answer.head_only);
	atomic_store(&health.draining, false);
	health_turn(&health, 0, T0 - HEALTH_STUCK_US - 1, true);
	decide(&livez, NULL, &answer);
	assert_int_equal(answer.status, 503);
	assert_string_equal(answer.text, "a worker hangs\n");
	health_turn(&health, 0, 0, false);
}

static void an_old_client_that_asks_is_told_that_it_is_kept(void **state)
{
	struct http_head head = head_of(HTTP_GET, "/livez");
	struct answer answer = { 0 };
	(void)state;

	decide(&head, NULL, &answer);
	assert_false(answer.says_keep_alive);
	head.minor_version = 0;
	decide(&head, NULL, &answer);
	assert_true(answer.says_keep_alive);
	head.keep_alive = false;
	decide(&head, NULL, &answer);
	assert_false(answer.says_keep_alive);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_taken_at_four_paths_with_or_without_a_slash),
		cmocka_unit_test(no_other_path_is_known),
		cmocka_unit_test(other_methods_hear_which_are_allowed),
		cmocka_unit_test(options_tells_the_methods_without_a_token),
		cmocka_unit_test(a_token_must_match_in_full),
		cmocka_unit_test(health_needs_no_token),
		cmocka_unit_test(a_body_may_have_any_type_that_a_log_can_have),
		cmocka_unit_test(encodings_are_taken_if_they_are_known),
		cmocka_unit_test(agents_have_paths_of_their_own),
		cmocka_unit_test(a_token_may_come_in_the_form_of_the_agent),
		cmocka_unit_test(a_packet_path_tells_with_head_whether_packets_are_taken),
		cmocka_unit_test(acknowledgements_of_splunk_are_off),
		cmocka_unit_test(livez_looks_at_the_workers_and_readyz_at_health),
		cmocka_unit_test(an_old_client_that_asks_is_told_that_it_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/ingest_api", tests, NULL, NULL);
}
