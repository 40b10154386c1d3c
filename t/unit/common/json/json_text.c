#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/json/json_text.h"
#include "common/rng.h"

#include <cjson/cJSON.h>

#define R "\xEF\xBF\xBD"

struct text_case {
	const char *in;
	const char *out;
};

static void check(const struct text_case *cases, size_t n)
{
	CLEANUP(buf_deinit) struct buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		buf_clear(&out);
		json_text_append(&out, cases[i].in, strlen(cases[i].in));
		assert_string_equal(buf_str(&out), cases[i].out);
	}
}

static void what_json_reserves_is_escaped(void **state UNUSED)
{
	static const struct text_case cases[] = {
		{ "", "\"\"" },
		{ "plain text", "\"plain text\"" },
		{ "a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"" },
		{ "\t\n\r\b\f", "\"\\t\\n\\r\\b\\f\"" },
		{ "\x01\x1b[0m\x7f", "\"\\u0001\\u001b[0m\x7f\"" },
	};
	CLEANUP(buf_deinit) struct buf out = { 0 };

	check(cases, ARRAY_LEN(cases));
	json_text_append(&out, "a\0b", 3);
	assert_string_equal(buf_str(&out), "\"a\\u0000b\"");
}

static void valid_utf8_passes_as_it_is(void **state UNUSED)
{
	static const struct text_case cases[] = {
		{ "\xC3\xA9", "\"\xC3\xA9\"" },
		{ "\xE2\x82\xAC \xED\x9F\xBF \xEE\x80\x80",
		  "\"\xE2\x82\xAC \xED\x9F\xBF \xEE\x80\x80\"" },
		{ "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"" },
	};

	check(cases, ARRAY_LEN(cases));
}

static void each_broken_sequence_becomes_one_replacement_character(void **state UNUSED)
{
	static const struct text_case cases[] = {
		{ "a\xFFz", "\"a" R "z\"" },
		{ "\x80\x81", "\"" R R "\"" },
		{ "\xC3", "\"" R "\"" }, /* cut off */
		{ "\xE2\x82", "\"" R "\"" },
		{ "\xE2\x82z", "\"" R "z\"" },
		{ "\xF0\x9F\x98z", "\"" R "z\"" },
		{ "\xC0\xAF", "\"" R R "\"" }, /* overlong */
		{ "\xE0\x80\x80", "\"" R R R "\"" },
		{ "\xED\xA0\x80", "\"" R R R "\"" },       /* a surrogate */
		{ "\xF4\x90\x80\x80", "\"" R R R R "\"" }, /* past U+10FFFF */
		{ "\xE2\xE2\x82\xAC", "\"" R "\xE2\x82\xAC\"" },
	};

	check(cases, ARRAY_LEN(cases));
}

static void random_bytes_always_make_a_json_string(void **state UNUSED)
{
	CLEANUP(buf_deinit) struct buf out = { 0 };
	struct rng rng;
	char data[40];

	rng_init(&rng, 3);
	for (int i = 0; i < 20000; i++) {
		size_t len = rng_range(&rng, 0, sizeof(data));
		cJSON *json;

		for (size_t j = 0; j < len; j++)
			data[j] = (char)rng_range(&rng, 1, 255);
		buf_clear(&out);
		json_text_append(&out, data, len);
		json = cJSON_Parse(buf_str(&out));
		assert_true(cJSON_IsString(json));
		cJSON_Delete(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_json_reserves_is_escaped),
		cmocka_unit_test(valid_utf8_passes_as_it_is),
		cmocka_unit_test(each_broken_sequence_becomes_one_replacement_character),
		cmocka_unit_test(random_bytes_always_make_a_json_string),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
