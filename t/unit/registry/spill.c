#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/spill.h"

static void assert_bytes(const struct iovec *arg, const char *text)
{
	assert_int_equal(arg->iov_len, strlen(text));
	assert_memory_equal(arg->iov_base, text, strlen(text));
}

/* An answer as it comes from Redis. */
static redisReply *parse(const char *wire)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;

	assert_non_null(reader);
	assert_int_equal(redisReaderFeed(reader, wire, strlen(wire)), REDIS_OK);
	assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
	assert_non_null(reply);
	redisReaderFree(reader);
	return reply;
}

static void push_sends_seven_arguments_for_each_packet(void **state)
{
	static struct spill_push push;
	struct spill_packet packet = { .id = "p\0x",
				       .id_len = 3,
				       .form = "application/json",
				       .n_messages = UINT32_MAX,
				       .received_ms = 1700000000123,
				       .n_failures = 4,
				       .via = "edge/1, mid/2",
				       .body = "{}",
				       .len = 2 };
	(void)state;

	spill_push_begin(&push, "n1", 1ULL << 40);
	for (unsigned i = 0; i < SPILL_PUSH_MAX; i++)
		spill_push_add(&push, &packet);
	assert_int_equal(push.args.n, 2);
	assert_string_equal(push.args.data[1], "1099511627776");
	assert_int_equal(push.args.n_more, 7 * SPILL_PUSH_MAX);
	assert_ptr_equal(push.args.more, push.more);
	const struct iovec *last = &push.more[7 * (SPILL_PUSH_MAX - 1)];
	assert_memory_equal(last[0].iov_base, "p\0x", 3);
	assert_bytes(&last[1], "application/json");
	assert_bytes(&last[2], "4294967295");
	assert_bytes(&last[3], "1700000000123");
	assert_ptr_equal(last[4].iov_base, packet.body);
	assert_bytes(&last[5], "4");
	assert_bytes(&last[6], "edge/1, mid/2");

	spill_push_begin(&push, "n1", 1);
	packet.id = NULL;
	packet.id_len = 0;
	spill_push_add(&push, &packet);
	assert_bytes(&push.more[0], "");
}

static void push_is_answered_with_how_many_were_stored(void **state)
{
	redisReply *reply = parse("*3\r\n$4\r\nfull\r\n:7\r\n:9000\r\n");
	struct spill_pushed pushed;
	(void)state;

	assert_int_equal(spill_push_answer(reply, &pushed), 0);
	assert_true(pushed.is_full);
	assert_int_equal(pushed.n_stored, 7);
	assert_int_equal(pushed.bytes, 9000);
	freeReplyObject(reply);
}

static void done_sends_three_arguments_for_each_entry(void **state)
{
	static struct spill_done done;
	redisReply *reply = parse("*3\r\n$2\r\nok\r\n:2\r\n:40\r\n");
	struct spill_left left;
	(void)state;

	spill_done_begin(&done);
	for (unsigned i = 0; i < SPILL_DONE_MAX; i++)
		spill_done_add(&done, "12-3", i, 1000 + i);
	assert_int_equal(done.args.n_more, 3 * SPILL_DONE_MAX);
	assert_bytes(&done.more[3], "12-3");
	assert_bytes(&done.more[4], "1");
	assert_bytes(&done.more[3 * SPILL_DONE_MAX - 1], "1255");
	assert_int_equal(spill_done_answer(reply, &left), 0);
	assert_int_equal(left.n_removed, 2);
	assert_int_equal(left.n_entries, 40);
	freeReplyObject(reply);
}

static void entries_are_read_one_by_one(void **state)
{
	redisReply *reply = parse(
		"*4\r\n:9\r\n:1\r\n"
		"*9\r\n$3\r\n1-0\r\n$2\r\np1\r\n$1\r\nt\r\n:5\r\n:77\r\n:140\r\n$2\r\n{}\r\n:3\r\n$6\r\nedge/1\r\n"
		"*9\r\n$3\r\n2-0\r\n$0\r\n\r\n$1\r\nt\r\n:1\r\n:78\r\n:131\r\n$2\r\n[]\r\n:0\r\n$0\r\n\r\n");
	struct spill_taken taken;
	struct spill_entry entry;
	(void)state;

	assert_int_equal(spill_take_answer(reply, &taken), 0);
	assert_int_equal(taken.n_in_spill, 9);
	assert_int_equal(taken.n, 2);
	assert_int_equal(taken.n_claimed, 1);
	assert_true(spill_taken_next(&taken, &entry));
	assert_string_equal(entry.name, "1-0");
	assert_int_equal(entry.id_len, 2);
	assert_string_equal(entry.form, "t");
	assert_int_equal(entry.n_messages, 5);
	assert_int_equal(entry.received_ms, 77);
	assert_int_equal(entry.cost_bytes, 140);
	assert_memory_equal(entry.body, "{}", 2);
	assert_int_equal(entry.n_failures, 3);
	assert_string_equal(entry.via, "edge/1");
	assert_true(spill_taken_next(&taken, &entry));
	assert_int_equal(entry.id_len, 0);
	assert_false(spill_taken_next(&taken, &entry));
	freeReplyObject(reply);
}

static void what_cannot_be_understood_is_no_answer(void **state)
{
	static const char *const answers[] = {
		"+OK\r\n",
		"*0\r\n",
		"*3\r\n$4\r\nwhat\r\n:1\r\n:1\r\n",
		"*3\r\n$2\r\nok\r\n:-1\r\n:1\r\n",
		"*3\r\n:1\r\n:1\r\n$1\r\nx\r\n",
		"*3\r\n:1\r\n:0\r\n*2\r\n$3\r\n1-0\r\n$1\r\nx\r\n",
		"*3\r\n:1\r\n:0\r\n*7\r\n$3\r\n1-0\r\n$0\r\n\r\n$1\r\nt\r\n$1\r\n5\r\n:77\r\n:140\r\n$2\r\n{}\r\n",
	};
	struct spill_pushed pushed;
	struct spill_taken taken;
	struct spill_left left;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		redisReply *reply = parse(answers[i]);

		assert_int_equal(spill_push_answer(reply, &pushed), SPILL_E_ANSWER);
		assert_int_equal(spill_take_answer(reply, &taken), SPILL_E_ANSWER);
		assert_int_equal(spill_done_answer(reply, &left), SPILL_E_ANSWER);
		freeReplyObject(reply);
	}
	assert_int_equal(spill_push_answer(NULL, &pushed), SPILL_E_ANSWER);
	assert_int_equal(spill_take_answer(NULL, &taken), SPILL_E_ANSWER);
	assert_int_equal(spill_done_answer(NULL, &left), SPILL_E_ANSWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(push_sends_seven_arguments_for_each_packet),
		cmocka_unit_test(push_is_answered_with_how_many_were_stored),
		cmocka_unit_test(done_sends_three_arguments_for_each_entry),
		cmocka_unit_test(entries_are_read_one_by_one),
		cmocka_unit_test(what_cannot_be_understood_is_no_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
