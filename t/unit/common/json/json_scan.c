#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <string.h>

#include "common/buf.h"
#include "common/json/json_scan.h"
#include "common/rng.h"

#define N_MUTATIONS 20000

/* 0: one value is the whole text. */
static int scan_all(const char *text, size_t len, unsigned depth)
{
	struct json_cursor c = { text, text + len };
	int r = json_scan_value(&c, depth);

	return r ? r : c.at == c.end ? 0 : -1;
}

static void takes_what_rfc_8259_allows(void **state)
{
	static const char *const good[] = {
		"{}",
		"[]",
		"0",
		"-0",
		"-0.5e+10",
		"1E400",
		"12.25",
		"true",
		"false",
		"null",
		"\"\"",
		"\"]}\\\"[{\"",
		"\"\\\\\"",
		"\"\\u00e9\\uD834\\uDD1E\\/\\b\\f\\n\\r\\t\"",
		"\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"",
		"[ 1 ,\t2 ,\r\n3 ]",
		"{ \"a\" : { \"b\" : [ { } , [ ] ] } , \"a\" : 1 }",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (scan_all(good[i], strlen(good[i]), 8))
			fail_msg("refused: %s", good[i]);
}

static void refuses_what_rfc_8259_forbids(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1}",
		"{]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\" 1}",
		"{a:1}",
		"{1:1}",
		"{\"a\":1 \"b\":2}",
		"01",
		"-",
		"+1",
		".5",
		"1.",
		"1e",
		"1e+",
		"0x1",
		"NaN",
		"tru",
		"truE",
		"nul",
		"'a'",
		"\"",
		"\"a",
		"\"\\\"",
		"\"\\x\"",
		"\"\\u12g4\"",
		"\"\\u123",
		"\"\\",
		"\"a\nb\"",
		"\"a\tb\"",
		"\"\x1f\"",
		"// x\n1",
		"\xef\xbb\xbf{}",
		" 1",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (scan_all(bad[i], strlen(bad[i]), 8) == 0)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(scan_all("\"a\0b\"", 5, 8), JSON_SCAN_E_SYNTAX);
}

static void refuses_what_is_not_utf8(void **state)
{
	static const char *const bad[] = {
		"\"\x80\"",
		"\"\xc3\"",
		"\"\xc3",
		"\"\xc0\x80\"",
		"\"\xc1\xbf\"",
		"\"\xe0\x9f\xbf\"",
		"\"\xed\xa0\x80\"",
		"\"\xe2\x82\"",
		"\"\xf0\x8f\xbf\xbf\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf5\x80\x80\x80\"",
		"\"\xff\"",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (scan_all(bad[i], strlen(bad[i]), 8) != JSON_SCAN_E_SYNTAX)
			fail_msg("taken: case %zu", i);
}

/* `n` arrays, one in the other, around `core`. */
static int scan_nested(unsigned n, const char *core, unsigned depth)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };

	for (unsigned i = 0; i < n; i++)
		buf_append_str(&text, "[");
	buf_append_str(&text, core);
	for (unsigned i = 0; i < n; i++)
		buf_append_str(&text, "]");
	return scan_all(buf_str(&text), text.len, depth);
}

/* At each place in more bytes than are looked at together, with a backslash before it that is one of a pair. */
static void escapes_are_found_at_each_place(void **state)
{
	static const char *const good[] = { "\\n",  "\\\"",  "\\/",   "\\u00e9",
					    "\\\\", "\\\\n", "\\n\\n" };
	static const char *const bad[] = { "\\x", "\\ ", "\\u00g9", "\\\\\\", "\\n\\", "\\N" };
	char text[200];
	(void)state;

	for (size_t at = 0; at + 8 < sizeof(text); at++) {
		for (size_t i = 0; i < ARRAY_LEN(good); i++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, good[i], strlen(good[i]));
			assert_true(json_scan_escapes(text, sizeof(text)));
		}
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, bad[i], strlen(bad[i]));
			assert_false(json_scan_escapes(text, sizeof(text)));
		}
		memset(text, '\\', sizeof(text)); /* pairs, up to one that is alone */
		text[at] = 'n';
		assert_int_equal(json_scan_escapes(text, sizeof(text)), at % 2 == 1);
	}
	assert_true(json_scan_escapes("", 0));
	assert_false(json_scan_escapes("\\u00e", 6 - 1));
	assert_false(json_scan_escapes("\\", 1));
}

