#include "node/listen/forward_hello.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>

#include "common/format/msgpack.h"
#include "common/format/msgpack_write.h"

#define DIGEST_BYTES 64
#define HEX_BYTES (2 * DIGEST_BYTES)
#define PING_PARTS 6

int forward_hello_make_nonce(char nonce[FORWARD_NONCE_BYTES])
{
	return getrandom(nonce, FORWARD_NONCE_BYTES, 0) == FORWARD_NONCE_BYTES ? 0 : -EIO;
}

static void write_text(struct buf *out, const char *text)
{
	msgpack_write_str(out, text, strlen(text));
}

void forward_hello_write(struct buf *out, const char nonce[FORWARD_NONCE_BYTES])
{
	msgpack_write_byte(out, 0x92);
	write_text(out, "HELO");
	msgpack_write_byte(out, 0x83);
	write_text(out, "nonce");
	msgpack_write_bin(out, nonce, FORWARD_NONCE_BYTES);
	write_text(out, "auth"); /* no users */
	write_text(out, "");
	write_text(out, "keepalive");
	msgpack_write_byte(out, 0xc3);
}

struct digest {
	char hex[HEX_BYTES];
};

/* False: out of memory. */
static bool make_digest(const struct msgpack_item *salt, const char *host, size_t n_host,
			const char *nonce, const char *key, struct digest *digest)
{
	static const char digits[] = "0123456789abcdef";
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[DIGEST_BYTES];
	bool is_fine = context && EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1 &&
		       EVP_DigestUpdate(context, salt->data, salt->len) == 1 &&
		       EVP_DigestUpdate(context, host, n_host) == 1 &&
		       EVP_DigestUpdate(context, nonce, FORWARD_NONCE_BYTES) == 1 &&
		       EVP_DigestUpdate(context, key, strlen(key)) == 1 &&
		       EVP_DigestFinal_ex(context, bytes, NULL) == 1;

	static_assert(DIGEST_BYTES == SHA512_DIGEST_LENGTH, "OpenSSL writes that many");
	EVP_MD_CTX_free(context);
	for (unsigned i = 0; is_fine && i < DIGEST_BYTES; i++) {
		digest->hex[2 * i] = digits[bytes[i] >> 4];
		digest->hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return is_fine;
}

static bool is_bytes(const struct msgpack_item *item)
{
	return item->type == MSGPACK_STR || item->type == MSGPACK_BIN;
}

/* ["PING", host, salt, digest, user, password] */
static bool read_ping(const char *data, size_t len, struct msgpack_item parts[PING_PARTS])
{
	struct msgpack_cursor c = { data, data + len };
	struct msgpack_item top;

	if (msgpack_next(&c, &top) || top.type != MSGPACK_ARRAY || top.n != PING_PARTS)
		return false;
	for (unsigned i = 0; i < PING_PARTS; i++)
		if (msgpack_next(&c, &parts[i]) || !is_bytes(&parts[i]))
			return false;
	return parts[0].len == 4 && memcmp(parts[0].data, "PING", 4) == 0;
}

static void write_pong(struct buf *out, bool is_proven, const char *why, const char *host,
		       const struct digest *digest)
{
	msgpack_write_byte(out, 0x95);
	write_text(out, "PONG");
	msgpack_write_byte(out, is_proven ? 0xc3 : 0xc2);
	write_text(out, why);
	write_text(out, host);
	msgpack_write_str(out, digest->hex, is_proven ? HEX_BYTES : 0);
}

bool forward_hello_judge(const char *ping, size_t len, const char nonce[FORWARD_NONCE_BYTES],
			 const char *key, const char *host, struct buf *pong)
{
	struct msgpack_item parts[PING_PARTS];
	struct digest theirs, ours = { 0 };
	bool is_proven = read_ping(ping, len, parts) &&
			 make_digest(&parts[2], parts[1].data, parts[1].len, nonce, key, &theirs) &&
			 parts[3].len == HEX_BYTES &&
			 CRYPTO_memcmp(parts[3].data, theirs.hex, HEX_BYTES) == 0 &&
			 make_digest(&parts[2], host, strlen(host), nonce, key, &ours);

	write_pong(pong, is_proven, is_proven ? "" : "shared key mismatch", is_proven ? host : "",
		   &ours);
	return is_proven;
}
