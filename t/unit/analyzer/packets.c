#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/packets.h"

static int split(struct packets *packets, const char *body, bool is_batch)
{
	return packets_split(packets, body, strlen(body), is_batch);
}

static void assert_text(const char *data, size_t len, const char *expected)
{
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(data, expected, len);
}

static void messages_are_counted_as_a_node_counts_them(void **state)
{
	static const struct {
		const char *body;
		uint64_t n_messages;
	} cases[] = {
		{ "{\"messages\":[1,2,3]}", 3 },
		{ "[1,2]", 2 },
		{ "[[]]", 1 },
		{ "{}", 1 },
		{ "{\"a\":1}", 1 },
		{ "{\"messages\":\"none\"}", 1 },
		{ "{\"messages\":null,\"messages\":[1,2]}", 1 },
		{ "{\"messages\":[1,2],\"messages\":[1]}", 2 },
		{ "{\"a\":{\"messages\":[1,2]}}", 1 },
		{ "{\"mess\\u0061ges\":[[],{},\"],[\"]}", 3 },
		{ "{\"messages\":[\"a,b\",[1,2,3],{\"x\":[1,2]}]}", 3 },
		{ " \r\n\t[ 1 , 2 , 3 , 4 ] \n", 4 },
	};
	struct packets packets = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (split(&packets, cases[i].body, false))
			fail_msg("refused: %s", cases[i].body);
		assert_int_equal(packets.n_items, 1);
		if (packets.items[0].n_messages != cases[i].n_messages)
			fail_msg("wrong count: %s", cases[i].body);
	}
	packets_deinit(&packets);
}

static void a_batch_gives_each_packet_byte_for_byte(void **state)
{
	const char *body =
		" [ {\"id\":\"a]\",\"x\":\"}\\\"\"} ,[1, 2],\n{ \"messages\" : [ 1 ] } ] ";
	struct packets packets = { 0 };
	(void)state;

	assert_int_equal(split(&packets, body, true), 0);
	assert_int_equal(packets.n_items, 3);
	assert_text(packets.items[0].data, packets.items[0].len, "{\"id\":\"a]\",\"x\":\"}\\\"\"}");
	assert_text(packets.items[1].data, packets.items[1].len, "[1, 2]");
	assert_text(packets.items[2].data, packets.items[2].len, "{ \"messages\" : [ 1 ] }");
	assert_int_equal(packets.items[1].n_messages, 2);
	packets_deinit(&packets);
}

static void the_id_is_the_top_level_string(void **state)
{
	static const struct {
		const char *body;
		const char *id; /* NULL: none */
	} cases[] = {
		{ "{\"id\":\"p-1\"}", "p-1" },
		{ "{\"messages\":[1],\"id\":\"p\"}", "p" },
		{ "{\"id\":\"a\\\"b\"}", "a\\\"b" },
		{ "{\"id\":\"first\",\"id\":\"second\"}", "first" },
		{ "{\"id\":7}", NULL },
		{ "{\"id\":7,\"id\":\"second\"}", NULL },
		{ "{\"id\":\"\"}", NULL },
		{ "{\"a\":{\"id\":\"inner\"}}", NULL },
		{ "[{\"id\":\"inner\"}]", NULL },
	};
	struct packets packets = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *id = cases[i].id ? cases[i].id : "";

		assert_int_equal(split(&packets, cases[i].body, false), 0);
		assert_text(packets.items[0].id, packets.items[0].id_len, id);
	}
	packets_deinit(&packets);
}

static void what_is_no_packet_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *body;
		bool is_batch;
		int error;
	} cases[] = {
		{ "", false, PACKETS_E_SYNTAX },
		{ "  ", false, PACKETS_E_SYNTAX },
		{ "{\"a\":1", false, PACKETS_E_SYNTAX },
		{ "{} {}", false, PACKETS_E_SYNTAX },
		{ "{\"id\":\"x}", false, PACKETS_E_SYNTAX },
		{ "{\"id\":", false, PACKETS_E_SYNTAX },
		{ "{\"messages\":", false, PACKETS_E_SYNTAX },
		{ "{\"messages\":[1,}", false, PACKETS_E_SYNTAX },
		{ "5", false, PACKETS_E_SCALAR },
		{ "\"text\"", false, PACKETS_E_SCALAR },
		{ "null", false, PACKETS_E_SCALAR },
		{ "nothing", false, PACKETS_E_SYNTAX },
		{ "[]", false, PACKETS_E_EMPTY },
		{ "{\"messages\":[ ]}", false, PACKETS_E_EMPTY },
		{ "", true, PACKETS_E_SYNTAX },
		{ "[]", true, PACKETS_E_EMPTY },
		{ "[[]]", true, PACKETS_E_EMPTY },
		{ "[{},{\"messages\":[]}]", true, PACKETS_E_EMPTY },
		{ "[{},1]", true, PACKETS_E_SCALAR },
		{ "{}", true, PACKETS_E_BATCH },
		{ "[{},]", true, PACKETS_E_SYNTAX },
		{ "[{}", true, PACKETS_E_SYNTAX },
		{ "[{}] x", true, PACKETS_E_SYNTAX },
		{ "[{},{\"a\"}]", true, PACKETS_E_SYNTAX },
	};
	struct packets packets = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (split(&packets, cases[i].body, cases[i].is_batch) != cases[i].error)
			fail_msg("wrong: %s", cases[i].body);
	packets_deinit(&packets);
}

static void a_big_batch_grows_the_list(void **state)
{
	struct packets packets = { 0 };
	struct buf body = { 0 };
	(void)state;

	buf_append_str(&body, "[");
	for (int i = 0; i < 1000; i++)
		buf_printf(&body, "%s{\"id\":\"%d\"}", i ? "," : "", i);
	buf_append_str(&body, "]");
	assert_int_equal(split(&packets, buf_str(&body), true), 0);
	assert_int_equal(packets.n_items, 1000);
	assert_text(packets.items[999].id, packets.items[999].id_len, "999");
	assert_int_equal(split(&packets, "{}", false), 0);
	assert_int_equal(packets.n_items, 1);
	packets_deinit(&packets);
	buf_deinit(&body);
}

static void lines_hold_one_packet_each_without_duplicates(void **state)
{
	struct packets packets = { 0 };
	struct buf lines = { 0 };
	(void)state;

	assert_int_equal(split(&packets, "[{\"a\":\n\r\n1},{\"b\":2},{\"c\":\"\\n\"}]", true), 0);
	packets.items[1].is_duplicate = true;
	packets_write_lines(&packets, &lines);
	assert_string_equal(buf_str(&lines), "{\"a\":   1}\n{\"c\":\"\\n\"}\n");
	packets_deinit(&packets);
	buf_deinit(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_counted_as_a_node_counts_them),
		cmocka_unit_test(a_batch_gives_each_packet_byte_for_byte),
		cmocka_unit_test(the_id_is_the_top_level_string),
		cmocka_unit_test(what_is_no_packet_is_refused_with_its_reason),
		cmocka_unit_test(a_big_batch_grows_the_list),
		cmocka_unit_test(lines_hold_one_packet_each_without_duplicates),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
