/* What is written is read again. */
#include "common/format/protobuf_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/format/protobuf.h"

static struct protobuf_field next(struct protobuf_cursor *c)
{
	struct protobuf_field field;

	assert_true(c->at < c->end);
	assert_int_equal(protobuf_next(c, &field), 0);
	return field;
}

static void each_kind_of_field_is_read_again(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX };
	char room[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct protobuf_out out = { .data = room, .size = sizeof(room) };
		struct protobuf_cursor c;

		protobuf_put_number(&out, 1, values[i]);
		assert_int_equal(out.len, 1 + protobuf_varint_bytes(values[i]));
		protobuf_put_fixed64(&out, 2, values[i]);
		protobuf_put_fixed32(&out, 300, (uint32_t)values[i]);
		protobuf_put_bytes(&out, 4, "abc", 3);
		assert_false(out.is_full);
		c = protobuf_open(room, out.len);
		assert_true(next(&c).value == values[i]);
		assert_true(next(&c).value == values[i]);
		assert_true(next(&c).value == (uint32_t)values[i]);
		assert_int_equal(next(&c).len, 3);
		assert_ptr_equal(c.at, c.end);
	}
}

static void what_does_not_fit_is_told_and_ends_it(void **state)
{
	char room[8] = "";
	struct protobuf_out out = { .data = room, .size = 4 };

	(void)state;
	protobuf_put_bytes(&out, 1, "abc", 3);
	assert_true(out.is_full);
	assert_int_equal(out.len, 2);
	protobuf_put_varint(&out, 1);
	assert_int_equal(out.len, 2);
	assert_int_equal(room[4], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_field_is_read_again),
		cmocka_unit_test(what_does_not_fit_is_told_and_ends_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
