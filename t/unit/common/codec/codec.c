#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/codec/codec.h"
#include "t/unit/common/codec/packers.h"

#define MAX_BYTES (1u << 20)

/* Memory that is counted, and ends at `left`. */
struct account {
	size_t left, used, peak;
	size_t total, n_takes; /* ever asked for */
};

static bool take(void *arg, size_t n_bytes)
{
	struct account *account = arg;

	if (n_bytes > account->left)
		return false;
	account->left -= n_bytes;
	account->used += n_bytes;
	account->total += n_bytes;
	account->n_takes++;
	account->peak = account->used > account->peak ? account->used : account->peak;
	return true;
}

static void give(void *arg, size_t n_bytes)
{
	struct account *account = arg;

	assert_true(n_bytes <= account->used);
	account->used -= n_bytes;
	account->left += n_bytes;
}

static struct account account;
static struct codec *codec;

static int setup(void **state)
{
	struct codec_memory memory = { take, give, &account };

	(void)state;
	account = (struct account){ .left = 64u << 20 };
	codec = codec_new(&memory);
	return codec ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	codec_free(codec);
	return account.used == 0 ? 0 : -1;
}

static int unpack_as(const struct packed *p, const char *announced, size_t max_bytes,
		     struct codec_bytes *bytes)
{
	struct codec_names names;

	codec_release(codec);
	assert_int_equal(codec_names_read(announced, strlen(announced), &names), 0);
	return codec_unpack(codec, p->data, p->len, &names, max_bytes, bytes);
}

static void assert_unpacks(const struct packed *p, const char *announced, const char *text)
{
	struct codec_bytes bytes;

	assert_int_equal(unpack_as(p, announced, MAX_BYTES, &bytes), 0);
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static const char json[] = "{\"message\":\"order placed\",\"n\":1}";

static void test_first_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, json, strlen(json));

		if (i != PACK_SNAPPY_BLOCK)
			assert_unpacks(&p, "", json);
		assert_unpacks(&p, "snappy", json);
		if (i != PACK_SNAPPY_BLOCK)
			assert_unpacks(&p, "gzip,deflate", json);
		packed_free(&p);
	}
}

static void test_not_packed(void **state)
{
	static const char *const texts[] = {
		json, "x^2 is a line of text", "", "x", "\x1f", "[1]"
	};
	static const char *const not_snappy[] = { json, " \r\n\t[1]", "\xef\xbb\xbf{\"a\":1}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct packed p = { (char *)texts[i], strlen(texts[i]) };

		assert_unpacks(&p, "", texts[i]);
	}
	assert_unpacks(&(struct packed){ (char *)json, strlen(json) }, "gzip", json);
	for (size_t i = 0; i < ARRAY_LEN(not_snappy); i++)
		assert_unpacks(&(struct packed){ (char *)not_snappy[i], strlen(not_snappy[i]) },
			       "snappy", not_snappy[i]);
}

static void test_layers(void **state)
{
	struct packed p = pack(PACK_SNAPPY_BLOCK, json, strlen(json));
	struct codec_bytes bytes;

	(void)state;
	p = pack_again(PACK_ZSTD, p);
	p = pack_again(PACK_GZIP, p);
	assert_unpacks(&p, "snappy, zstd, gzip", json);
	p = pack_again(PACK_GZIP, p);
	assert_unpacks(&p, "snappy, zstd, gzip, gzip", json);
	p = pack_again(PACK_GZIP, p);
	assert_int_equal(unpack_as(&p, "snappy,zstd,gzip,gzip,gzip", MAX_BYTES, &bytes),
			 CODEC_E_BAD);
	packed_free(&p);
}

static void test_members(void **state)
{
	struct packed one, two, both;

	(void)state;
	for (int i = 0; i < PACKERS; i++) {
		if (i == PACK_ZLIB || i == PACK_SNAPPY_BLOCK)
			continue;
		one = pack((enum packer)i, "{\"a\":1}\n", 8);
		two = pack((enum packer)i, "{\"b\":2}", 7);
		both = packed_join(&one, &two);
		assert_unpacks(&both, "", "{\"a\":1}\n{\"b\":2}");
		packed_free(&one);
		packed_free(&two);
		packed_free(&both);
	}
}

static void test_cut(void **state)
{
	struct codec_bytes bytes;

	(void)state;
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, json, strlen(json));

		for (size_t len = 11; len < p.len; len++) {
			struct packed cut = { p.data, len };

			assert_int_equal(unpack_as(&cut, packer_names[i], MAX_BYTES, &bytes),
					 CODEC_E_BAD);
		}
		packed_free(&p);
	}
}

static void test_flipped(void **state)
{
	static const enum packer checked[] = { PACK_GZIP, PACK_ZLIB, PACK_SNAPPY_FRAMED };
	struct codec_bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(checked); i++) {
		struct packed p = pack(checked[i], json, strlen(json));

		p.data[p.len - 6] ^= 0x10;
		assert_int_equal(unpack_as(&p, packer_names[checked[i]], MAX_BYTES, &bytes),
				 CODEC_E_BAD);
		packed_free(&p);
	}
}

static void test_max_bytes(void **state)
{
	char text[8192];
	struct codec_bytes bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "0123456789abcdef"[i * i % 31 % 16];
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, text, sizeof(text));

		assert_int_equal(unpack_as(&p, packer_names[i], sizeof(text), &bytes), 0);
		assert_int_equal(bytes.len, sizeof(text));
		assert_int_equal(unpack_as(&p, packer_names[i], sizeof(text) - 1, &bytes),
				 CODEC_E_TOO_LARGE);
		packed_free(&p);
	}
}

