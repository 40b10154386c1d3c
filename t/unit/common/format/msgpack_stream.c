#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/format/msgpack_stream.h"

struct stream_case {
	const char *title, *bytes;
	size_t len;
	int result;
	uint64_t n_bytes;
};

#define BYTES(text) text, sizeof(text) - 1

/* clang-format off */
static const struct stream_case cases[] = {
	{"a number is a byte", BYTES("\x05\x05"), 0, 1},
	{"an array has its values", BYTES("\x93\xa3tag\xd7\0\0\0\0\1\0\0\0\2\x81\xa1k\xa1vX"), 0, 20},
	{"a map of 16 bits has pairs", BYTES("\xde\0\2\1\2\3\4\5"), 0, 7},
	{"bytes of 32 bits", BYTES("\xc6\0\0\0\3abc"), 0, 8},
	{"ext of 8 bits has a type", BYTES("\xc7\2\0abX"), 0, 5},
	{"numbers of all sizes", BYTES("\x9a\xca....\xcb........\xcc.\xcd..\xce....\xcf........\xd0.\xd1..\xd2....\xd3........"), 0, 53},
	{"0xc1 is no value", BYTES("\x92\xc0\xc1"), MSGPACK_STREAM_E_SYNTAX, 0},
	{"more values than bytes may come", BYTES("\xdd\x7f\xff\xff\xff"), MSGPACK_STREAM_E_LONG, 0},
	{"a text longer than may come", BYTES("\xdb\0\0\xff\xff"), MSGPACK_STREAM_E_LONG, 0},
	{"the last value is missing", BYTES("\x92\x01"), MSGPACK_STREAM_E_PARTIAL, 0},
	{"nothing is there", "", 0, MSGPACK_STREAM_E_PARTIAL, 0},
};
/* clang-format on */

static void test_case(void **state)
{
	const struct stream_case *c = *state;
	struct msgpack_stream whole, pieces;
	int r = MSGPACK_STREAM_E_PARTIAL;

	msgpack_stream_init(&whole);
	assert_int_equal(msgpack_stream_read(&whole, c->bytes, c->len, 100), c->result);
	if (c->result == 0)
		assert_int_equal(whole.n_bytes, c->n_bytes);
	msgpack_stream_init(&pieces);
	for (size_t n = 0; n <= c->len && r == MSGPACK_STREAM_E_PARTIAL; n++)
		r = msgpack_stream_read(&pieces, c->bytes, n, 100);
	assert_int_equal(r, c->result);
	if (c->result == 0)
		assert_int_equal(pieces.n_bytes, c->n_bytes);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].title,
						.test_func = test_case,
						.initial_state = (void *)&cases[i] };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("msgpack_stream", tests, NULL, NULL);
}
