#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/header_lines.h"

static struct http_slice slice(const char *text)
{
	return (struct http_slice){ text, strlen(text) };
}

static const char *add(struct buf *lines, const char *text)
{
	struct http_slice name, value;
	const char *why = header_lines_split(text, strlen(text), &name, &value);

	return why ? why : header_lines_set(lines, name, value);
}

static void test_lines_are_written_as_they_are_sent(void **state)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	(void)state;

	assert_null(add(&lines, "Authorization: Splunk 1-2"));
	assert_null(add(&lines, "X-Scope-OrgID:shop"));
	assert_null(add(&lines, "x-a:  b: c, d  "));
	assert_string_equal(buf_str(&lines),
			    "Authorization: Splunk 1-2\r\nX-Scope-OrgID: shop\r\nx-a: b: c, d\r\n");
}

static void test_a_second_one_of_a_name_replaces_the_first(void **state)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	(void)state;

	assert_null(add(&lines, "A: 1"));
	assert_null(add(&lines, "AB: 2"));
	assert_null(add(&lines, "a: 3"));
	assert_string_equal(buf_str(&lines), "AB: 2\r\na: 3\r\n");
	assert_true(header_lines_have(buf_str(&lines), slice("A")));
	assert_true(header_lines_have(buf_str(&lines), slice("ab")));
	assert_false(header_lines_have(buf_str(&lines), slice("b")));
	assert_false(header_lines_have(buf_str(&lines), slice("AB:")));
	assert_false(header_lines_have(NULL, slice("A")));
}

static void test_what_would_change_the_request_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"A",
		": x",
		"A:",
		"A:   ",
		"A B: x",
		"A : x",
		"A: x\r\nB: y",
		"A: x\ny",
		"A\r\nB: y",
		"A: \x7f",
		"A: caf\xc3\xa9",
		"A: x\ty",
		"Host: h",
		"hOST: h",
		"Content-Length: 0",
		"Content-Type: a/b",
		"Content-Encoding: br",
		"Transfer-Encoding: chunked",
		"Connection: close",
		"Keep-Alive: x",
		"Proxy-Authorization: x",
		"Proxy-Connection: x",
		"TE: trailers",
		"Trailer: x",
		"Upgrade: h2c",
		"Expect: 100-continue",
		"Accept-Encoding: gzip",
		"Weir-Node: n1",
		"weir-hops: 1",
		"Grpc-Timeout: 1S",
		":authority: h",
		"A123456789A123456789A123456789A123456789A123456789A123456789A1234: x",
	};
	struct http_slice name, value;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_non_null(header_lines_split(texts[i], strlen(texts[i]), &name, &value));
	assert_non_null(header_lines_check(slice("A"), (struct http_slice){ "x\0y", 3 }));
}

static void test_their_number_and_their_size_are_bounded(void **state)
{
	struct buf lines CLEANUP(buf_deinit) = { 0 };
	char value[HEADER_LINES_VALUE_MAX + 2], text[16];
	(void)state;

	for (unsigned i = 0; i < HEADER_LINES_MOST; i++) {
		snprintf(text, sizeof(text), "A%u: x", i);
		assert_null(add(&lines, text));
	}
	assert_non_null(add(&lines, "B: x"));
	assert_null(add(&lines, "A0: y"));
	buf_clear(&lines);
	memset(value, 'v', sizeof(value));
	assert_non_null(
		header_lines_check(slice("A"), (struct http_slice){ value, sizeof(value) - 1 }));
	assert_null(header_lines_set(&lines, slice("A"),
				     (struct http_slice){ value, HEADER_LINES_VALUE_MAX }));
	assert_non_null(header_lines_set(&lines, slice("B"), (struct http_slice){ value, 200 }));
}

static void test_names_are_told_one_by_one(void **state)
{
	const char *at = "A: 1\r\nX-B: 2:3\r\n";
	struct http_slice name;
	(void)state;

	assert_true(header_lines_next(&at, &name));
	assert_int_equal(name.len, 1);
	assert_true(header_lines_next(&at, &name));
	assert_memory_equal(name.data, "X-B", name.len);
	assert_false(header_lines_next(&at, &name));
	at = NULL;
	assert_false(header_lines_next(&at, &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_written_as_they_are_sent),
		cmocka_unit_test(test_a_second_one_of_a_name_replaces_the_first),
		cmocka_unit_test(test_what_would_change_the_request_is_refused),
		cmocka_unit_test(test_their_number_and_their_size_are_bounded),
		cmocka_unit_test(test_names_are_told_one_by_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
