#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/format/syslog_message.h"

struct message_case {
	const char *title, *bytes;
	/* "priority version|timestamp|hostname|app|procid|msgid|data|text" */
	const char *parts;
};

/* clang-format off */
static const struct message_case cases[] = {
	{"RFC 5424, its own example", "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xEF\xBB\xBF'su root' failed", "34 1|2003-10-11T22:14:15.003Z|mymachine.example.com|su||ID47||'su root' failed"},
	{"structured data", "<165>1 - - evntslog 7 - [a@1 iut=\"3\" x=\"a\\\"]b\"][b] An event", "165 1|||evntslog|7||[a@1 iut=\"3\" x=\"a\\\"]b\"][b]|An event"},
	{"structured data alone", "<165>1 - - - - - [a x=\"1\"]", "165 1||||||[a x=\"1\"]|"},
	{"broken structured data is text", "<165>1 - h a - - [a x=1] text", "165 1||h|a||||[a x=1] text"},
	{"a bracket is no structured data", "<165>1 - h a - - [error] text", "165 1||h|a|||[error]|text"},
	{"a header may end early", "<13>1 2026-11-28T16:30:30Z vm", "13 1|2026-11-28T16:30:30Z|vm|||||"},
	{"a number is no version", "<13>1 file deleted", "13 0|||||||1 file deleted"},
	{"RFC 3164, its own example", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "34 0|Oct 11 22:14:15|mymachine|su||||'su root' failed"},
	{"the day may have one digit", "<0>Oct  1 22:14:15 h app[42]: x: y", "0 0|Oct  1 22:14:15|h|app|42|||x: y"},
	{"programs leave the host out", "<13>Nov 28 16:30:34 root[7]: hello", "13 0|Nov 28 16:30:34||root|7|||hello"},
	{"a tag needs no space behind it", "<13>Nov 28 16:30:34 vm root:", "13 0|Nov 28 16:30:34|vm|root||||"},
	{"what has no tag is text", "<13>Nov 28 16:30:34 vm it is [late]: 5", "13 0|Nov 28 16:30:34|vm|||||it is [late]: 5"},
	{"rsyslog's own format", "<133>2026-11-28T16:30:05.12+00:00 vm shop: order", "133 0|2026-11-28T16:30:05.12+00:00|vm|shop||||order"},
	{"devices add a year or a mark", "<189>*Mar  1 1993 18:46:11.5: %SYS-5-CONFIG_I: done", "189 0|Mar  1 1993 18:46:11.5||%SYS-5-CONFIG_I||||done"},
	{"a tag without a time", "<13>root: hello", "13 0|||root||||hello"},
	{"text alone", "hello world: x", "-1 0|||||||hello world: x"},
	{"no such priority", "<192>x", "-1 0|||||||<192>x"},
	{"a priority that is cut off", "<13", "-1 0|||||||<13"},
	{"a byte order mark before all", "\xEF\xBB\xBF<13>root: hello", "13 0|||root||||hello"},
	{"a priority alone", "<13>", "13 0|||||||"},
	{"a URL is no tag", "<13>http://x/y: z", "13 0|||||||http://x/y: z"},
};
/* clang-format on */

static void append(struct buf *out, struct format_slice part)
{
	buf_append(out, "|", 1);
	buf_append(out, part.data, part.len);
}

static void test_case(void **state)
{
	const struct message_case *c = *state;
	AUTO_FREE char *copy = strdup(c->bytes);
	struct syslog_message m;
	struct buf out = { 0 };

	syslog_message_parse(copy, strlen(copy), &m);
	buf_printf(&out, "%d %d", m.priority, m.version);
	append(&out, m.timestamp);
	append(&out, m.hostname);
	append(&out, m.app_name);
	append(&out, m.procid);
	append(&out, m.msgid);
	append(&out, m.data);
	append(&out, m.text);
	assert_string_equal(buf_str(&out), c->parts);
	buf_deinit(&out);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(syslog_facility_name(0), "kern");
	assert_string_equal(syslog_severity_name(0), "emerg");
	assert_string_equal(syslog_facility_name(133), "local0");
	assert_string_equal(syslog_severity_name(133), "notice");
	assert_string_equal(syslog_facility_name(191), "local7");
	assert_string_equal(syslog_severity_name(191), "debug");
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1] = {
		[ARRAY_LEN(cases)] = { .name = "priorities have names", .test_func = test_names },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("syslog_message", tests, NULL, NULL);
}
