#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/msgpack_stream.h"
#include "loadgen/forward_talk.h"
#include "node/listen/forward.h"

static const char nonce[FORWARD_NONCE_BYTES] = "0123456789abcde";

/* What a node makes of the PING that answers its HELO. */
static bool is_believed(const char *key, const char *key_of_node, struct buf *pong)
{
	struct buf hello = { 0 }, ping = { 0 };
	bool is_believed;

	forward_hello_write(&hello, nonce);
	assert_int_equal(forward_talk_answer_hello(hello.data, hello.len, key, &ping), 0);
	is_believed = forward_hello_judge(ping.data, ping.len, nonce, key_of_node, "node-1", pong);
	buf_deinit(&hello);
	buf_deinit(&ping);
	return is_believed;
}

static void a_sender_with_the_key_is_let_in(void **state UNUSED)
{
	struct buf pong = { 0 };

	assert_true(is_believed("secret", "secret", &pong));
	assert_true(forward_talk_is_welcome(pong.data, pong.len));
	buf_deinit(&pong);
}

static void a_sender_with_another_key_is_not(void **state UNUSED)
{
	struct buf pong = { 0 };

	assert_false(is_believed("secret", "another", &pong));
	assert_false(forward_talk_is_welcome(pong.data, pong.len));
	buf_deinit(&pong);
}

static void what_is_no_hello_is_wrong(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"\x93",
		"\x92\xa4HELO",
		"\x92\xa4HELO\x81\xa5other\x01",
		"\x92\xa4HELO\x81\xa5nonce\x01",
		"\x92\xa4HOLA\x81\xa5nonce\xa1x",
		"\x81\xa3\x61\x63k\xa1x", /* "ack", whose first letters would be taken for digits */
	};
	struct buf ping = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(
			forward_talk_answer_hello(texts[i], strlen(texts[i]), "key", &ping),
			FORWARD_TALK_E_WRONG);
	buf_deinit(&ping);
}

static void an_acknowledgement_names_the_chunk(void **state UNUSED)
{
	struct buf ack = { 0 };

	forward_write_ack(&ack, "x-17", 4);
	assert_true(forward_talk_is_ack(ack.data, ack.len, "x-17"));
	assert_false(forward_talk_is_ack(ack.data, ack.len, "x-1"));
	assert_false(forward_talk_is_ack(ack.data, ack.len, "x-177"));
	for (size_t n = 0; n < ack.len; n++)
		assert_false(forward_talk_is_ack(ack.data, n, "x-17"));
	buf_deinit(&ack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_with_the_key_is_let_in),
		cmocka_unit_test(a_sender_with_another_key_is_not),
		cmocka_unit_test(what_is_no_hello_is_wrong),
		cmocka_unit_test(an_acknowledgement_names_the_chunk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
