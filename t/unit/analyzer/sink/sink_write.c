#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/message/message_walk.h"
#include "analyzer/sink/sink_form.h"
#include "analyzer/sink/sink_gelf.h"
#include "common/json/json_scan.h"

static const struct origin origin = { .analyzer = "a1", .packet_id = { "p1", 2 } };
#define OURS "\"_analyzer\":\"a1\",\"_packet_id\":\"p1\""

struct asked {
	struct buf out;
	int (*write)(const struct sink_message *m, struct buf *out);
	int r;
};

static int on_message(const struct message *m, void *arg)
{
	struct asked *asked = arg;
	struct sink_message sm = { m, &origin, "k", 3 };

	asked->r = asked->write(&sm, &asked->out);
	return 0;
}

static void write_with(struct asked *asked, const char *packet)
{
	struct message *m = test_calloc(1, sizeof(*m));

	m->now_ns = 1764378000000000000ULL;
	assert_int_equal(message_walk(m, packet, strlen(packet), on_message, asked), 0);
	assert_false(asked->out.failed);
	message_deinit(m);
	test_free(m);
}

static void check(int (*write)(const struct sink_message *, struct buf *), const char *packet,
		  const char *expected)
{
	struct asked asked = { .write = write };

	write_with(&asked, packet);
	assert_string_equal(buf_str(&asked.out), expected);
	assert_int_equal(asked.r, 0);
	buf_deinit(&asked.out);
}

#define GELF(host, text, time, level)                                                              \
	"{\"version\":\"1.1\",\"host\":\"" host "\",\"short_message\":" text                       \
	",\"timestamp\":" time ",\"level\":" level "," OURS

static void gelf_has_its_fields(void **state)
{
	(void)state;
	check(gelf_write,
	      "{\"msg\":\"hi\",\"level\":50,\"time\":1764378000250,\"hostname\":\"h\",\"n\":12345678901234567890.10}",
	      GELF("h", "\"hi\"", "1764378000.25", "3") ",\"_n\":12345678901234567890.10}");
	check(gelf_write, "[\"plain\"]", GELF("a1", "\"plain\"", "1764378000.0", "6") "}");
	check(gelf_write, "[7]", GELF("a1", "\"7\"", "1764378000.0", "6") "}");
	check(gelf_write, "[\" \"]",
	      GELF("a1", "\"-\"", "1764378000.0", "6") ",\"_message\":\" \"}");
	check(gelf_write, "[\"\"]", GELF("a1", "\"-\"", "1764378000.0", "6") ",\"_message\":\"\"}");
	check(gelf_write, "{\"a\":1}",
	      GELF("a1", "\"{\\\"a\\\":1}\"", "1764378000.0", "6") ",\"_a\":1}");
	check(gelf_write,
	      "{\"id\":\"p1\",\"msg\":\"x\",\"full_message\":\"all\",\"version\":\"1.1\"}",
	      GELF("a1", "\"x\"", "1764378000.0",
		   "6") ",\"full_message\":\"all\",\"_message_id\":\"p1\"}");
	check(gelf_write,
	      "{\"msg\":\"x\",\"_analyzer\":\"own\",\"a b\":true,\"a_b\":[1],\"a\":{\"b\":null,\"c\":{}},\"_PID\":\"1\",\"\\u00e9\":\"\\u00e9\"}",
	      GELF("a1", "\"x\"", "1764378000.0",
		   "6") ",\"___\":\"\\u00e9\",\"_PID\":\"1\",\"_a_b\":\"[1]\",\"_a_b_2\":\"true\",\"_analyzer_2\":\"own\"}");
	check(gelf_write_stream, "[\"x\"]", GELF("a1", "\"x\"", "1764378000.0", "6") "}");
}

static void a_message_that_gelf_cannot_carry_is_told(void **state)
{
	struct buf packet = { 0 };
	struct asked udp = { .write = gelf_write_datagram }, tcp = { .write = gelf_write_stream };
	uint32_t random = 1;

	(void)state;
	buf_append_str(&packet, "[\"");
	for (int i = 0; i < 3 << 20; i++) {
		random = random * 1664525 + 1013904223;
		buf_printf(&packet, "%c", 'A' + (int)(random >> 24) % 26);
	}
	buf_append_str(&packet, "\"]");
	write_with(&udp, buf_str(&packet));
	assert_int_equal(udp.r, SINK_E_TOO_LARGE);
	write_with(&tcp, buf_str(&packet));
	assert_int_equal(tcp.r, SINK_E_TOO_LARGE);
	buf_deinit(&udp.out);
	buf_deinit(&tcp.out);
	buf_deinit(&packet);
}

