#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "the path decides, then the first bytes, then the media type", test_bodies, NULL,
		  NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("format_detect", tests, NULL, NULL);
}
