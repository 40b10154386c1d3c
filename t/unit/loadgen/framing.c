#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/codec/codec.h"
#include "loadgen/framing.h"
#include "node/listen/forward_frame.h"
#include "node/listen/gelf_chunks.h"

static struct buf plain, out;

static int tear_down(void **state UNUSED)
{
	buf_deinit(&plain);
	buf_deinit(&out);
	return 0;
}

static void write_framed(struct framing *f, struct compressor *compressor, const char *text,
			 size_t len)
{
	buf_clear(&plain);
	buf_append(&plain, text, len);
	assert_int_equal(framing_write(f, compressor, "x-17", 2, &plain, &out), 0);
	framing_deinit(f);
}

static void assert_unpacks(const char *data, size_t len, const char *text, size_t n_text)
{
	struct codec *codec = codec_new(NULL);
	struct codec_bytes bytes;
	const struct codec_names none = { 0 };

	assert_non_null(codec);
	assert_int_equal(codec_unpack(codec, data, len, &none, 1 << 22, &bytes), 0);
	assert_int_equal(bytes.len, n_text);
	assert_memory_equal(bytes.data, text, n_text);
	codec_release(codec);
	codec_free(codec);
}

static void lines_of_syslog_go_as_they_are_over_tcp_and_one_by_one_over_udp(void **state UNUSED)
{
	struct framing tcp = { TARGET_TCP, FORMAT_SYSLOG, COMPRESS_NONE, 0, { 0 } };
	struct framing udp = { TARGET_UDP, FORMAT_SYSLOG, COMPRESS_NONE, 0, { 0 } };
	const char *data;
	size_t n;

	write_framed(&tcp, NULL, "ab\nc\n", 5);
	assert_int_equal(out.len, 5);
	assert_memory_equal(out.data, "ab\nc\n", 5);
	write_framed(&udp, NULL, "ab\nc\n", 5);
	assert_true(framing_next_datagram(out.data, out.len, &data, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(data, "ab", 2);
	assert_true(framing_next_datagram(data + n, out.len - 4, &data, &n));
	assert_int_equal(n, 1);
	assert_memory_equal(data, "c", 1);
	assert_false(framing_next_datagram(data + n, 0, &data, &n));
}

static void a_line_that_is_too_long_for_a_datagram_is_cut(void **state UNUSED)
{
	struct framing udp = { TARGET_UDP, FORMAT_SYSLOG, COMPRESS_NONE, 0, { 0 } };
	char *line = malloc(100000);
	const char *data;
	size_t n;

	memset(line, 'x', 100000);
	line[99999] = '\n';
	write_framed(&udp, NULL, line, 100000);
	free(line);
	assert_true(framing_next_datagram(out.data, out.len, &data, &n));
	assert_int_equal(n, FRAMING_DATAGRAM_BYTES);
	assert_int_equal(out.len, n + 2);
}

static void objects_of_gelf_end_in_nul_over_tcp(void **state UNUSED)
{
	struct framing tcp = { TARGET_TCP, FORMAT_GELF, COMPRESS_NONE, 0, { 0 } };

	write_framed(&tcp, NULL, "{}\n{}\n", 6);
	assert_int_equal(out.len, 6);
	assert_memory_equal(out.data, "{}\0{}", 6);
}

/* All of them, put together as a node does it. */
static void assert_gelf(const char *text, size_t n_text, bool is_packed)
{
	struct memory_pool pool = { 0 };
	struct memory memory;
	struct gelf_chunks chunks;
	struct gelf_whole whole = { 0 };
	const struct net_addr peer = { 0 };
	enum gelf_chunk_result result = GELF_CHUNK_KEPT;
	const char *data = out.data;
	size_t left = out.len, n;

	atomic_store(&pool.left_bytes, 1 << 24);
	memory_init(&memory, &pool);
	gelf_chunks_init(&chunks, &memory, 1 << 22, 1 << 23);
	while (framing_next_datagram(data, left, &data, &n)) {
		assert_int_equal(result, GELF_CHUNK_KEPT);
		assert_true(gelf_chunk_is_one(data, n));
		result = gelf_chunks_add(&chunks, &peer, data, n, 1, &whole);
		data += n;
		left = (size_t)(out.data + out.len - data);
	}
	assert_int_equal(result, GELF_CHUNK_WHOLE);
	if (is_packed) {
		assert_unpacks(whole.data, whole.len, text, n_text);
	} else {
		assert_int_equal(whole.len, n_text);
		assert_memory_equal(whole.data, text, n_text);
	}
	gelf_whole_free(&chunks, &whole);
	gelf_chunks_deinit(&chunks);
}

static void long_objects_of_gelf_go_in_at_most_128_chunks(void **state UNUSED)
{
	static const size_t sizes[] = { FRAMING_CHUNK_BYTES + 1, 128 * FRAMING_CHUNK_BYTES,
					128 * FRAMING_CHUNK_BYTES + 1, 1 << 20 };
	char *text = malloc((1 << 20) + 1);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct framing udp = { TARGET_UDP, FORMAT_GELF, COMPRESS_NONE, i, { 0 } };

		for (size_t k = 0; k < sizes[i]; k++)
			text[k] = (char)('a' + k % 23);
		text[sizes[i]] = '\n';
		write_framed(&udp, NULL, text, sizes[i] + 1);
		assert_gelf(text, sizes[i], false);
	}
	free(text);
}

static void objects_of_gelf_are_compressed_one_by_one(void **state UNUSED)
{
	struct framing udp = { TARGET_UDP, FORMAT_GELF, COMPRESS_GZIP, 0, { 0 } };
	struct compressor *compressor = compressor_new(COMPRESS_GZIP);
	const char *data;
	size_t n;

	write_framed(&udp, compressor, "{\"a\":1}\n{}\n", 11);
	assert_true(framing_next_datagram(out.data, out.len, &data, &n));
	assert_unpacks(data, n, "{\"a\":1}", 7);
	assert_true(framing_next_datagram(data + n, out.len - 2 - n, &data, &n));
	assert_unpacks(data, n, "{}", 2);
	compressor_free(compressor);
}

static void assert_frame(bool is_compressed, const char *events, size_t n_events)
{
	struct forward_frame frame;

	assert_int_equal(forward_frame_read(out.data, out.len, &frame), 0);
	assert_int_equal(frame.is_compressed, is_compressed);
	assert_int_equal(frame.chunk.len, 4);
	assert_memory_equal(frame.chunk.data, "x-17", 4);
	if (is_compressed) {
		assert_unpacks(frame.packed.data, frame.packed.len, events, n_events);
	} else {
		assert_int_equal(frame.packed.len, n_events);
		assert_memory_equal(frame.packed.data, events, n_events);
	}
}

static void a_frame_of_forward_asks_for_an_acknowledgement_by_the_id(void **state UNUSED)
{
	static const char events[] = "\x92\x01\x80\x92\x02\x80";
	static const enum compress_kind kinds[] = { COMPRESS_GZIP, COMPRESS_ZSTD };
	struct framing tcp = { TARGET_TCP, FORMAT_FORWARD, COMPRESS_NONE, 0, { 0 } };

	write_framed(&tcp, NULL, events, 6);
	assert_frame(false, events, 6);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct compressor *compressor = compressor_new(kinds[i]);

		tcp.compress = kinds[i];
		write_framed(&tcp, compressor, events, 6);
		assert_frame(true, events, 6);
		compressor_free(compressor);
	}
}

