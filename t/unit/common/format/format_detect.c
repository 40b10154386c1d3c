#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/format_route.h"

static const struct {
	enum format_family family;
	const char *media_type, *body;
	enum format_id format;
} cases[] = {
	{ FORMAT_FAMILY_ANY, "application/json", "{\"a\":1}", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", " [1]", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "application/x-ndjson", "{\"a\":1}\n", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "application/x-ndjson", "{\"a\":1}\n{\"a\":2}\n", FORMAT_JSON_LINES },
	{ FORMAT_FAMILY_ANY, "text/plain", "{\"a\":1}\n{\"a\":2}\n", FORMAT_JSON_LINES },
	{ FORMAT_FAMILY_ANY, "application/json", "{\"a\":1}{\"a\":2}", FORMAT_JSON_LINES },
	{ FORMAT_FAMILY_ANY, "", "{\"a\":1}{\"a\":2}", FORMAT_JSON_LINES },
	{ FORMAT_FAMILY_ANY, "text/plain", "[12:01] started\n[12:02] ended\n", FORMAT_TEXT },
	{ FORMAT_FAMILY_ANY, "text/plain; charset=utf-8", "started\n", FORMAT_TEXT },
	{ FORMAT_FAMILY_ANY, "application/json", "started\n", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "text/json", "started\n", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", "a=b", FORMAT_FORM },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", "a=b c&d=e\r\n", FORMAT_FORM },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", "hello", FORMAT_JSON },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", "hello\n", FORMAT_TEXT },
	{ FORMAT_FAMILY_ANY, "application/x-www-form-urlencoded", "level=info n=1\nlevel=warn n=2",
	  FORMAT_TEXT },
	{ FORMAT_FAMILY_ANY, "application/msgpack", "\x92\x05\x80", FORMAT_MSGPACK },
	{ FORMAT_FAMILY_ANY, "application/json", "\xdc\x01\x01", FORMAT_MSGPACK },
	{ FORMAT_FAMILY_ANY, "text/plain", "\xdc\x80 is a letter", FORMAT_TEXT },
	{ FORMAT_FAMILY_ANY, "application/x-protobuf", "\x0a\x02", FORMAT_OTLP_PROTO },
	{ FORMAT_FAMILY_ANY, "", "__CURSOR=1\n", FORMAT_JOURNAL },
	{ FORMAT_FAMILY_ANY, "application/vnd.fdo.journal", "A=1\n", FORMAT_JOURNAL },
	{ FORMAT_FAMILY_ANY, "application/vnd.kafka.v1+json", "{\"records\":[1]}",
	  FORMAT_KAFKAREST },
	{ FORMAT_FAMILY_OTLP, "application/x-protobuf", "{}", FORMAT_OTLP_JSON },
	{ FORMAT_FAMILY_OTLP, "application/json", "\x0a\x02", FORMAT_OTLP_PROTO },
	{ FORMAT_FAMILY_OTLP, "application/json", "", FORMAT_OTLP_JSON },
	{ FORMAT_FAMILY_OTLP, "", "", FORMAT_OTLP_PROTO },
	{ FORMAT_FAMILY_LOKI, "", "{\"streams\":[]}", FORMAT_LOKI_JSON },
	{ FORMAT_FAMILY_LOKI, "application/json", "\x0a\x02", FORMAT_LOKI_PROTO },
	{ FORMAT_FAMILY_HEC, "", "{}", FORMAT_HEC },
	{ FORMAT_FAMILY_HEC_RAW, "", "{}", FORMAT_HEC_RAW },
	{ FORMAT_FAMILY_BULK, "application/json", "{}", FORMAT_BULK },
	{ FORMAT_FAMILY_GELF, "", "{}", FORMAT_GELF },
	{ FORMAT_FAMILY_JOURNAL, "", "A=1\n", FORMAT_JOURNAL },
};

static void test_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct format_body body = {
			cases[i].body, strlen(cases[i].body), { "", 0 }, { "", 0 }
		};
		struct format_slice type = { cases[i].media_type, strlen(cases[i].media_type) };

		assert_string_equal(format_names[format_detect(cases[i].family, &body, type)],
				    format_names[cases[i].format]);
	}
}

static void assert_format(enum format_family family, const char *media_type, const char *data,
			  size_t len, enum format_id format)
{
	struct format_body body = { data, len, { "", 0 }, { "", 0 } };
	struct format_slice type = { media_type, strlen(media_type) };

	assert_string_equal(format_names[format_detect(family, &body, type)], format_names[format]);
}

/* The tag of its field 1 is a line feed, and its length may be a bracket: JSON may begin so, too. */
static void test_protobuf_that_begins_as_json(void **state)
{
	static const char *const types[] = { "application/x-protobuf", "application/json", "" };
	char message[2 * (2 + '{')] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		for (const char *size = "{["; *size; size++) {
			size_t len = 2 + (size_t)*size;

			message[0] = message[len] = '\n';
			message[1] = message[len + 1] = *size;
			message[2] = message[len + 2] = 0x12;
			assert_format(FORMAT_FAMILY_OTLP, types[i], message, len,
				      FORMAT_OTLP_PROTO);
			assert_format(FORMAT_FAMILY_OTLP, types[i], message, 2 * len,
				      FORMAT_OTLP_PROTO);
			assert_format(FORMAT_FAMILY_LOKI, types[i], message, len,
				      FORMAT_LOKI_PROTO);
		}
	message[0] = '\n';
	message[1] = '{';
	assert_format(FORMAT_FAMILY_ANY, types[0], message, 2 + '{', FORMAT_OTLP_PROTO);
}

/* JSON of such a length that it is a protobuf message as well. */
static void test_json_that_is_protobuf(void **state)
{
	char json[2 + '{' + 1];

	(void)state;
	snprintf(json, sizeof(json), "\n{\"resourceLogs\":[]%*s}", '{' - 18, "");
	assert_int_equal(strlen(json), 2 + '{');
	assert_format(FORMAT_FAMILY_OTLP, "", json, strlen(json), FORMAT_OTLP_JSON);
	assert_format(FORMAT_FAMILY_ANY, "application/x-protobuf", json, strlen(json), FORMAT_JSON);
	assert_format(FORMAT_FAMILY_OTLP, "", "\n{\"a\"", 5, FORMAT_OTLP_JSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "protobuf whose second byte is a bracket is protobuf",
		  test_protobuf_that_begins_as_json, NULL, NULL, NULL },
		{ "JSON after a line feed is JSON", test_json_that_is_protobuf, NULL, NULL, NULL },
		{ "the path decides, then the first bytes, then the media type", test_bodies, NULL,
		  NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("format_detect", tests, NULL, NULL);
}
