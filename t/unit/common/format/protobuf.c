#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/protobuf.h"

static int next(const char *data, size_t len, struct protobuf_field *field)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	int r = protobuf_next(&c, field);

	assert_true(r != 0 || c.at == c.end);
	return r;
}
#define NEXT(text, field) next(text, sizeof(text) - 1, field)

static void test_fields(void **state)
{
	struct protobuf_field field;

	(void)state;
	assert_int_equal(NEXT("\x08\xac\x02", &field), 0);
	assert_true(field.number == 1 && field.wire == PROTOBUF_VARINT && field.value == 300);
	assert_int_equal(NEXT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &field), 0);
	assert_true(field.value == UINT64_MAX);
	assert_int_equal(NEXT("\x11\x01\0\0\0\0\0\0\x80", &field), 0);
	assert_true(field.number == 2 && field.value == 0x8000000000000001u);
	assert_int_equal(NEXT("\x1d\x01\x02\0\0", &field), 0);
	assert_true(field.number == 3 && field.wire == PROTOBUF_FIXED32 && field.value == 0x201);
	assert_int_equal(NEXT("\x82\x01\x02hi", &field), 0);
	assert_true(field.number == 16 && field.wire == PROTOBUF_BYTES && field.len == 2);
	assert_memory_equal(field.data, "hi", 2);
}

static void test_refused(void **state)
{
	struct protobuf_field field;

	(void)state;
	assert_int_equal(NEXT("\x08", &field), PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x08\x80", &field), PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x0a\x03hi", &field), PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &field),
			 PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x11\x01\0\0\0\0\0\0", &field), PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x1d\x01\0\0", &field), PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\x0b\x0c", &field), PROTOBUF_E_SYNTAX); /* a group */
	assert_int_equal(NEXT("\x02\0", &field), PROTOBUF_E_SYNTAX);   /* field 0 */
	assert_int_equal(NEXT("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", &field),
			 PROTOBUF_E_SYNTAX);
	assert_int_equal(NEXT("\xf8\xff\xff\xff\x7f\x01", &field), PROTOBUF_E_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "fields of each kind are read", test_fields, NULL, NULL, NULL },
		{ "what is cut off, or no field, is refused", test_refused, NULL, NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("protobuf", tests, NULL, NULL);
}
