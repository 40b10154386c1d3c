#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/msgpack.h"

static struct msgpack_cursor cursor(const char *data, size_t len)
{
	return (struct msgpack_cursor){ data, data + len };
}
#define CURSOR(text) cursor(text, sizeof(text) - 1)

static void test_numbers(void **state)
{
	struct msgpack_cursor c = CURSOR(
		"\x7f\xe0\xcc\xff\xcd\x01\x02\xce\0\0\x01\0\xcf\xff\xff\xff\xff\xff\xff\xff\xff"
		"\xd0\x80\xd1\x80\0\xd2\xff\xff\xff\xfe\xd3\x80\0\0\0\0\0\0\0\xd0\x05");
	static const int64_t expected[] = { 127,  -32,    255, 258,       256, -1,
					    -128, -32768, -2,  INT64_MIN, 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		struct msgpack_item item;

		assert_int_equal(msgpack_next(&c, &item), 0);
		assert_true(item.negative == expected[i]);
		assert_int_equal(item.type, expected[i] < 0 && i != 5 ? MSGPACK_INT : MSGPACK_UINT);
	}
	assert_ptr_equal(c.at, c.end);
}

static void test_bytes(void **state)
{
	struct msgpack_cursor c = CURSOR("\xa2hi\xd9\x01x\xc5\0\x01y\xd5\x7f"
					 "ab\xc7\x01\xffz\xca\x3f\x80\0\0");
	static const struct {
		enum msgpack_type type;
		const char *text;
	} expected[] = { { MSGPACK_STR, "hi" },
			 { MSGPACK_STR, "x" },
			 { MSGPACK_BIN, "y" },
			 { MSGPACK_EXT, "ab" },
			 { MSGPACK_EXT, "z" } };
	struct msgpack_item item;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		assert_int_equal(msgpack_next(&c, &item), 0);
		assert_int_equal(item.type, expected[i].type);
		assert_int_equal(item.len, strlen(expected[i].text));
		assert_memory_equal(item.data, expected[i].text, item.len);
	}
	assert_int_equal(item.ext_type, -1);
	assert_int_equal(msgpack_next(&c, &item), 0);
	assert_int_equal(item.type, MSGPACK_DOUBLE);
	assert_true(item.real == 1.0);
}

static void test_cut(void **state)
{
	static const char all[] = "\x82\xa1"
				  "a\x92\x01\xcb\0\0\0\0\0\0\0\0\xa1"
				  "b\xc8\0\x02\x01xy";
	struct msgpack_cursor c;

	(void)state;
	for (size_t len = 0; len <= sizeof(all) - 1; len++) {
		c = cursor(all, len);
		assert_int_equal(msgpack_skip(&c, 2),
				 len == sizeof(all) - 1 ? 0 : MSGPACK_E_SYNTAX);
	}
	c = CURSOR("\x91\x91\x91\x90");
	assert_int_equal(msgpack_skip(&c, 3), MSGPACK_E_SYNTAX);
	c = CURSOR("\xc1");
	assert_int_equal(msgpack_skip(&c, 3), MSGPACK_E_SYNTAX);
}

int main(void)
{
#define TEST(title, fn)                                                                            \
	{                                                                                          \
		title, fn, NULL, NULL, NULL                                                        \
	}
	const struct CMUnitTest tests[] = {
		TEST("numbers have all their sizes", test_numbers),
		TEST("bytes are borrowed", test_bytes),
		TEST("what is cut off or too deep is refused", test_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("msgpack", tests, NULL, NULL);
}
