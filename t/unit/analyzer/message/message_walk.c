#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/message/message_walk.h"
#include "common/json/json_packet.h"

#define NOW 1764378000000000000ULL

static void append_field(struct buf *out, const struct message *m, size_t i)
{
	const struct message_field *field = &m->fields[i];

	buf_append_str(out, i < m->n_context ? " ~" : " ");
	buf_append(out, message_name(m, field), field->name_len);
	buf_append_str(out, "=");
	buf_append(out, field->value.data, field->value.len);
}

/* "text @seconds /level host: other=fields ~of=context;" for each message */
static int on_message(const struct message *m, void *arg)
{
	struct buf *out = arg;

	if (m->text >= 0)
		buf_append(out, m->fields[m->text].value.data, m->fields[m->text].value.len);
	if (m->time >= 0)
		buf_printf(out, " @%llu", (unsigned long long)(m->time_ns / 1000000000));
	if (m->level >= 0)
		buf_printf(out, " /%d", m->level);
	if (m->host >= 0)
		buf_printf(out, " %.*s", (int)m->fields[m->host].value.len,
			   m->fields[m->host].value.data);
	buf_append_str(out, ":");
	for (size_t i = 0; i < m->n_fields; i++)
		if (!message_is_found(m, i))
			append_field(out, m, i);
	buf_append_str(out, ";");
	return 0;
}

static const char *walk(const char *packet)
{
	static struct message m;
	static struct buf out;

	m.now_ns = NOW;
	buf_clear(&out);
	assert_int_equal(message_walk(&m, packet, strlen(packet), on_message, &out), 0);
	message_deinit(&m);
	return buf_str(&out);
}

static void each_message_of_each_envelope_comes_alone(void **state)
{
	static const struct {
		const char *packet, *said;
	} rows[] = {
		{ "{\"msg\":\"hi\",\"level\":30,\"time\":1764378000123,\"hostname\":\"h\",\"req\":{\"id\":12345678901234567890,\"ok\":true}}",
		  "hi @1764378000 /6 h: req.id=12345678901234567890 req.ok=true;" },
		{ "{\"id\":\"p\",\"host\":\"h\",\"messages\":[\"a\",{\"log\":\"b\",\"host\":\"own\"},7]}",
		  "a h:;b own: ~host=h;7 h:;" },
		{ "[ {\"message\":\"a\"} , \"b\" ]", "a:;b:;" },
		{ "{\"records\":[{\"value\":{\"message\":\"a\",\"x\":1},\"key\":\"k\"}]}",
		  "a: x=1 key=k;" },
		{ "{\"messages\":[{\"event\":\"text\",\"time\":1764378000.5,\"host\":\"h\",\"fields\":{\"k\":\"v\"}}]}",
		  "text @1764378000 h: k=v;" },
		{ "{\"messages\":[{\"event\":{\"message\":\"a\",\"severity\":\"warn\"},\"time\":\"1764378000\",\"fields\":{\"k\":\"v\"}}]}",
		  "a @1764378000 /4: k=v;" },
		{ "{\"messages\":[{\"action\":\"create\",\"index\":\"i\",\"document\":{\"@timestamp\":\"2025-11-29T01:00:00Z\",\"message\":\"a\",\"log\":{\"level\":\"error\"},\"host\":{\"name\":\"h\"}}}]}",
		  "a @1764378000 /3 h: action=create index=i;" },
		{ "{\"event\":{\"kind\":\"x\"},\"message\":\"a\"}", "a: event.kind=x;" },
		{ "{\"streams\":[{\"values\":[[\"1764378000000000001\",\"a\"],[\"1764378000000000002\",\"b\",{\"trace\":\"t\"}]],\"stream\":{\"app\":\"s\",\"level\":\"error\"}}]}",
		  "a @1764378000 /3: ~app=s;b @1764378000 /3: ~app=s trace=t;" },
		{ "{\"streams\":[{\"labels\":\"{}\",\"entries\":[{\"ts\":\"2025-11-29T01:06:40Z\",\"line\":\"a\"},{\"line\":\"b\"}]}]}",
		  " @1764378400: line=a;: line=b;" },
		{ "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"0\",\"observedTimeUnixNano\":\"1764378000000000000\",\"severityNumber\":17,\"severityText\":\"ERROR\",\"body\":{\"stringValue\":\"a\"},"
		  "\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"9223372036854775807\"}},{\"value\":{\"kvlistValue\":{\"values\":[{\"key\":\"x\",\"value\":{\"boolValue\":true}}]}},\"key\":\"m\"}]}],"
		  "\"scope\":{\"name\":\"lib\"}}],\"resource\":{\"attributes\":[{\"key\":\"host.name\",\"value\":{\"stringValue\":\"h\"}},{\"key\":\"service.name\",\"value\":{\"stringValue\":\"s\"}}]}}]}",
		  "a @1764378000 /3 h: ~service.name=s ~scope.name=lib timeUnixNano=0 severityText=ERROR n=9223372036854775807 m.x=true;" },
		{ "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"severityNumber\":0,\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"MESSAGE\",\"value\":{\"stringValue\":\"a\"}},{\"key\":\"PRIORITY\",\"value\":{\"stringValue\":\"3\"}},"
		  "{\"key\":\"_HOSTNAME\",\"value\":{\"stringValue\":\"h\"}},{\"key\":\"n\",\"value\":{\"intValue\":\"7\"}}]}}}]}]}]}",
		  "a /3 h: severityNumber=0 body.n=7;" },
		{ "{\"message\":\"a\",\"body\":{\"level\":\"error\",\"message\":\"b\"}}",
		  "a: body.level=error body.message=b;" },
		{ "{\"MESSAGE\":\"a\",\"PRIORITY\":\"4\",\"_HOSTNAME\":\"h\",\"__REALTIME_TIMESTAMP\":\"1764378000000000\",\"_PID\":\"1\"}",
		  "a @1764378000 /4 h: _PID=1;" },
		{ "{\"version\":\"1.1\",\"host\":\"h\",\"short_message\":\"a\",\"timestamp\":1764378000.25,\"level\":3,\"_k\":\"v\"}",
		  "a @1764378000 /3 h: version=1.1 _k=v;" },
		{ "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":1}}}}}},\"n\":null,\"l\":[1,2]}",
		  ": a.b.c.d.e.f={\"g\":1} l=[1,2];" },
		{ "{\"severity\":\"none\",\"level\":\"info\",\"time\":5,\"ts\":\"x\"}",
		  " /6: severity=none time=5 ts=x;" },
		{ "{\"msg\":\"a\",\"PRIORITY\":\"400\"}", "a: PRIORITY=400;" },
		{ "{\"time\":\"1764378000\",\"event\":{\"message\":\"a\",\"time\":\"1764379000x\"}}",
		  "a @1764378000: time=1764379000x;" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(walk(rows[i].packet), rows[i].said);
}

