/*
 * Both sides of the forward protocol's handshake, given anything. A node believes only who has its
 * key: what anybody sends proves nothing, and what the sender of weir-loadgen makes of a HELO does.
 */
#include <stdint.h>
#include <string.h>

#include "loadgen/forward_talk.h"
#include "node/listen/forward_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char nonce[FORWARD_NONCE_BYTES] = "0123456789abcde";

static bool is_believed(const char *ping, size_t len, const char *key)
{
	struct buf pong = { 0 };
	bool is_proven = forward_hello_judge(ping, len, nonce, key, "node", &pong);

	assert(forward_talk_is_welcome(pong.data, pong.len) == is_proven);
	buf_deinit(&pong);
	return is_proven;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *copy = malloc(len ? len : 1);
	struct buf hello = { 0 }, ping = { 0 };

	assert(copy);
	if (len)
		memcpy(copy, data, len);
	assert(!is_believed(copy, len, "a-key-that-nobody-has"));
	if (forward_talk_answer_hello(copy, len, "key", &ping) == 0)
		assert(ping.len > 0);
	(void)forward_talk_is_ack(copy, len, "chunk");
	forward_hello_write(&hello, nonce);
	assert(forward_talk_answer_hello(hello.data, hello.len, "key", &ping) == 0);
	assert(is_believed(ping.data, ping.len, "key"));
	assert(!is_believed(ping.data, ping.len, "kez"));
	if (len > 0) { /* one byte is another one */
		ping.data[data[0] % ping.len] ^= 0x20;
		(void)is_believed(ping.data, ping.len, "key");
	}
	buf_deinit(&hello);
	buf_deinit(&ping);
	return 0;
}