static void loki_and_otlp_have_theirs(void **state)
{
	(void)state;
	check(loki_write,
	      "{\"msg\":\"hi\",\"level\":\"warn\",\"ts\":\"2025-11-29T01:00:00Z\",\"req\":{\"id\":7},\"9\":true}",
	      "[\"1764378000000000000\",\"hi\",{" OURS
	      ",\"level\":\"warning\",\"_9\":\"true\",\"req_id\":\"7\"}]");
	check(otlp_write,
	      "{\"msg\":\"hi\",\"level\":\"warn\",\"ts\":\"2025-11-29T01:00:00Z\",\"host\":\"h\",\"n\":9007199254740993,\"big\":12345678901234567890,"
	      "\"f\":0.5,\"t\":true,\"trace_id\":\"0123456789abcdef0123456789abcdef\"}",
	      "{\"timeUnixNano\":\"1764378000000000000\",\"observedTimeUnixNano\":\"1764378000000000000\",\"body\":{\"stringValue\":\"hi\"},"
	      "\"severityNumber\":13,\"severityText\":\"warn\",\"attributes\":[{\"key\":\"_analyzer\",\"value\":{\"stringValue\":\"a1\"}},"
	      "{\"key\":\"_packet_id\",\"value\":{\"stringValue\":\"p1\"}},{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}},"
	      "{\"key\":\"n\",\"value\":{\"intValue\":\"9007199254740993\"}},{\"key\":\"big\",\"value\":{\"stringValue\":\"12345678901234567890\"}},"
	      "{\"key\":\"f\",\"value\":{\"doubleValue\":0.5}},{\"key\":\"t\",\"value\":{\"boolValue\":true}}],\"traceId\":\"0123456789abcdef0123456789abcdef\"}");
	check(otlp_write,
	      "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityNumber\":18,\"body\":{\"stringValue\":\"x\"}}]}]}]}",
	      "{\"observedTimeUnixNano\":\"1764378000000000000\",\"body\":{\"stringValue\":\"x\"},\"severityNumber\":18,\"attributes\":["
	      "{\"key\":\"_analyzer\",\"value\":{\"stringValue\":\"a1\"}},{\"key\":\"_packet_id\",\"value\":{\"stringValue\":\"p1\"}}]}");
}

#define TRACE "0123456789abcdef0123456789abcdef"
#define OTLP(more, attributes)                                                                     \
	"{\"observedTimeUnixNano\":\"1764378000000000000\",\"body\":{\"stringValue\":\"x\"}" more  \
	",\"attributes\":[{\"key\":\"_analyzer\",\"value\":{\"stringValue\":\"a1\"}},"             \
	"{\"key\":\"_packet_id\",\"value\":{\"stringValue\":\"p1\"}}" attributes "]"

static void a_record_of_otlp_has_each_id_once(void **state)
{
	(void)state;
	check(otlp_write,
	      "{\"msg\":\"x\",\"traceId\":\"" TRACE "\",\"trace_id\":\"ABCDEF" TRACE
	      "\",\"span_id\":\"0123456789abcdef\"}",
	      OTLP("", ",{\"key\":\"trace_id\",\"value\":{\"stringValue\":\"ABCDEF" TRACE
		       "\"}}") ",\"traceId\":\"" TRACE "\",\"spanId\":\"0123456789abcdef\"}");
	check(otlp_write, "{\"msg\":\"x\",\"traceId\":\"" TRACE "\",\"trace_id\":\"" TRACE "\"}",
	      OTLP("", ",{\"key\":\"traceId\",\"value\":{\"stringValue\":\"" TRACE
		       "\"}}") ",\"traceId\":\"" TRACE "\"}");
	check(otlp_write,
	      "{\"messages\":[{\"msg\":\"x\",\"traceId\":\"" TRACE
	      "\"}],\"traceId\":\"00000000000000000000000000000000\"}",
	      OTLP("", "") ",\"traceId\":\"" TRACE "\"}");
}

static void a_severity_of_otlp_is_a_number(void **state)
{
	(void)state;
	check(otlp_write, "{\"msg\":\"x\",\"severityNumber\":\"w\"}",
	      OTLP(",\"severityNumber\":13,\"severityText\":\"w\"", "") "}");
	check(otlp_write, "{\"msg\":\"x\",\"severityNumber\":\"18\"}",
	      OTLP(",\"severityNumber\":18", "") "}");
}

