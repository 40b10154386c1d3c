#include "loadgen/forward_talk.h"

#include <openssl/evp.h>

#include "common/format/msgpack.h"
#include "common/format/msgpack_write.h"
#include "common/rng.h"

#define HOST "weir-loadgen"
#define SALT_BYTES 8
#define SALT_HEX (2 * SALT_BYTES)
#define DIGEST_BYTES 64
#define DEPTH 16

static bool next_is(struct msgpack_cursor *c, const char *text)
{
	struct msgpack_item item;

	return msgpack_next(c, &item) == 0 &&
	       (item.type == MSGPACK_STR || item.type == MSGPACK_BIN) && item.len == strlen(text) &&
	       memcmp(item.data, text, item.len) == 0;
}

static bool next_has(struct msgpack_cursor *c, enum msgpack_type type, struct msgpack_item *item)
{
	return msgpack_next(c, item) == 0 && item->type == type;
}

/* ["HELO", {"nonce": bytes, ...}] */
static bool find_nonce(const char *hello, size_t len, struct msgpack_item *nonce)
{
	struct msgpack_cursor c = { hello, hello + len }, value;
	struct msgpack_item item;
	bool is_nonce;

	if (!next_has(&c, MSGPACK_ARRAY, &item) || item.n != 2 || !next_is(&c, "HELO") ||
	    !next_has(&c, MSGPACK_MAP, &item))
		return false;
	for (size_t i = 0; i < item.n; i++) {
		value = c;
		is_nonce = next_is(&value, "nonce");
		if (is_nonce)
			return msgpack_next(&value, nonce) == 0 &&
			       (nonce->type == MSGPACK_STR || nonce->type == MSGPACK_BIN);
		if (msgpack_skip(&c, DEPTH) || msgpack_skip(&c, DEPTH))
			return false;
	}
	return false;
}

static int put_proof(struct buf *out, const char *salt, const struct msgpack_item *nonce,
		     const char *key)
{
	unsigned char digest[DIGEST_BYTES];
	struct buf all = { 0 };
	char hex[2 * DIGEST_BYTES + 1];
	bool is_fine;

	buf_append(&all, salt, SALT_HEX);
	buf_append_str(&all, HOST);
	buf_append(&all, nonce->data, nonce->len);
	buf_append_str(&all, key);
	is_fine =
		!all.failed && EVP_Digest(all.data, all.len, digest, NULL, EVP_sha512(), NULL) == 1;
	buf_deinit(&all);
	if (!is_fine)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	msgpack_write_str(out, hex, 2 * DIGEST_BYTES);
	return 0;
}

int forward_talk_answer_hello(const char *hello, size_t len, const char *key, struct buf *ping)
{
	char salt[SALT_HEX + 1];
	struct msgpack_item nonce;
	int r;

	if (!find_nonce(hello, len, &nonce))
		return FORWARD_TALK_E_WRONG;
	r = rng_token(salt, SALT_BYTES);
	if (r)
		return r;
	buf_clear(ping);
	msgpack_write_byte(ping, 0x96);
	msgpack_write_str(ping, "PING", strlen("PING"));
	msgpack_write_str(ping, HOST, strlen(HOST));
	msgpack_write_str(ping, salt, SALT_HEX);
	r = put_proof(ping, salt, &nonce, key);
	msgpack_write_str(ping, "", 0); /* neither user */
	msgpack_write_str(ping, "", 0); /* nor password */
	return r ? r : ping->failed ? -ENOMEM : 0;
}

bool forward_talk_is_welcome(const char *pong, size_t len)
{
	struct msgpack_cursor c = { pong, pong + len };
	struct msgpack_item item;

	return next_has(&c, MSGPACK_ARRAY, &item) && item.n >= 2 && next_is(&c, "PONG") &&
	       next_has(&c, MSGPACK_BOOL, &item) && item.number == 1;
}

bool forward_talk_is_ack(const char *ack, size_t len, const char *chunk)
{
	struct msgpack_cursor c = { ack, ack + len };
	struct msgpack_item item;

	return next_has(&c, MSGPACK_MAP, &item) && item.n == 1 && next_is(&c, "ack") &&
	       next_is(&c, chunk);
}
