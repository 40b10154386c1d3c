/* Header sections of HTTP/2 as text, and answers as fields. */
#include "common/h2/h2_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void take(struct h2_head *h, const char *name, const char *value)
{
	h2_head_take(h, (struct http_slice){ name, strlen(name) },
		     (struct http_slice){ value, strlen(value) });
}

static void assert_written(struct h2_head *h, bool has_body, const char *expected)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	h2_head_write(h, has_body, &out);
	assert_false(out.failed);
	assert_string_equal(buf_str(&out), expected);
	h2_head_deinit(h);
}

static void pseudo_fields_make_the_first_lines_whatever_their_order(void **state)
{
	struct h2_head h = { 0 };

	(void)state;
	h2_head_begin(&h, 200);
	take(&h, ":path", "/ingest?a=b");
	take(&h, ":scheme", "https");
	take(&h, ":authority", "w:80");
	take(&h, ":method", "POST");
	take(&h, "content-length", "3");
	take(&h, "host", "another");
	take(&h, "a", "");
	assert_written(
		&h, true,
		"POST /ingest?a=b HTTP/1.1\r\nhost: w:80\r\na: \r\ncontent-length: 3\r\n\r\n");
}

static void a_body_without_length_is_chunked_and_none_has_length_0(void **state)
{
	struct h2_head h = { 0 };

	(void)state;
	for (int has_body = 0; has_body < 2; has_body++) {
		h2_head_begin(&h, 200);
		take(&h, ":method", "POST");
		take(&h, ":path", "/");
		take(&h, "host", "w");
		assert_written(
			&h, has_body,
			has_body
				? "POST / HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\n"
				: "POST / HTTP/1.1\r\nhost: w\r\ncontent-length: 0\r\n\r\n");
	}
}

static void what_is_too_large_is_not_kept(void **state)
{
	struct h2_head h = { 0 };

	(void)state;
	h2_head_begin(&h, 100);
	take(&h, ":path", "/");
	for (int i = 0; i < 1000; i++)
		take(&h, "name", "ten bytes.");
	assert_true(h.is_large);
	assert_in_range(h.fields.len + h.apart.len, 80, 100);
	take(&h, "a", "");
	assert_true(h.is_large);
	h2_head_begin(&h, 100);
	assert_false(h.is_large);
	h2_head_deinit(&h);
}

static void an_answer_becomes_fields(void **state)
{
	char text[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n"
		      "Date: x: y\r\n\r\nA: b\r\n\r\n";
	struct h2_field fields[H2_FIELDS_MAX];
	size_t n = 0, n_head = h2_head_split(text, strlen(text), fields, &n);
	static const char *const expected[] = {
		":status", "503", "retry-after", "2", "date", "x: y"
	};

	(void)state;
	assert_string_equal(text + n_head, "A: b\r\n\r\n");
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(fields[i].name.len, strlen(expected[2 * i]));
		assert_memory_equal(fields[i].name.data, expected[2 * i], fields[i].name.len);
		assert_int_equal(fields[i].value.len, strlen(expected[2 * i + 1]));
		assert_memory_equal(fields[i].value.data, expected[2 * i + 1], fields[i].value.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pseudo_fields_make_the_first_lines_whatever_their_order),
		cmocka_unit_test(a_body_without_length_is_chunked_and_none_has_length_0),
		cmocka_unit_test(what_is_too_large_is_not_kept),
		cmocka_unit_test(an_answer_becomes_fields),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
