/* What the answer to a call says. */
#include "common/grpc/grpc_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RETRY_IN_3_S                                                                                 \
	"CAgSBGZ1bGwaLwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkRlYnVnSW5mbxIDEgF4GjYKKHR5cGUuZ2" \
	"9vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5SZXRyeUluZm8SCgoICAIQgMq17gE="

#define BODY(bytes) .body = bytes, .body_len = sizeof(bytes) - 1, .n_body_bytes = sizeof(bytes) - 1

static void assert_answer(const struct grpc_stream *stream, int status, int32_t retry_after_s,
			  const char *words)
{
	struct grpc_answer a;
	const char *why;

	assert_int_equal(grpc_answer_read(stream, &a, &why), 0);
	assert_int_equal(a.status, status);
	assert_int_equal(a.retry_after_s, retry_after_s);
	assert_string_equal(a.words, words);
	assert_null(a.message);
}

static void assert_broken(const struct grpc_stream *stream, const char *text)
{
	struct grpc_answer a;
	const char *why;

	assert_int_equal(grpc_answer_read(stream, &a, &why), GRPC_ANSWER_E_BROKEN);
	assert_string_equal(why, text);
}

static void a_success_has_one_message(void **state)
{
	struct grpc_stream stream = { 200, "0", BODY("\0\0\0\0\3abc"), .is_whole = true };
	struct grpc_answer a;
	const char *why;

	(void)state;
	assert_int_equal(grpc_answer_read(&stream, &a, &why), 0);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.words, "");
	assert_int_equal(a.message_len, 3);
	assert_memory_equal(a.message, "abc", 3);
	stream = (struct grpc_stream){ 200, "0", BODY("\0\0\0\0\0"), .is_whole = true };
	assert_int_equal(grpc_answer_read(&stream, &a, &why), 0);
	assert_non_null(a.message);
	assert_int_equal(a.message_len, 0);
}

/* It is longer than was kept. */
static void a_success_counts_without_its_message(void **state)
{
	const struct grpc_stream stream = { 200,
					    "0",
					    .body = "\0\0\0\2\0ab",
					    .body_len = 7,
					    .n_body_bytes = 517,
					    .is_whole = true };

	(void)state;
	assert_answer(&stream, 200, -1, "");
}

static void a_success_that_is_none_is_broken(void **state)
{
	static const struct grpc_stream none = { 200, "0", .body = "", .is_whole = true },
					cut = { 200, "0", BODY("\0\0\0\0\0") },
					half = { 200, "0", BODY("\0\0\0\0\3ab"), .is_whole = true },
					prefix = { 200, "0", BODY("\0\0\0"), .is_whole = true },
					two = { 200, "0", BODY("\0\0\0\0\0\0\0\0\0\0"),
						.is_whole = true },
					packed = { 200, "0", BODY("\1\0\0\0\1a"),
						   .is_whole = true },
					no_status = { 200, BODY("\0\0\0\0\0"), .is_whole = true };

	(void)state;
	assert_broken(&none, "the answer has no message");
	assert_broken(&cut, "the answer is cut off");
	assert_broken(&half, "the answer is not one message of the length that it tells");
	assert_broken(&prefix, "the answer has no message");
	assert_broken(&two, "the answer is not one message of the length that it tells");
	assert_broken(&packed, "the answer is compressed");
	assert_broken(&no_status, "the answer has no grpc-status");
}

static void a_refusal_is_told_in_words(void **state)
{
	static const struct grpc_stream busy = { 200, "14", "queue is full" }, bare = { 200, "3" },
					strange = { 200, "99", "a%0Ab %C3%BC" },
					busy_for = { 200, "8", "full", RETRY_IN_3_S },
					too_large = { 200, "8", "larger than 4 MB" };

	(void)state;
	assert_answer(&busy, 503, -1, "UNAVAILABLE: queue is full");
	assert_answer(&bare, 400, -1, "INVALID_ARGUMENT");
	assert_answer(&strange, 500, -1, "UNKNOWN: a?b ??");
	assert_answer(&busy_for, 429, 3, "RESOURCE_EXHAUSTED: full");
	assert_answer(&too_large, 413, -1, "RESOURCE_EXHAUSTED: larger than 4 MB");
}

static void words_are_bounded(void **state)
{
	char message[2000];
	const struct grpc_stream stream = { 200, "13", message };
	struct grpc_answer a;
	const char *why;

	(void)state;
	memset(message, 'x', sizeof(message));
	message[sizeof(message) - 1] = '\0';
	assert_int_equal(grpc_answer_read(&stream, &a, &why), 0);
	assert_int_equal(strlen(a.words), strlen("INTERNAL: ") + 240);
}

/* A proxy between does not know calls. */
static void http_alone_counts_where_it_says_anything_of_the_server(void **state)
{
	static const struct {
		int status, counts;
		const char *words;
	} cases[] = { { 503, 503, "HTTP 503 without a grpc-status" },
		      { 429, 429, "HTTP 429 without a grpc-status" },
		      { 413, 413, "HTTP 413 without a grpc-status" },
		      { 415, 502, "HTTP 415 without a grpc-status" },
		      { 400, 502, "HTTP 400 without a grpc-status" },
		      { 404, 404, "HTTP 404 without a grpc-status" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct grpc_stream stream = { cases[i].status, .is_whole = true };

		assert_answer(&stream, cases[i].counts, -1, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_success_has_one_message),
		cmocka_unit_test(a_success_counts_without_its_message),
		cmocka_unit_test(a_success_that_is_none_is_broken),
		cmocka_unit_test(a_refusal_is_told_in_words),
		cmocka_unit_test(words_are_bounded),
		cmocka_unit_test(http_alone_counts_where_it_says_anything_of_the_server),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
