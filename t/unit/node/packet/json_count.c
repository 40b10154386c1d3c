#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>

#include "common/buf.h"
#include "common/json/json_scan.h"
#include "node/packet/json_count.h"

struct json_case {
	const char *title;
	const char *body;
	enum json_verdict verdict;
	uint32_t n_messages;
};

/* clang-format off */
static const struct json_case cases[] = {
	{"an object is one message", "{}", JSON_OK, 1},
	{"whatever is in it", " {\"a\": {\"messages\": [1, 2]}, \"b\": [3, 4]}\r\n\t", JSON_OK, 1},
	{"messages are counted", "{\"a\": 1, \"messages\": [{}, [1, 2], 3, null, \"\"]}", JSON_OK, 5},
	{"messages may be spelled with escapes", "{\"mess\\u0061ges\": [1, 2]}", JSON_OK, 2},
	{"the case of messages matters", "{\"Messages\": [1, 2]}", JSON_OK, 1},
	{"messages that are no array are one", "{\"messages\": {\"a\": [1, 2]}}", JSON_OK, 1},
	{"of several messages the first counts", "{\"messages\": [1], \"messages\": [1, 2]}", JSON_OK, 1},
	{"no messages are no packet", "{\"messages\": []}", JSON_NO_MESSAGES, 0},
	{"records are counted, and logs, and events", "{\"records\": [1, 2, 3]}", JSON_OK, 3},
	{"messages after messages that are no array do not count", "{\"messages\": 1, \"messages\": [1, 2]}", JSON_OK, 1},
	{"an envelope beside messages that are no array counts", "{\"messages\": 1, \"logs\": [1, 2]}", JSON_OK, 2},
	{"an empty one beside messages that are no array is a field", "{\"messages\": 1, \"logs\": []}", JSON_OK, 1},
	{"messages go before them, even if they are none", "{\"logs\": [1, 2], \"messages\": []}", JSON_NO_MESSAGES, 0},
	{"messages go before them", "{\"logs\": [1, 2], \"messages\": [1]}", JSON_OK, 1},
	{"and of them the first", "{\"events\": 7, \"logs\": [1, 2], \"records\": [1]}", JSON_OK, 2},
	{"one that is empty beside other fields is a field", "{\"a\": 1, \"events\": []}", JSON_OK, 1},
	{"an empty envelope is no packet", "{\"logs\": []}", JSON_NO_MESSAGES, 0},
	{"OTLP is counted by its records", "{\"resourceLogs\": [{\"scopeLogs\": [{\"logRecords\": [1, 2]}, {\"a\": 1}]}, {\"scopeLogs\": [{\"logRecords\": [3]}, 5]}]}", JSON_OK, 3},
	{"OTLP without records is no packet", "{\"resourceLogs\": [{\"scopeLogs\": [{}]}]}", JSON_NO_MESSAGES, 0},
	{"Loki's streams are counted by their values", "{\"streams\": [{\"values\": [1, 2]}, {\"values\": [3]}, {}]}", JSON_OK, 3},
	{"an array of names is no envelope of streams", "{\"streams\": [\"a\", {\"values\": [1, 2]}]}", JSON_OK, 1},
	{"an array is its messages", "[{}, {\"messages\": [1, 2]}, 3]", JSON_OK, 3},
	{"an empty array is no packet", "[ ]", JSON_NO_MESSAGES, 0},
	{"a number is no packet", "1", JSON_NO_OBJECT, 0},
	{"a string is no packet", "\"{}\"", JSON_NO_OBJECT, 0},
	{"null is no packet", "null", JSON_NO_OBJECT, 0},
	{"a huge number is no packet", "1e999", JSON_NO_OBJECT, 0},
	{"nothing is no JSON", "", JSON_BAD_SYNTAX, 0},
	{"blanks are no JSON", " \n", JSON_BAD_SYNTAX, 0},
	{"half an object is no JSON", "{\"a\": 1", JSON_BAD_SYNTAX, 0},
	{"half a string is no JSON", "{\"a", JSON_BAD_SYNTAX, 0},
	{"two documents are no JSON", "{} {}", JSON_BAD_SYNTAX, 0},
	{"lines of JSON are no JSON", "{\"a\": 1}\n{\"a\": 2}\n", JSON_BAD_SYNTAX, 0},
	{"a comma too many is no JSON", "[1,]", JSON_BAD_SYNTAX, 0},
	{"names without quotes are no JSON", "{a: 1}", JSON_BAD_SYNTAX, 0},
	{"comments are no JSON", "[1] /* */", JSON_BAD_SYNTAX, 0},
	{"a line end in a string is no JSON", "[\"a\nb\"]", JSON_BAD_SYNTAX, 0},
	{"an unknown escape is no JSON", "[\"\\x\"]", JSON_BAD_SYNTAX, 0},
	{"broken UTF-8 is no JSON", "[\"\xc3\"]", JSON_BAD_SYNTAX, 0},
	{"a byte order mark is refused", "\xEF\xBB\xBF{}", JSON_BAD_SYNTAX, 0},
	{"UTF-16 is refused", "\xFF\xFE{}", JSON_BAD_SYNTAX, 0},
	{"half a surrogate pair is fine, as an escape", "[\"\\ud83d\", \"\\ude00\"]", JSON_OK, 2},
	{"UTF-8 is fine", "[\"\xc3\xa4 \xf0\x9f\x98\x80 \\ud83d\\ude00\"]", JSON_OK, 1},
	{"an integer beyond 64 bits is fine", "[1, 18446744073709551616, -12345678901234567890123]", JSON_OK, 3},
	{"a float beyond a double is fine", "{\"messages\": [-1.5e+999, 2E999]}", JSON_OK, 2},
	{"digits in strings are no numbers", "[\"\\\"1e999\\\\\", 1e999, \"x\"]", JSON_OK, 3},
	{"a comma too many beside a huge number is no JSON", "[1e999,]", JSON_BAD_SYNTAX, 0},
	{"a zero before a huge number is no JSON", "[018446744073709551616]", JSON_BAD_SYNTAX, 0},
	{"nor is a second sign", "[--18446744073709551616]", JSON_BAD_SYNTAX, 0},
	{"nor is a plus", "[+18446744073709551616]", JSON_BAD_SYNTAX, 0},
	{"nor is a point alone", "[18446744073709551616.]", JSON_BAD_SYNTAX, 0},
	{"nor is an exponent alone", "[18446744073709551616e+]", JSON_BAD_SYNTAX, 0},
	{"nor are two in a row", "[18446744073709551616-18446744073709551616]", JSON_BAD_SYNTAX, 0},
	{"nor is one as a name", "{18446744073709551616: 1}", JSON_BAD_SYNTAX, 0},
	{"nor is one with a letter", "[18446744073709551616x]", JSON_BAD_SYNTAX, 0},
	{"of several records the first counts", "{\"records\": 1, \"records\": [1, 2]}", JSON_OK, 1},
	{"an array within records counts once", "{\"records\": [[1, 2], {\"a\": [3]}], \"b\": [4]}", JSON_OK, 2},
	{"an empty array within messages is one", "{\"messages\": [[]]}", JSON_OK, 1},
	{"an array within an array is one", "[[1, 2], [3]]", JSON_OK, 2},
	{"words end where they should", "[true, false, null]", JSON_OK, 3},
	{"a word and a letter are no JSON", "[truex]", JSON_BAD_SYNTAX, 0},
	{"a word and a string are no JSON", "[true\"x\"]", JSON_BAD_SYNTAX, 0},
	{"a string and a word are no JSON", "[\"x\"true]", JSON_BAD_SYNTAX, 0},
	{"a number and a string are no JSON", "[1\"x\"]", JSON_BAD_SYNTAX, 0},
	{"two values are no JSON", "[1 2]", JSON_BAD_SYNTAX, 0},
	{"a name without a colon is no JSON", "{\"a\" 1}", JSON_BAD_SYNTAX, 0},
	{"a colon in an array is no JSON", "[\"a\": 1]", JSON_BAD_SYNTAX, 0},
	{"an array that ends as an object is no JSON", "[1}", JSON_BAD_SYNTAX, 0},
	{"a backslash outside of a string is no JSON", "[1, \\n]", JSON_BAD_SYNTAX, 0},
	{"NUL is no JSON", "[1, \x01]", JSON_BAD_SYNTAX, 0},
	{"nor is one before a half string", "[18446744073709551616, \"\\", JSON_BAD_SYNTAX, 0},
};
/* clang-format on */

