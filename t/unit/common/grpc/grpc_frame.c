/* The message of a call, however its bytes were cut. */
#include "common/grpc/grpc_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct seen {
	char message[64];
	size_t n_message;
	unsigned n_begun;
	bool is_bad;
};

static void feed(struct grpc_frame *f, struct http_slice input, struct seen *seen)
{
	struct http_slice bytes;

	for (;;)
		switch (grpc_frame_feed(f, &input, &bytes)) {
		case GRPC_FRAME_MORE:
			assert_int_equal(input.len, 0);
			return;
		case GRPC_FRAME_BEGINS:
			seen->n_begun++;
			break;
		case GRPC_FRAME_BYTES:
			assert_true(bytes.len > 0);
			memcpy(seen->message + seen->n_message, bytes.data, bytes.len);
			seen->n_message += bytes.len;
			break;
		default:
			seen->is_bad = true;
			return;
		}
}

/* In two pieces, the first of which has n bytes. */
static struct seen read_cut(struct grpc_frame *f, const char *bytes, size_t len, size_t n)
{
	struct seen seen = { .is_bad = false };

	*f = (struct grpc_frame){ .n_prefix = 0 };
	feed(f, (struct http_slice){ bytes, n }, &seen);
	if (!seen.is_bad)
		feed(f, (struct http_slice){ bytes + n, len - n }, &seen);
	return seen;
}

#define MESSAGE "\1\0\0\0\3abc"

static void a_message_is_the_same_however_it_is_cut(void **state)
{
	struct grpc_frame f;

	(void)state;
	for (size_t n = 0; n < sizeof(MESSAGE); n++) {
		struct seen seen = read_cut(&f, MESSAGE, sizeof(MESSAGE) - 1, n);

		assert_false(seen.is_bad);
		assert_int_equal(seen.n_begun, 1);
		assert_int_equal(seen.n_message, 3);
		assert_memory_equal(seen.message, "abc", 3);
		assert_true(f.is_compressed);
		assert_int_equal(f.len, 3);
		assert_true(grpc_frame_is_whole(&f));
	}
}

static void a_message_that_is_cut_off_is_not_whole(void **state)
{
	struct grpc_frame f;

	(void)state;
	for (size_t len = 0; len < sizeof(MESSAGE) - 1; len++)
		for (size_t n = 0; n <= len; n++) {
			assert_false(read_cut(&f, MESSAGE, len, n).is_bad);
			assert_false(grpc_frame_is_whole(&f));
		}
}

static void an_empty_message_is_whole(void **state)
{
	struct grpc_frame f;

	(void)state;
	for (size_t n = 0; n <= 5; n++) {
		assert_false(read_cut(&f, "\0\0\0\0\0", 5, n).is_bad);
		assert_true(grpc_frame_is_whole(&f));
		assert_false(f.is_compressed);
	}
}

static void bytes_behind_the_message_are_refused(void **state)
{
	struct grpc_frame f;

	(void)state;
	for (size_t n = 0; n <= sizeof(MESSAGE); n++)
		assert_true(read_cut(&f, MESSAGE, sizeof(MESSAGE), n).is_bad);
}

static void a_flag_that_is_none_is_refused_at_once(void **state)
{
	struct grpc_frame f;

	(void)state;
	for (int flag = 2; flag < 256; flag++)
		assert_true(read_cut(&f, (const char[]){ (char)flag }, 1, 1).is_bad);
}

static void a_length_has_32_bits(void **state)
{
	struct grpc_frame f;

	(void)state;
	assert_int_equal(read_cut(&f, "\0\xff\xff\xff\xff", 5, 2).n_begun, 1);
	assert_int_equal(f.len, UINT32_MAX);
	assert_false(grpc_frame_is_whole(&f));
}

static void a_prefix_that_is_written_can_be_read(void **state)
{
	static const uint32_t lens[] = { 0, 1, 255, 256, 1 << 16, 1 << 24, UINT32_MAX };
	char prefix[GRPC_PREFIX_BYTES];
	struct grpc_frame f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		grpc_frame_write_prefix(prefix, lens[i]);
		read_cut(&f, prefix, sizeof(prefix), 1);
		assert_int_equal(f.len, lens[i]);
		assert_false(f.is_compressed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_the_same_however_it_is_cut),
		cmocka_unit_test(a_message_that_is_cut_off_is_not_whole),
		cmocka_unit_test(an_empty_message_is_whole),
		cmocka_unit_test(bytes_behind_the_message_are_refused),
		cmocka_unit_test(a_flag_that_is_none_is_refused_at_once),
		cmocka_unit_test(a_length_has_32_bits),
		cmocka_unit_test(a_prefix_that_is_written_can_be_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