static void nesting_is_bounded(void **state)
{
	(void)state;

	assert_int_equal(scan_nested(JSON_MAX_DEPTH, "1", JSON_MAX_DEPTH), 0);
	assert_int_equal(scan_nested(JSON_MAX_DEPTH, "1", JSON_MAX_DEPTH - 1), JSON_SCAN_E_SYNTAX);
	assert_int_equal(scan_nested(JSON_MAX_DEPTH, "[ ]", JSON_MAX_DEPTH), 0);
	assert_int_equal(scan_nested(JSON_MAX_DEPTH, "[[]]", JSON_MAX_DEPTH), JSON_SCAN_E_SYNTAX);
	assert_int_equal(scan_nested(1000000, "1", JSON_MAX_DEPTH), JSON_SCAN_E_SYNTAX);
	assert_int_equal(scan_all("{\"a\":{\"b\":1}}", 13, 2), 0);
	assert_int_equal(scan_all("{\"a\":{\"b\":1}}", 13, 1), JSON_SCAN_E_SYNTAX);
	assert_int_equal(scan_all("{\"a\":{}}", 8, 1), 0);
	assert_int_equal(scan_all("{\"a\":{}}", 8, 0), JSON_SCAN_E_SYNTAX);
}

static void stops_behind_the_value(void **state)
{
	const char *text = "{\"a\":[1,2]} , next";
	struct json_cursor c = { text, text + strlen(text) };
	(void)state;

	assert_int_equal(json_scan_value(&c, 8), 0);
	assert_string_equal(c.at, " , next");
}

static void never_reads_past_the_end(void **state)
{
	const char *text = "{\"a\\u0041\":[-1.5e3,true,null,\"\xc3\xa9\"]}";
	size_t len = strlen(text);
	(void)state;

	for (size_t n = 0; n < len; n++) {
		char *exact = malloc(n ? n : 1); /* so that a sanitizer sees the byte behind it */

		assert_non_null(exact);
		memcpy(exact, text, n);
		assert_int_equal(scan_all(exact, n, 8), JSON_SCAN_E_SYNTAX);
		free(exact);
	}
}

static void keys_are_compared_with_their_escapes_read(void **state)
{
	static const struct {
		const char *text;
		bool is_id;
	} cases[] = {
		{ "id", true },        { "\\u0069d", true }, { "\\u0069\\u0064", true },
		{ "i", false },        { "idx", false },     { "\\n", false },
		{ "i\\u0164", false }, { "ID", false },      { "i\\u0064x", false },
		{ "", false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json_slice slice = { cases[i].text, strlen(cases[i].text) };

		if (json_slice_is(&slice, "id") != cases[i].is_id)
			fail_msg("case %s", cases[i].text);
	}
}

/* cJSON is laxer, so it must take whatever is taken here. */
static void what_is_taken_is_json_for_another_parser_too(void **state)
{
	static const char seed[] = "{\"id\":\"p1\",\"messages\":[{\"a\":-1.5e3},[true,false,null],"
				   "\"x\\\"y\\\\\"],\"n\":{\"m\":[]}}";
	static const char alphabet[] = "{}[]\",:\\0123e.-+ tfn\nau";
	struct rng rng;
	size_t n_taken = 0;
	(void)state;

	rng_init(&rng, 7);
	for (int round = 0; round < N_MUTATIONS; round++) {
		char text[sizeof(seed)];
		uint64_t n_changes = rng_range(&rng, 1, 3);
		const char *end = NULL;
		cJSON *json;

		memcpy(text, seed, sizeof(seed));
		while (n_changes-- > 0)
			text[rng_range(&rng, 0, sizeof(seed) - 2)] =
				alphabet[rng_range(&rng, 0, sizeof(alphabet) - 2)];
		if (strstr(text, "\\u") || scan_all(text, strlen(text), 64))
			continue;
		n_taken++;
		json = cJSON_ParseWithOpts(text, &end, true);
		if (!json)
			fail_msg("only taken here: %s", text);
		cJSON_Delete(json);
	}
	assert_in_range(n_taken, N_MUTATIONS / 20, N_MUTATIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_rfc_8259_allows),
		cmocka_unit_test(refuses_what_rfc_8259_forbids),
		cmocka_unit_test(refuses_what_is_not_utf8),
		cmocka_unit_test(escapes_are_found_at_each_place),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(stops_behind_the_value),
		cmocka_unit_test(never_reads_past_the_end),
		cmocka_unit_test(keys_are_compared_with_their_escapes_read),
		cmocka_unit_test(what_is_taken_is_json_for_another_parser_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
