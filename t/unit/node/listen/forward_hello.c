#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/listen/forward_hello.h"

static const char nonce[] = "0123456789abcdef";
static const char key[] = "a shared key of mine";

/* SHA-512 of "salt", the host, the nonce and the key: by another program. */
#define OF_CLIENT                                                                                  \
	"6e201b861fdfd1751c83563d9a8eb5aa062f6b5e3ee4f7ae46c744a050730b95a49c53a27a12fd0822e3a8ad15e061db7544804fdb0da1b62aa9d9fff7bbe9ef"
#define OF_NODE                                                                                    \
	"1d97ee631e7c41559ad8c65f77200f391270c2f7ed52de3b86265ef4a485c311fda1fc4a08a056c8a926a2b278c06c928767ef72a407cc4496f188a26a4e478f"
#define PING(digest)                                                                               \
	"\x96\xa4PING\xa6"                                                                         \
	"client\xc4\x04salt\xd9\x80" digest "\xa0\xa0"

static bool judge(const char *ping, size_t len, const char *with_key, struct buf *pong)
{
	return forward_hello_judge(ping, len, nonce, with_key, "node-1", pong);
}

static void test_proof(void **state)
{
	static const char ping[] = PING(OF_CLIENT);
	static const char wanted[] = "\x95\xa4PONG\xc3\xa0\xa6node-1\xdb\0\0\0\x80" OF_NODE;
	struct buf pong = { 0 };

	(void)state;
	assert_true(judge(ping, sizeof(ping) - 1, key, &pong));
	assert_int_equal(pong.len, sizeof(wanted) - 1);
	assert_memory_equal(pong.data, wanted, pong.len);
	buf_deinit(&pong);
}

static void test_no_proof(void **state)
{
	static const char ping[] = PING(OF_CLIENT), other[] = PING(OF_NODE);
	static const char wanted[] = "\x95\xa4PONG\xc2\xb3shared key mismatch\xa0\xa0";
	struct buf pong = { 0 };

	(void)state;
	assert_false(judge(other, sizeof(other) - 1, key, &pong));
	assert_int_equal(pong.len, sizeof(wanted) - 1);
	assert_memory_equal(pong.data, wanted, pong.len);
	assert_false(judge(ping, sizeof(ping) - 1, "another key of mine.", &pong));
	for (size_t n = 0; n < sizeof(ping) - 1; n++)
		assert_false(judge(ping, n, key, &pong));
	assert_false(judge("\x93\xa1t\x05\x80", 5, key, &pong));
	buf_deinit(&pong);
}

static void test_hello(void **state)
{
	static const char wanted[] = "\x92\xa4HELO\x83\xa5nonce\xc6\0\0\0\x10"
				     "0123456789abcdef"
				     "\xa4"
				     "auth\xa0\xa9keepalive\xc3";
	char a[FORWARD_NONCE_BYTES], b[FORWARD_NONCE_BYTES];
	struct buf out = { 0 };

	(void)state;
	forward_hello_write(&out, nonce);
	assert_int_equal(out.len, sizeof(wanted) - 1);
	assert_memory_equal(out.data, wanted, out.len);
	buf_deinit(&out);
	assert_int_equal(forward_hello_make_nonce(a), 0);
	assert_int_equal(forward_hello_make_nonce(b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_no_proof),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("forward_hello", tests, NULL, NULL);
}
