#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"

static void appends_add_up_and_keep_every_byte(void **state)
{
	struct buf b = { 0 };
	(void)state;

	for (int i = 0; i < 5000; i++)
		buf_append(&b, "a\0b", 3);
	assert_int_equal(b.len, 15000);
	assert_true(b.capacity >= b.len);
	for (int i = 0; i < 5000; i++)
		assert_memory_equal(b.data + (size_t)i * 3, "a\0b", 3);
	buf_append(&b, NULL, 0);
	assert_int_equal(b.len, 15000);
	assert_false(b.failed);
	buf_deinit(&b);
}

static void printf_grows_to_what_it_needs(void **state)
{
	struct buf b = { 0 };
	(void)state;

	buf_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	buf_printf(&b, "%d-%s", 42, "x");
	assert_string_equal(buf_str(&b), "42-x");
	buf_printf(&b, "%05000d", 7);
	assert_int_equal(b.len, 5004);
	assert_string_equal(buf_str(&b) + 5000, "0007");
	buf_deinit(&b);
}

static void printf_fits_exactly_at_every_length(void **state)
{
	(void)state;

	for (int len = 0; len < 600; len++) {
		struct buf b = { 0 };

		buf_append_str(&b, "head");
		buf_printf(&b, "%*s", len, "");
		assert_int_equal(b.len, 4 + len);
		assert_int_equal(strlen(buf_str(&b)), 4 + len);
		buf_deinit(&b);
	}
}

static void str_terminates_without_counting_it(void **state)
{
	struct buf b = { 0 };
	(void)state;

	assert_string_equal(buf_str(&b), "");
	assert_int_equal(buf_reserve(&b, 256), 0);
	memset(b.data, 'x', b.capacity);
	b.len = b.capacity;
	assert_int_equal(strlen(buf_str(&b)), b.len);
	assert_true(b.capacity > b.len);
	buf_append_str(&b, "yz");
	assert_string_equal(buf_str(&b) + b.len - 3, "xyz");
	buf_deinit(&b);
}

static void consume_drops_from_the_front(void **state)
{
	struct buf b = { 0 };
	(void)state;

	buf_consume(&b, 0);
	buf_append_str(&b, "abcdef");
	buf_consume(&b, 2);
	assert_string_equal(buf_str(&b), "cdef");
	buf_append_str(&b, "g");
	buf_consume(&b, 5);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	buf_deinit(&b);
}

static void reserve_keeps_content_and_makes_room_once(void **state)
{
	struct buf b = { 0 };
	char *data;
	(void)state;

	buf_append_str(&b, "keep");
	assert_int_equal(buf_reserve(&b, 10000), 0);
	assert_true(b.capacity - b.len >= 10000);
	data = b.data;
	for (int i = 0; i < 10000; i++)
		buf_append(&b, "x", 1);
	assert_ptr_equal(b.data, data);
	assert_memory_equal(b.data, "keepxx", 6);
	buf_deinit(&b);
}

static void impossible_sizes_are_refused_and_change_nothing(void **state)
{
	struct buf b = { 0 };
	(void)state;

	buf_append_str(&b, "abc");
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -ENOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 2), -ENOMEM);
	assert_int_equal(buf_reserve(&b, (size_t)PTRDIFF_MAX - 2), -ENOMEM);
	assert_false(b.failed);
	assert_string_equal(buf_str(&b), "abc");
	buf_deinit(&b);
}

static void a_failed_append_silences_the_later_ones(void **state)
{
	struct buf b = { 0 };
	(void)state;

	buf_append_str(&b, "abc");
	buf_append(&b, "x", SIZE_MAX);
	assert_true(b.failed);
	buf_append_str(&b, "def");
	buf_printf(&b, "%d", 1);
	assert_int_equal(b.len, 3);
	assert_string_equal(buf_str(&b), "");
	buf_clear(&b);
	assert_false(b.failed);
	buf_append_str(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	buf_deinit(&b);
}

static void clear_keeps_the_memory_and_deinit_releases_it(void **state)
{
	struct buf b = { 0 };
	size_t capacity;
	(void)state;

	buf_append_str(&b, "abc");
	capacity = b.capacity;
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.capacity, capacity);
	buf_deinit(&b);
	assert_null(b.data);
	assert_int_equal(b.capacity, 0);
	buf_append_str(&b, "usable");
	assert_string_equal(buf_str(&b), "usable");
	buf_deinit(&b);
	buf_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_add_up_and_keep_every_byte),
		cmocka_unit_test(printf_grows_to_what_it_needs),
		cmocka_unit_test(printf_fits_exactly_at_every_length),
		cmocka_unit_test(str_terminates_without_counting_it),
		cmocka_unit_test(consume_drops_from_the_front),
		cmocka_unit_test(reserve_keeps_content_and_makes_room_once),
		cmocka_unit_test(impossible_sizes_are_refused_and_change_nothing),
		cmocka_unit_test(a_failed_append_silences_the_later_ones),
		cmocka_unit_test(clear_keeps_the_memory_and_deinit_releases_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/buf", tests, NULL, NULL);
}