/* A copy with padding of `junk`, and nothing behind it. */
static char *padded(const char *body, size_t len, char junk)
{
	char *copy = malloc(len + json_count_padding);

	assert_non_null(copy);
	memset(copy, junk, len + json_count_padding);
	memcpy(copy, body, len);
	return copy;
}

static enum json_verdict count(struct json_counter *counter, const char *body, size_t len,
			       uint32_t *np)
{
	AUTO_FREE char *copy = padded(body, len, ']');

	return json_count(counter, copy, len, np);
}

DEFINE_CLEANUP(struct json_counter, json_counter_free)
#define COUNTER struct json_counter *counter CLEANUP(json_counter_freep) = json_counter_new()

static void test_case(void **state)
{
	const struct json_case *c = *state;
	uint32_t n = 0;
	COUNTER;

	for (const char *junk = "\0 1\"]}"; junk != NULL; junk = *junk == '}' ? NULL : junk + 1) {
		AUTO_FREE char *copy = padded(c->body, strlen(c->body), *junk);

		assert_int_equal(json_count(counter, copy, strlen(c->body), &n), c->verdict);
		assert_int_equal(n, c->n_messages);
	}
}

/* `depth` arrays, one in the other, around a 1. */
static enum json_verdict count_nested(struct json_counter *counter, int depth)
{
	struct buf body CLEANUP(buf_deinit) = { 0 };
	uint32_t n;