static void only_what_agents_compress_is_compressed(void **state UNUSED)
{
	assert_true(framing_takes(TARGET_HTTP, FORMAT_BULK, COMPRESS_SNAPPY));
	assert_true(framing_takes(TARGET_TCP, FORMAT_SYSLOG, COMPRESS_NONE));
	assert_true(framing_takes(TARGET_TCP, FORMAT_FORWARD, COMPRESS_ZSTD));
	assert_true(framing_takes(TARGET_UDP, FORMAT_GELF, COMPRESS_ZLIB));
	assert_false(framing_takes(TARGET_TCP, FORMAT_SYSLOG, COMPRESS_GZIP));
	assert_false(framing_takes(TARGET_TCP, FORMAT_GELF, COMPRESS_GZIP));
	assert_false(framing_takes(TARGET_UDP, FORMAT_GELF, COMPRESS_ZSTD));
	assert_false(framing_takes(TARGET_TCP, FORMAT_FORWARD, COMPRESS_ZLIB));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_syslog_go_as_they_are_over_tcp_and_one_by_one_over_udp),
		cmocka_unit_test(a_line_that_is_too_long_for_a_datagram_is_cut),
		cmocka_unit_test(objects_of_gelf_end_in_nul_over_tcp),
		cmocka_unit_test(long_objects_of_gelf_go_in_at_most_128_chunks),
		cmocka_unit_test(objects_of_gelf_are_compressed_one_by_one),
		cmocka_unit_test(a_frame_of_forward_asks_for_an_acknowledgement_by_the_id),
		cmocka_unit_test(only_what_agents_compress_is_compressed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
