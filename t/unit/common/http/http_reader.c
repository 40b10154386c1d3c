#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "t/unit/common/http/http_cases.h"
#include "t/unit/common/http/http_transcript.h"

static void check(const struct http_case *c, size_t n_first, size_t n_each)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct http_head head;
	struct http_reader r;

	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	http_transcript(&out, &r, c->bytes, strlen(c->bytes), n_first, n_each);
	assert_string_equal(buf_str(&out), c->transcript);
}

static void test_case(void **state)
{
	const struct http_case *c = *state;
	size_t len = strlen(c->bytes);

	check(c, len, len);
	check(c, 1, 1);
	for (size_t at = 1; at < len; at++)
		check(c, at, len);
}

#define REQUEST POST("Content-Length: 4\r\n") "body" GET("")

static void test_head_is_not_consumed_before_its_end(void **state UNUSED)
{
	const char *bytes = REQUEST;
	size_t head_len = strstr(bytes, "body") - bytes;
	struct http_slice slice;
	struct http_head head;
	struct http_reader r;
	size_t n;

	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	for (size_t len = 0; len < head_len; len++) {
		assert_int_equal(http_reader_feed(&r, bytes, len, &n, &slice), HTTP_NEED_MORE);
		assert_int_equal(n, 0);
	}
	assert_int_equal(http_reader_feed(&r, bytes, head_len, &n, &slice), HTTP_HEAD_DONE);
	assert_int_equal(n, head_len);
}

static void test_slices_are_borrowed_from_the_bytes(void **state UNUSED)
{
	const char *bytes = REQUEST;
	size_t len = strlen(bytes), n_head, n_body, n;
	struct http_slice slice;
	struct http_head head;
	struct http_reader r;

	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	assert_int_equal(http_reader_feed(&r, bytes, len, &n_head, &slice), HTTP_HEAD_DONE);
	assert_ptr_equal(head.path.data, bytes + strlen("POST "));
	assert_null(head.query.data);
	assert_int_equal(http_reader_feed(&r, bytes + n_head, len - n_head, &n_body, &slice),
			 HTTP_BODY_DATA);
	assert_ptr_equal(slice.data, bytes + n_head);
	assert_int_equal(slice.len, strlen("body"));
	assert_int_equal(n_body, slice.len);
	/* Done again and again, until told to go on; what follows is not touched. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(http_reader_feed(&r, bytes + n_head + n_body, 18, &n, &slice),
				 HTTP_MESSAGE_DONE);
		assert_int_equal(n, 0);
	}
	assert_int_equal(r.n_body_bytes, strlen("body"));
}

static void test_no_bytes_are_fine(void **state UNUSED)
{
	struct http_slice slice;
	struct http_head head;
	struct http_reader r;
	size_t n;

	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	assert_int_equal(http_reader_feed(&r, NULL, 0, &n, &slice), HTTP_NEED_MORE);
	assert_int_equal(n, 0);
	http_reader_feed(&r, GET(""), strlen(GET("")), &n, &slice);
	assert_int_equal(http_reader_feed(&r, NULL, 0, &n, &slice), HTTP_MESSAGE_DONE);
	assert_int_equal(n, 0);
}

static void test_refusal_is_final(void **state UNUSED)
{
	const char *bytes = POST("Content-Type: a\r\nContent-Length: 33\r\n");
	struct http_slice slice;
	struct http_head head;
	struct http_reader r;
	size_t n;

	http_reader_init(&r, &head, MAX_HEAD_BYTES, MAX_BODY_BYTES);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(http_reader_feed(&r, bytes, strlen(bytes), &n, &slice),
				 HTTP_REFUSED);
		assert_int_equal(r.refusal, HTTP_BODY_TOO_LARGE);
		assert_int_equal(r.state, HTTP_FAILED);
		bytes = GET("");
	}
	/* What was understood is there for the log and the answer. */
	assert_int_equal(head.method, HTTP_POST);
	assert_int_equal(head.content_length, 33);
}

static void test_every_method_has_a_name(void **state UNUSED)
{
	for (int i = 0; i < HTTP_METHODS; i++)
		assert_non_null(http_method_names[i]);
}

static const struct CMUnitTest others[] = {
	{ "a head is not consumed before its end", test_head_is_not_consumed_before_its_end },
	{ "slices are borrowed from the bytes", test_slices_are_borrowed_from_the_bytes },
	{ "no bytes are fine", test_no_bytes_are_fine },
	{ "a refusal is final", test_refusal_is_final },
	{ "the tables are complete", test_every_method_has_a_name },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(http_cases) + ARRAY_LEN(others)] = { { 0 } };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	memcpy(tests, others, sizeof(others));
	for (size_t i = 0; i < ARRAY_LEN(http_cases); i++)
		tests[ARRAY_LEN(others) + i] = (struct CMUnitTest){
			.name = http_cases[i].title,
			.test_func = test_case,
			.initial_state = (void *)&http_cases[i],
		};
	return cmocka_run_group_tests_name("http_reader", tests, NULL, NULL);
}
