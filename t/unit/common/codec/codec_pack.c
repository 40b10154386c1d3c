#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libdeflate.h>

#include "common/codec/codec_pack.h"
#include "common/rng.h"

/* What the parts become, unpacked by libdeflate. */
static void check(const struct iovec *parts, size_t n_parts, const char *whole, size_t len)
{
	struct codec_pack *pack = codec_pack_new();
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	char *back = malloc(len + 1);
	struct iovec out;
	size_t n = 0;

	assert_non_null(pack);
	assert_int_equal(codec_pack_gzip(pack, parts, n_parts, len, &out), 0);
	assert_int_equal(
		libdeflate_gzip_decompress(d, out.iov_base, out.iov_len, back, len + 1, &n), 0);
	assert_int_equal(n, len);
	assert_memory_equal(back, whole, len);
	libdeflate_free_decompressor(d);
	codec_pack_free(pack);
	free(out.iov_base);
	free(back);
}

static void test_parts_become_one_stream(void **state)
{
	struct iovec parts[] = { { "[", 1 }, { "{\"a\":1}", 7 }, { NULL, 0 }, { "]", 1 } };
	(void)state;

	check(parts, 4, "[{\"a\":1}]", 9);
	check(parts, 1, "[", 1);
}

static void test_an_empty_body_has_a_stream_too(void **state)
{
	struct iovec none = { "", 0 };
	(void)state;

	check(&none, 1, "", 0);
	check(&none, 0, "", 0);
}

static void test_bytes_that_cannot_be_packed_fit(void **state)
{
	size_t len = 3 << 20;
	char *noise = malloc(len);
	struct iovec parts[] = { { noise, len / 2 }, { noise + len / 2, len - len / 2 } };
	struct rng rng;
	(void)state;

	rng_init(&rng, 7);
	for (size_t i = 0; i < len; i++)
		noise[i] = (char)rng_range(&rng, 0, 255);
	check(parts, 2, noise, len);
	free(noise);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts_become_one_stream),
		cmocka_unit_test(test_an_empty_body_has_a_stream_too),
		cmocka_unit_test(test_bytes_that_cannot_be_packed_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
