#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/msgpack_write.h"
#include "node/listen/forward_frame.h"

struct frame_case {
	const char *title, *bytes;
	size_t len;
	int result;
	const char *tag, *chunk;
	size_t n_packed;
	bool is_compressed;
};

#define BYTES(text) text, sizeof(text) - 1
#define BAD FORWARD_FRAME_E_SYNTAX

/* clang-format off */
static const struct frame_case cases[] = {
	{"a message", BYTES("\x93\xa1t\x05\x80"), 0, "t", "", 0, false},
	{"a message with a chunk", BYTES("\x94\xa1t\x05\x80\x81\xa5" "chunk\xa2id"), 0, "t", "id", 0, false},
	{"entries in an array, with a chunk of bytes", BYTES("\x93\xa1t\x91\x92\x05\x80\x82\xa4size\x01\xa5" "chunk\xc4\x02id"), 0, "t", "id", 0, false},
	{"no option", BYTES("\x93\xa1t\x90\xc0"), 0, "t", "", 0, false},
	{"bytes", BYTES("\x92\xa1t\xa3" "abc"), 0, "t", "", 3, false},
	{"compressed bytes", BYTES("\x93\xa1t\xc4\x03" "abc\x81\xaa" "compressed\xa4gzip"), 0, "t", "", 3, true},
	{"bytes that are called text", BYTES("\x93\xa1t\xc4\x03" "abc\x81\xaa" "compressed\xa4text"), 0, "t", "", 3, false},
	{"a map is no frame", BYTES("\x80"), BAD, NULL, NULL, 0, false},
	{"a tag is text", BYTES("\x93\x01\x05\x80"), BAD, NULL, NULL, 0, false},
	{"a time needs its record", BYTES("\x92\xa1t\x05"), BAD, NULL, NULL, 0, false},
	{"an option is a map", BYTES("\x93\xa1t\x90\x05"), BAD, NULL, NULL, 0, false},
	{"entries have one option", BYTES("\x94\xa1t\x90\x80\x80"), BAD, NULL, NULL, 0, false},
};
/* clang-format on */

static void test_case(void **state)
{
	const struct frame_case *c = *state;
	struct forward_frame frame;

	assert_int_equal(forward_frame_read(c->bytes, c->len, &frame), c->result);
	if (c->result != 0)
		return;
	assert_int_equal(frame.tag.len, strlen(c->tag));
	assert_memory_equal(frame.tag.data, c->tag, frame.tag.len);
	assert_int_equal(frame.chunk.len, strlen(c->chunk));
	if (frame.chunk.len)
		assert_memory_equal(frame.chunk.data, c->chunk, frame.chunk.len);
	assert_int_equal(frame.packed.len, c->n_packed);
	assert_int_equal(frame.is_compressed, c->is_compressed);
}

/* It stands in each acknowledgement, so its length is the sender's choice within a bound. */
static void test_the_name_of_a_chunk_has_a_bound(void **state)
{
	struct forward_frame frame;
	struct buf bytes = { 0 };
	static char name[FORWARD_CHUNK_MOST + 1];
	(void)state;

	memset(name, 'c', sizeof(name));
	for (size_t n = FORWARD_CHUNK_MOST; n <= FORWARD_CHUNK_MOST + 1; n++) {
		bytes.len = 0;
		buf_append(&bytes, BYTES("\x93\xa1t\x90\x81\xa5"
					 "chunk"));
		msgpack_write_bin(&bytes, name, n);
		assert_int_equal(forward_frame_read(bytes.data, bytes.len, &frame),
				 n > FORWARD_CHUNK_MOST ? BAD : 0);
	}
	buf_deinit(&bytes);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + 1] = {
		[ARRAY_LEN(cases)] = cmocka_unit_test(test_the_name_of_a_chunk_has_a_bound),
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("forward_frame", tests, NULL, NULL);
}