static int count_message(const struct message *m, void *arg)
{
	size_t *n = arg;

	assert_true(m->n_fields <= MESSAGE_MAX_FIELDS);
	n[0]++;
	n[1] = m->n_fields;
	n[2] = m->n_left_out;
	return 0;
}

static void fields_and_contexts_are_bounded(void **state)
{
	static struct message m;
	struct buf packet = { 0 };
	size_t n[3] = { 0 };

	(void)state;
	buf_append_str(&packet, "{\"message\":\"a\"");
	for (int i = 0; i < 300; i++)
		buf_printf(&packet, ",\"f%d\":%d", i, i);
	buf_append_str(&packet, "}");
	assert_int_equal(message_walk(&m, packet.data, packet.len, count_message, n), 0);
	assert_int_equal(n[0], 1);
	assert_int_equal(n[1], MESSAGE_MAX_FIELDS);
	assert_int_equal(n[2], 301 - MESSAGE_MAX_FIELDS);

	buf_clear(&packet);
	buf_append_str(&packet, "{\"big\":\"");
	for (int i = 0; i < MESSAGE_MAX_CONTEXT; i++)
		buf_append(&packet, "x", 1);
	buf_append_str(&packet, "\",\"small\":1,\"messages\":[\"a\",\"b\"]}");
	n[0] = 0;
	assert_int_equal(message_walk(&m, packet.data, packet.len, count_message, n), 0);
	assert_int_equal(n[0], 2);
	assert_int_equal(n[1], 2);
	buf_deinit(&packet);
	message_deinit(&m);
}

static void a_giant_key_takes_no_memory(void **state)
{
	static const char *const parts[] = { "x", "\\u0061", "\\ud83d\\ude00" };
	static struct message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct buf packet = { 0 };
		size_t n[3] = { 0 };

		buf_append_str(&packet, "{\"a\":{\"");
		for (int j = 0; j < 100000; j++)
			buf_append_str(&packet, parts[i]);
		buf_append_str(&packet, "\":{\"b\":1}},\"c\":2}");
		assert_int_equal(message_walk(&m, packet.data, packet.len, count_message, n), 0);
		assert_int_equal(n[1], 1);
		assert_int_equal(n[2], 1);
		assert_true(m.path.capacity < 10000);
		buf_deinit(&packet);
	}
	message_deinit(&m);
}

static void there_are_as_many_messages_as_were_counted(void **state)
{
	static const char *const packets[] = {
		"{}",
		"[1]",
		"{\"messages\":{}}",
		"{\"records\":[],\"x\":1}",
		"{\"streams\":[7]}",
		"{\"streams\":[{\"entries\":[{},{}],\"values\":[[1]]},{\"values\":7,\"entries\":[{}]},{\"values\":[[1]],\"entries\":[{},{}]}]}",
		"{\"streams\":[{\"values\":[7,[],[\"1\"]]}]}",
		"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[7,{}]}]}]}",
		"{\"messages\":[1],\"messages\":[1,2]}",
		"{\"logs\":[1,2],\"events\":[1]}",
		"{\"\\u006dessages\":[1,2]}",
		"[[],{},null,true]",
		"{\"\":1,\"a\":{\"\":{}}}",
		"{\"resourceLogs\":[{\"resource\":7,\"scopeLogs\":[{\"scope\":[],\"logRecords\":[{\"attributes\":7,\"body\":7}]}]}]}",
	};
	static struct message m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packets); i++) {
		struct json_packet packet;
		size_t n[3] = { 0 };

		print_message("%s\n", packets[i]);
		assert_int_equal(
			json_packet_read(packets[i], strlen(packets[i]), JSON_MAX_DEPTH, &packet),
			0);
		assert_int_equal(message_walk(&m, packets[i], strlen(packets[i]), count_message, n),
				 0);
		assert_int_equal(n[0], packet.n_messages);
	}
	message_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_of_each_envelope_comes_alone),
		cmocka_unit_test(fields_and_contexts_are_bounded),
		cmocka_unit_test(a_giant_key_takes_no_memory),
		cmocka_unit_test(there_are_as_many_messages_as_were_counted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
