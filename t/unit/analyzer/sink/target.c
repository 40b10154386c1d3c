#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/sink/target.h"

static void each_kind_is_read(void **state)
{
	static const struct {
		const char *text;
		enum target_kind kind;
		bool is_tls;
		const char *url;
	} rows[] = {
		{ "gelf+udp://h", TARGET_GELF_UDP, false, "http://h:12201" },
		{ "gelf+udp://h:80/", TARGET_GELF_UDP, false, "http://h:80" },
		{ "gelf+tcp://[::1]:5", TARGET_GELF_TCP, false, "http://[::1]:5" },
		{ "gelf+tls://[::1]", TARGET_GELF_TCP, true, "https://[::1]:12201" },
		{ "gelf+http://h:12201", TARGET_GELF_HTTP, false, "http://h:12201/gelf" },
		{ "gelf+https://h/own?x=1", TARGET_GELF_HTTP, true, "https://h/own?x=1" },
		{ "es+http://h:9200/logs", TARGET_BULK, false, "http://h:9200/logs/_bulk" },
		{ "es+https://h/a/logs/", TARGET_BULK, true, "https://h/a/logs/_bulk" },
		{ "es+http://h/logs/_bulk", TARGET_BULK, false, "http://h/logs/_bulk" },
		{ "loki+http://h:3100", TARGET_LOKI, false, "http://h:3100/loki/api/v1/push" },
		{ "loki+https://h/p", TARGET_LOKI, true, "https://h/p" },
		{ "otlp+http://h:4318/", TARGET_OTLP, false, "http://h:4318/v1/logs" },
		{ "HTTP://h/in", TARGET_LINES, false, "http://h/in" },
		{ "https://h", TARGET_LINES, true, "https://h/" },
		{ "packets+http://h/in", TARGET_PACKETS, false, "http://h/in" },
		{ "file:/var/log/x", TARGET_FILE, false, "/var/log/x" },
		{ "file:///var/log/x", TARGET_FILE, false, "/var/log/x" },
		{ "file:x", TARGET_FILE, false, "x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char why[TARGET_WHY_STRLEN];
		struct target target;

		print_message("%s\n", rows[i].text);
		assert_int_equal(target_parse(&target, rows[i].text, why), 0);
		assert_int_equal(target.kind, rows[i].kind);
		assert_int_equal(target.is_tls, rows[i].is_tls);
		assert_string_equal(target.url, rows[i].url);
	}
}

static void a_refusal_names_the_remedy(void **state)
{
	static const char *const rows[][2] = {
		{ "h", "gelf+udp://" },
		{ "udp://h:1", "write gelf+udp://HOST:12201" },
		{ "gelf://h", "write gelf+udp://" },
		{ "loki://h", "write loki+http://" },
		{ "/var/log/x", "write file:PATH" },
		{ "es+http://h:9200", "/INDEX" },
		{ "es+http://h:9200/_bulk", "/INDEX" },
		{ "gelf+tcp://h:1/x", "leave it out" },
		{ "gelf+tcp://", "HOST[:PORT]" },
		{ "gelf+tcp://h:99999", "HOST[:PORT]" },
		{ "http://u:p@h/", "--sink-header-file" },
		{ "file:", "file:PATH" },
		{ "file://host/x", "file:PATH" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char why[TARGET_WHY_STRLEN] = "";
		struct target target;

		print_message("%s\n", rows[i][0]);
		assert_int_equal(target_parse(&target, rows[i][0], why), TARGET_E_SYNTAX);
		assert_non_null(strstr(why, rows[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_read),
		cmocka_unit_test(a_refusal_names_the_remedy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