static void a_wrapped_message_goes_before_its_wrapper(void **state)
{
	static const char packet[] =
		"{\"host\":\"outer\",\"event\":{\"msg\":\"x\",\"source\":\"stdout\",\"host\":\"h\"},\"source\":\"app\"}";

	(void)state;
	check(gelf_write, packet,
	      GELF("h", "\"x\"", "1764378000.0", "6") ",\"_source\":\"stdout\"}");
	check(loki_write, packet,
	      "[\"1764378000000000000\",\"x\",{" OURS ",\"host\":\"h\",\"source\":\"stdout\"}]");
	check(otlp_write, packet,
	      "{\"observedTimeUnixNano\":\"1764378000000000000\",\"body\":{\"stringValue\":\"x\"},\"attributes\":["
	      "{\"key\":\"_analyzer\",\"value\":{\"stringValue\":\"a1\"}},{\"key\":\"_packet_id\",\"value\":{\"stringValue\":\"p1\"}},"
	      "{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}},{\"key\":\"source\",\"value\":{\"stringValue\":\"stdout\"}}]}");
	check(bulk_write, packet,
	      "{\"create\":{\"_id\":\"k-3\"}}\n{\"msg\":\"x\",\"source\":\"stdout\",\"host\":\"h\"," OURS
	      ",\"@timestamp\":\"2025-11-29T01:00:00Z\"}\n");
}

static void a_document_of_bulk_has_an_action(void **state)
{
	(void)state;
	check(bulk_write, "{\"msg\":\"hi\",\"@timestamp\":\"2025-11-29T01:00:00Z\"}",
	      "{\"create\":{\"_id\":\"k-3\"}}\n{\"msg\":\"hi\",\"@timestamp\":\"2025-11-29T01:00:00Z\"," OURS
	      "}\n");
}

static void judge(const struct sink_form *form, const char *answer, int r, const char *states)
{
	struct item list[3] = { { 0 }, { 0 }, { 0 } };
	struct items items = { .list = list, .n = 3 };
	static const size_t sent[] = { 0, 1, 2 };
	static const char letters[] = "PTRJ"; /* of enum item_state */

	print_message("%s\n", answer);
	assert_int_equal(form->judge(&items, sent, 3, answer), r);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(list[i].state, strchr(letters, states[i]) - letters);
}

static void answers_say_what_became_of_each(void **state)
{
	(void)state;
	judge(&bulk_form, "{\"took\":1,\"errors\":false,\"items\":[]}", 0, "TTT");
	judge(&bulk_form,
	      "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":429}},{\"create\":{\"status\":400,\"error\":{\"reason\":\"x\"}}}]}",
	      0, "TPR");
	judge(&bulk_form,
	      "{\"errors\":true,\"items\":[{\"create\":{\"status\":409}},{\"create\":{\"status\":503}},{\"create\":{}}]}",
	      0, "TPP");
	judge(&bulk_form,
	      "{\"errors\":true,\"items\":[{\"create\":{\"status\":201}},{\"create\":{\"status\":400,\"error\":{\"reason\":\"a\\u0000\"}}},{\"create\":{\"status\":201}}]}",
	      0, "TRT");
	judge(&bulk_form, "{\"errors\":true,\"items\":[]}", SINK_E_AWAY, "PPP");
	judge(&bulk_form, "", SINK_E_AWAY, "PPP");
	judge(&bulk_form, "<html>", SINK_E_AWAY, "PPP");
	judge(&otlp_form, "{}", 0, "TTT");
	judge(&otlp_form, "", 0, "TTT");
	judge(&otlp_form,
	      "{\"partialSuccess\":{\"rejectedLogRecords\":\"2\",\"errorMessage\":\"x\"}}", 0,
	      "TJJ");
	judge(&otlp_form,
	      "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\",\"errorMessage\":\"a\\u0000\"}}",
	      0, "TTJ");
	judge(&otlp_form, "{\"partialSuccess\":{\"rejectedLogRecords\":0}}", 0, "TTT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gelf_has_its_fields),
		cmocka_unit_test(a_message_that_gelf_cannot_carry_is_told),
		cmocka_unit_test(loki_and_otlp_have_theirs),
		cmocka_unit_test(a_record_of_otlp_has_each_id_once),
		cmocka_unit_test(a_severity_of_otlp_is_a_number),
		cmocka_unit_test(a_wrapped_message_goes_before_its_wrapper),
		cmocka_unit_test(a_document_of_bulk_has_an_action),
		cmocka_unit_test(answers_say_what_became_of_each),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
