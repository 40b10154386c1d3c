/* OTLP/JSON becomes protobuf, and what format_otlp.c makes of that is the same again. */
#include "common/format/otlp_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/format/format.h"

#define RECORDS(record) "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" record "]}]}]}"

/* The JSON of the protobuf that the JSON became. */
static int there_and_back(const char *json, struct buf *back)
{
	size_t len = strlen(json);
	AUTO_FREE char *room = malloc(len + 1);
	struct protobuf_out out = { .data = room, .size = len };
	struct format_body body = { 0 };
	struct format_sink sink = { .out = back, .max_bytes = 1u << 20 };
	int r;

	assert_non_null(room);
	r = otlp_write_proto(json, len, &out);
	if (r != 0)
		return r;
	body.data = out.data;
	body.len = out.len;
	r = format_read(FORMAT_OTLP_PROTO, &body, &sink);
	assert_true(r == 0 || (r == FORMAT_E_EMPTY && sink.n_messages == 0));
	return 0;
}

static void assert_becomes(const char *json, const char *expected)
{
	struct buf back CLEANUP(buf_deinit) = { 0 };

	assert_int_equal(there_and_back(json, &back), 0);
	assert_string_equal(buf_str(&back), expected);
}

static void each_kind_of_value_comes_back(void **state)
{
	static const char *const texts[] = {
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"b\"}}],\"droppedAttributesCount\":3},"
		"\"scopeLogs\":[{\"scope\":{\"name\":\"n\",\"version\":\"1\"},\"logRecords\":[{\"body\":{\"stringValue\":\"x\"}}],\"schemaUrl\":\"u\"}],\"schemaUrl\":\"v\"}]}",
		RECORDS("{\"timeUnixNano\":\"18446744073709551615\",\"observedTimeUnixNano\":\"1\",\"severityNumber\":9,\"severityText\":\"INFO\","
			"\"body\":{\"intValue\":\"-9223372036854775808\"},\"droppedAttributesCount\":1,\"flags\":257,"
			"\"traceId\":\"5b8efff798038103d269b633813fc60c\",\"spanId\":\"eee19b7ec3c1b174\",\"eventName\":\"e\"}"),
		RECORDS("{\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":{\"arrayValue\":{\"values\":[{\"boolValue\":true},{\"boolValue\":false},"
			"{\"doubleValue\":1.5},{\"doubleValue\":\"NaN\"},{\"doubleValue\":\"-Infinity\"},{\"bytesValue\":\"AAH/\"},{}]}}}]}}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_becomes(texts[i], texts[i]);
}

static void numbers_may_be_strings_and_strings_numbers(void **state)
{
	(void)state;
	assert_becomes(
		RECORDS("{\"timeUnixNano\":7,\"severityNumber\":\"9\",\"body\":{\"intValue\":-3}}"),
		RECORDS("{\"timeUnixNano\":\"7\",\"severityNumber\":9,\"body\":{\"intValue\":\"-3\"}}"));
	assert_becomes(RECORDS("{\"timeUnixNano\":1e3,\"body\":{\"doubleValue\":\"2\"}}"),
		       RECORDS("{\"timeUnixNano\":\"1000\",\"body\":{\"doubleValue\":2}}"));
}

static void escapes_are_read(void **state)
{
	(void)state;
	assert_becomes(
		RECORDS("{\"b\\u006fdy\":{\"stringValue\":\"a\\n\\u00fc\\ud83d\\ude00\\ud800\"}}"),
		RECORDS("{\"body\":{\"stringValue\":\"a\\n\xc3\xbc\xf0\x9f\x98\x80\xef\xbf\xbd\"}}"));
}

static void what_is_null_or_unknown_is_left_out(void **state)
{
	(void)state;
	assert_becomes(
		" {\"resourceLogs\": [ {\"x\":[1,{}],\"resource\":null,\"scopeLogs\":[{\"logRecords\":[{\"body\":null,\"flags\":null,\"y\":{}}]}]} ] , \"z\":1} ",
		RECORDS("{}"));
	assert_becomes("{}", "{}");
	assert_becomes("{\"resourceLogs\":null}", "{}");
}

/* Their lengths need more than one byte, at each level. */
static void long_messages_come_back(void **state)
{
	static const size_t lens[] = { 100, 120, 127, 128, 16300, 16384, 200000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		struct buf json CLEANUP(buf_deinit) = { 0 };
		AUTO_FREE char *text = malloc(lens[i] + 1);

		assert_non_null(text);
		memset(text, 'x', lens[i]);
		text[lens[i]] = '\0';
		buf_printf(&json,
			   RECORDS("{\"body\":{\"stringValue\":\"%s\"}},{\"severityText\":\"%s\"}"),
			   text, text);
		assert_becomes(buf_str(&json), buf_str(&json));
	}
}

static void what_has_another_type_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"1",
		"null",
		"{",
		"{}x",
		"{\"resourceLogs\":{}}",
		"{\"resourceLogs\":[1]}",
		"{\"resourceLogs\":[null]}",
		RECORDS("{\"traceId\":\"xyz0\"}"),
		RECORDS("{\"traceId\":\"abc\"}"),
		RECORDS("{\"traceId\":7}"),
		RECORDS("{\"severityText\":7}"),
		RECORDS("{\"severityNumber\":\"SEVERITY_NUMBER_INFO\"}"),
		RECORDS("{\"severityNumber\":4294967296}"),
		RECORDS("{\"severityNumber\":1.5}"),
		RECORDS("{\"timeUnixNano\":-1}"),
		RECORDS("{\"timeUnixNano\":\"18446744073709551616\"}"),
		RECORDS("{\"timeUnixNano\":\"\"}"),
		RECORDS("{\"timeUnixNano\":\" 1\"}"),
		RECORDS("{\"timeUnixNano\":\"0x1\"}"),
		RECORDS("{\"timeUnixNano\":true}"),
		RECORDS("{\"body\":{\"boolValue\":1}}"),
		RECORDS("{\"body\":{\"bytesValue\":\"!\"}}"),
		RECORDS("{\"body\":\"x\"}"),
		RECORDS("{\"body\":{\"doubleValue\":\"inf\"}}"),
		RECORDS("{\"body\":{\"intValue\":9223372036854775808}}"),
	};
	struct buf back CLEANUP(buf_deinit) = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_not_equal(there_and_back(texts[i], &back), 0);
}

/* A long text at the bottom would be moved once for each level. */
static void what_would_take_long_is_refused(void **state)
{
	enum { LEVELS = 80, BYTES = 1 << 20 };
	struct buf json CLEANUP(buf_deinit) = { 0 }, back CLEANUP(buf_deinit) = { 0 };
	AUTO_FREE char *text = malloc(BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', BYTES);
	text[BYTES] = '\0';
	buf_append_str(&json, "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":");
	for (int i = 0; i < LEVELS; i++)
		buf_append_str(&json, "{\"arrayValue\":{\"values\":[");
	buf_printf(&json, "{\"stringValue\":\"%s\"}", text);
	for (int i = 0; i < LEVELS; i++)
		buf_append_str(&json, "]}}");
	buf_append_str(&json, "}]}]}]}");
	assert_int_equal(there_and_back(buf_str(&json), &back), OTLP_WRITE_E_LARGE);
}

static void an_envelope_is_known_by_its_first_key(void **state)
{
	(void)state;
	assert_true(otlp_write_may_be(" { \"resourceLogs\" :[]}", 22));
	assert_false(otlp_write_may_be("{\"resourceLog", 13));
	assert_false(otlp_write_may_be("{\"messages\":[]}", 15));
	assert_false(otlp_write_may_be("[]", 2));
	assert_false(otlp_write_may_be("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_value_comes_back),
		cmocka_unit_test(numbers_may_be_strings_and_strings_numbers),
		cmocka_unit_test(escapes_are_read),
		cmocka_unit_test(what_is_null_or_unknown_is_left_out),
		cmocka_unit_test(long_messages_come_back),
		cmocka_unit_test(what_has_another_type_is_refused),
		cmocka_unit_test(what_would_take_long_is_refused),
		cmocka_unit_test(an_envelope_is_known_by_its_first_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