#define BOMB_BYTES (100u << 20)
#define BOMB_MAX (16u << 20)     /* as --max-body has it */
#define DECODER_BYTES (9u << 20) /* of zstd */

/* What is produced before it stops is at most twice what is asked for: room doubles, and where it was
 * too small, the layer begins again. */
static void assert_stops(const struct packed *p)
{
	struct codec_bytes bytes;
	int r;

	account.peak = account.total = account.n_takes = 0;
	r = unpack_as(p, "snappy", BOMB_MAX, &bytes);
	assert_true(r == CODEC_E_TOO_LARGE || r == CODEC_E_RATIO);
	assert_true(account.total <= BOMB_MAX + BOMB_MAX / 10 + 2 * DECODER_BYTES);
	assert_true(account.n_takes <= 40);
	codec_release(codec);
	assert_int_equal(account.used, 0);
}

static void test_bombs(void **state)
{
	char *zeros = calloc(1, BOMB_BYTES);

	(void)state;
	assert_non_null(zeros);
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, zeros, BOMB_BYTES);

		assert_stops(&p);
		for (int outer = 0; outer < PACKERS; outer++) {
			struct packed copy, stacked;

			if (i == PACK_SNAPPY_BLOCK || outer == PACK_SNAPPY_BLOCK)
				continue; /* it has no sign of its own */
			copy = (struct packed){ malloc(p.len), p.len };
			assert_non_null(copy.data);
			memcpy(copy.data, p.data, p.len);
			stacked = pack_again((enum packer)outer, copy);
			assert_stops(&stacked);
			stacked = pack_again(PACK_GZIP, stacked);
			assert_stops(&stacked);
			packed_free(&stacked);
		}
		packed_free(&p);
	}
	free(zeros);
}

static void test_wrong_size(void **state)
{
	char *zeros = calloc(1, BOMB_BYTES);
	struct packed p;

	(void)state;
	assert_non_null(zeros);
	p = pack(PACK_GZIP, zeros, BOMB_BYTES);
	memset(p.data + p.len - 4, 0, 4); /* it claims to hold nothing */
	assert_stops(&p);
	assert_true(account.n_takes <= 5); /* each is an attempt from the beginning */
	packed_free(&p);
	free(zeros);
}

/* Each of these frames holds nothing, and wants a window of 8 MiB. */
static void test_many_windows(void **state)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00";
	const size_t n = 10000, n_bytes = sizeof(frame) - 1;
	struct packed p = { malloc(n * n_bytes), n * n_bytes };
	struct codec_bytes bytes;

	(void)state;
	assert_non_null(p.data);
	for (size_t i = 0; i < n; i++)
		memcpy(p.data + i * n_bytes, frame, n_bytes);
	assert_int_equal(unpack_as(&p, "zstd", MAX_BYTES, &bytes), 0);
	assert_int_equal(bytes.len, 0);
	assert_true(account.n_takes <= 2); /* room for what comes out, and one decoder */
	packed_free(&p);
}

/* The ratio is that of all layers together. */
static void test_ratio(void **state)
{
	char *zeros = calloc(1, 1u << 20);
	struct packed p;
	struct codec_bytes bytes;

	(void)state;
	assert_non_null(zeros);
	p = pack(PACK_ZSTD, zeros, 1u << 20);
	assert_int_equal(unpack_as(&p, "", 2u << 20, &bytes), CODEC_E_RATIO);
	packed_free(&p);
	p = pack(PACK_ZSTD, zeros, CODEC_FREE_BYTES);
	assert_int_equal(unpack_as(&p, "", 2u << 20, &bytes), 0);
	packed_free(&p);
	free(zeros);
}

/* A window of 2 GiB is asked for, by a frame that does not tell its size. */
static void test_window(void **state)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";
	struct packed p = { (char *)frame, sizeof(frame) - 1 };
	struct codec_bytes bytes;

	(void)state;
	assert_int_equal(unpack_as(&p, "zstd", MAX_BYTES, &bytes), CODEC_E_BAD);
	assert_true(account.peak <= (10u << 20));
}

static void test_no_memory(void **state)
{
	char text[40000];
	struct codec_bytes bytes;

	(void)state;
	memset(text, ' ', sizeof(text));
	text[0] = '{';
	for (int i = 0; i < PACKERS; i++) {
		struct packed p = pack((enum packer)i, text, sizeof(text));

		codec_release(codec);
		account.left = 20000;
		assert_int_equal(unpack_as(&p, packer_names[i], MAX_BYTES, &bytes), -ENOMEM);
		packed_free(&p);
	}
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, setup, teardown, NULL                                                   \
	}
	const struct CMUnitTest tests[] = {
		TEST("the first bytes say how a body was packed", test_first_bytes),
		TEST("what was not packed is handed on", test_not_packed),
		TEST("four layers are unpacked, and no more", test_layers),
		TEST("members and frames follow each other", test_members),
		TEST("what is cut off is refused", test_cut),
		TEST("what does not match its checksum is refused", test_flipped),
		TEST("the limit is exact", test_max_bytes),
		TEST("a bomb stops within its memory, however it is stacked", test_bombs),
		TEST("a size that is not so is of no use to a bomb", test_wrong_size),
		TEST("many frames of zstd share one decoder", test_many_windows),
		TEST("a body may grow a thousandfold, and a small one freely", test_ratio),
		TEST("a window of 2 GiB is never allocated", test_window),
		TEST("without memory nothing is unpacked", test_no_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
