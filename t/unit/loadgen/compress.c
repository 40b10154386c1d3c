#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/codec/codec.h"
#include "loadgen/compress.h"

/* What a node makes of it, told what the head of the request says. */
static void check_unpacks(enum compress_kind kind, const char *text, size_t len)
{
	CLEANUP(compressor_freep) struct compressor *compressor = compressor_new(kind);
	CLEANUP(buf_deinit) struct buf packed = { 0 };
	struct codec *codec = codec_new(NULL);
	const char *encoding = compress_encoding(kind);
	struct codec_names names;
	struct codec_bytes bytes;

	assert_non_null(compressor);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(compressor_pack(compressor, text, len, &packed), 0);
		assert_int_equal(codec_names_read(encoding, strlen(encoding), &names), 0);
		assert_int_equal(
			codec_unpack(codec, packed.data, packed.len, &names, 1 << 20, &bytes), 0);
		assert_int_equal(bytes.n_layers, 1);
		assert_int_equal(bytes.len, len);
		assert_memory_equal(bytes.data, text, len);
		codec_release(codec);
	}
	codec_free(codec);
}

static void what_is_packed_is_what_its_encoding_says(void **state UNUSED)
{
	char text[20000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "{\"msg\":\"one of many\"}"[i % 21];
	for (enum compress_kind kind = COMPRESS_GZIP; kind < COMPRESS_KINDS; kind++) {
		check_unpacks(kind, text, sizeof(text));
		check_unpacks(kind, text, 10);
	}
}

static void nothing_is_said_of_what_is_not_packed(void **state UNUSED)
{
	assert_null(compress_encoding(COMPRESS_NONE));
	assert_string_equal(compress_encoding(COMPRESS_ZLIB), "deflate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_is_what_its_encoding_says),
		cmocka_unit_test(nothing_is_said_of_what_is_not_packed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