	for (int i = 0; i < depth; i++)
		buf_append_str(&body, "[");
	buf_append_str(&body, "1");
	for (int i = 0; i < depth; i++)
		buf_append_str(&body, "]");
	return count(counter, buf_str(&body), body.len, &n);
}

static void test_depth_is_bounded(void **state UNUSED)
{
	COUNTER;

	assert_int_equal(count_nested(counter, JSON_MAX_DEPTH), JSON_OK);
	assert_int_equal(count_nested(counter, JSON_MAX_DEPTH + 1), JSON_BAD_SYNTAX);
	assert_int_equal(count_nested(counter, 100000), JSON_BAD_SYNTAX);
	assert_int_equal(count_nested(counter, 1), JSON_OK);
}

/* `n_elements` ones: a body of twice as many bytes, and one. */
static char *ones(size_t n_elements, size_t *lenp)
{
	char *body = malloc(2 * n_elements + 1 + json_count_padding);

	assert_non_null(body);
	for (size_t i = 0; i < n_elements; i++)
		memcpy(body + 2 * i, ",1", 2);
	body[0] = '[';
	body[2 * n_elements] = ']';
	*lenp = 2 * n_elements + 1;
	return body;
}

static void check_ones(struct json_counter *counter, size_t n_elements)
{
	size_t len;
	AUTO_FREE char *body = ones(n_elements, &len);
	uint32_t n = 0;

	assert_int_equal(json_count(counter, body, len, &n), JSON_OK);
	assert_int_equal(n, n_elements);
}

static void test_bodies_of_any_size(void **state UNUSED)
{
	COUNTER;

	for (size_t n = 1; n < 2000000; n = n * 3 + 1) {
		check_ones(counter, n);
		check_ones(counter, 2);
	}
	for (size_t n = 1; n < 30000; n += 777)
		check_ones(counter, n);
}

static void test_count_beyond_24_bits(void **state UNUSED)
{
	COUNTER;

	check_ones(counter, 0xFFFFFE);
	check_ones(counter, 0xFFFFFF);
	check_ones(counter, 0x1000001);
}

static void test_depth_is_bounded_after_a_giant(void **state UNUSED)
{
	COUNTER;

	check_ones(counter, 1 << 20);
	assert_int_equal(count_nested(counter, JSON_MAX_DEPTH), JSON_OK);
	assert_int_equal(count_nested(counter, JSON_MAX_DEPTH + 1), JSON_BAD_SYNTAX);
}

static size_t n_bytes_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void test_giants_need_no_memory(void **state UNUSED)
{
	COUNTER;
	size_t n_before;

	check_ones(counter, 1000);
	n_before = n_bytes_in_use();
	check_ones(counter, 1 << 20);
	assert_true(n_bytes_in_use() <= n_before);
}

static const struct CMUnitTest others[] = {
	{ "nesting is bounded", test_depth_is_bounded },
	{ "nesting is bounded after a giant packet too", test_depth_is_bounded_after_a_giant },
	{ "a giant packet needs no memory of its own", test_giants_need_no_memory },
	{ "bodies of any size are counted by one counter", test_bodies_of_any_size },
	{ "more elements than 24 bits are counted", test_count_beyond_24_bits },
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(others)] = { { 0 } };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	memcpy(tests, others, sizeof(others));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[ARRAY_LEN(others) + i] = (struct CMUnitTest){
			.name = cases[i].title,
			.test_func = test_case,
			.initial_state = (void *)&cases[i],
		};
	return cmocka_run_group_tests_name("json_count", tests, NULL, NULL);
}
