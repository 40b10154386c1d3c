#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/json/json_packet.h"

#define DEPTH 16

struct read_case {
	const char *title;
	const char *body;
	int result;
	uint64_t n_messages;
	const char *id;
};

/* clang-format off */
static const struct read_case cases[] = {
	{"an object is one message", " {\"a\":1} ", 0, 1, ""},
	{"messages are counted", "{\"id\":\"x-1\",\"messages\":[1,[2],{}]}", 0, 3, "x-1"},
	{"an array is its messages", "[1,2]\n", 0, 2, ""},
	{"the first of two ids counts", "{\"id\":\"a\",\"id\":\"b\"}", 0, 1, "a"},
	{"also where it is no string", "{\"id\":7,\"id\":\"b\"}", 0, 1, ""},
	{"an id keeps its escapes", "{\"id\":\"a\\\"b\"}", 0, 1, "a\\\"b"},
	{"an id further down is another's", "{\"a\":{\"id\":\"b\"}}", 0, 1, ""},
	{"the first of two messages counts", "{\"messages\":{},\"messages\":[1,2]}", 0, 1, ""},
	{"records are counted", "{\"records\":[1,2,3]}", 0, 3, ""},
	{"logs are counted, beside an id", "{\"id\":\"x\",\"logs\":[{},{}],\"n\":1}", 0, 2, "x"},
	{"events are counted", "{\"e\":1,\"events\":[1,2]}", 0, 2, ""},
	{"a key may be written with escapes", "{\"\\u006cogs\":[1,2]}", 0, 2, ""},
	{"messages go before other envelopes", "{\"logs\":[1,2],\"messages\":[1]}", 0, 1, ""},
	{"of other envelopes the first counts", "{\"logs\":[1,2],\"events\":[1]}", 0, 2, ""},
	{"an envelope that is no array is a field", "{\"logs\":7,\"events\":[1,2]}", 0, 2, ""},
	{"the first of two logs counts", "{\"logs\":7,\"logs\":[1,2]}", 0, 1, ""},
	{"an empty field of a message is no envelope", "{\"a\":1,\"events\":[]}", 0, 1, ""},
	{"an empty envelope is no packet", "{\"records\":[]}", JSON_PACKET_E_EMPTY, 0, NULL},
	{"OTLP is counted by its records", "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[1,2]},{\"logRecords\":[3]}]},{\"x\":[1]},{\"scopeLogs\":[7,{\"logRecords\":[4]}]}]}", 0, 4, ""},
	{"OTLP without records is no packet", "{\"resourceLogs\":[{\"scopeLogs\":[]}]}", JSON_PACKET_E_EMPTY, 0, NULL},
	{"in an element the first of two fields counts", "{\"streams\":[{\"values\":[1],\"values\":[1,2]}]}", 0, 1, ""},
	{"older streams of Loki are counted by their entries", "{\"streams\":[{\"labels\":\"{}\",\"entries\":[{},{}]},{\"values\":[[3]]}]}", 0, 3, ""},
	{"Loki's streams are counted by their values", "{\"streams\":[{\"stream\":{},\"values\":[[1],[2]]},{\"values\":[[3]]}]}", 0, 3, ""},
	{"an array of names is no envelope of streams", "{\"streams\":[\"a\",\"b\"],\"m\":1}", 0, 1, ""},
	{"an empty array is no packet", "[]", JSON_PACKET_E_EMPTY, 0, NULL},
	{"no messages are no packet", "{\"messages\":[],\"a\":[1]}", JSON_PACKET_E_EMPTY, 0, NULL},
	{"but broken JSON behind them is no JSON", "{\"messages\":[],\"a\":[1}", JSON_PACKET_E_SYNTAX, 0, NULL},
	{"nor is an end too early", "{\"messages\":[]", JSON_PACKET_E_SYNTAX, 0, NULL},
	{"a scalar is no packet", "\"{}\"", JSON_PACKET_E_SCALAR, 0, NULL},
	{"two documents are no JSON", "{}{}", JSON_PACKET_E_SYNTAX, 0, NULL},
	{"nothing is no JSON", "", JSON_PACKET_E_SYNTAX, 0, NULL},
	{"too deep is no JSON", "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", JSON_PACKET_E_SYNTAX, 0, NULL},
};
/* clang-format on */

static void test_case(void **state)
{
	const struct read_case *c = *state;
	struct json_packet packet;

	assert_int_equal(json_packet_read(c->body, strlen(c->body), DEPTH, &packet), c->result);
	if (c->result)
		return;
	assert_int_equal(packet.n_messages, c->n_messages);
	assert_int_equal(packet.id.len, strlen(c->id));
	assert_memory_equal(packet.id.data ? packet.id.data : "", c->id, strlen(c->id));
	assert_true(packet.raw.data[0] == '{' || packet.raw.data[0] == '[');
	assert_true(packet.raw.data[packet.raw.len - 1] == '}' ||
		    packet.raw.data[packet.raw.len - 1] == ']');
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];

	cmocka_set_message_output(CM_OUTPUT_TAP);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	return cmocka_run_group_tests_name("json_packet", tests, NULL, NULL);
}
