#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/format/loki_labels.h"

static const struct {
	const char *text, *json;
} cases[] = {
	{ "{}", "{}" },
	{ "{app=\"shop\"}", "{\"app\":\"shop\"}" },
	{ " { a=\"1\" , b = \"x\\\"y\\\\\\n\" , } ", "{\"a\":\"1\",\"b\":\"x\\\"y\\\\\\n\"}" },
	{ "{a=\"\xff\"}", "{\"a\":\"\xEF\xBF\xBD\"}" },
	{ "app=shop", "{\"labels\":\"app=shop\"}" },
	{ "{a=\"1\"", "{\"labels\":\"{a=\\\"1\\\"\"}" },
	{ "{a=\"\\x\"}", "{\"labels\":\"{a=\\\"\\\\x\\\"}\"}" },
	{ "{a=1}", "{\"labels\":\"{a=1}\"}" },
	{ "{a=\"1\"}x", "{\"labels\":\"{a=\\\"1\\\"}x\"}" },
	{ "{a=\"1\\", "{\"labels\":\"{a=\\\"1\\\\\"}" },
	{ "", "{\"labels\":\"\"}" },
};

static void test_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = { 0 };
		struct format_sink sink = { &out, 1000, false, 0 };

		loki_labels_put(&sink, cases[i].text, strlen(cases[i].text));
		assert_string_equal(buf_str(&out), cases[i].json);
		buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "labels become an object, and what are none stays a text", test_labels, NULL,
		  NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("loki_labels", tests, NULL, NULL);
}
