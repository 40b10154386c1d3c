/* What malloc keeps, and when the kernel gets it back. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/err.h"
#include "node/packet/heap.h"

#define MIB (1ULL << 20)

static void a_small_node_keeps_little(void **state UNUSED)
{
	assert_int_equal(heap_held(4 * MIB, 2), HEAP_HELD_MIN);
	assert_int_equal(heap_held(256 * MIB, 4), 4 * MIB);
	assert_int_equal(heap_held(256 * MIB, 1), HEAP_HELD_MAX);
	assert_int_equal(heap_held(64 * 1024 * MIB, 1), HEAP_HELD_MAX);
}

static void what_is_held_is_not_the_kernels_again(void **state UNUSED)
{
	const size_t block = 60 << 10;
	void *blocks[64];
	bool is_glibc;

	heap_hold(8 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		blocks[i] = malloc(block);
		assert_non_null(blocks[i]);
	}
	is_glibc = mallinfo2().arena >= ARRAY_LEN(blocks) * block; /* or a sanitizer's malloc */
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		free(blocks[i]);
	assert_true(!is_glibc || mallinfo2().arena >= ARRAY_LEN(blocks) * block);
}

static void memory_is_given_back_once_after_ten_calm_seconds(void **state UNUSED)
{
	struct heap h = { 0 };
	uint64_t now = 5;

	assert_false(heap_is_idle(&h, 20 * MIB, 0, now));
	assert_false(heap_is_idle(&h, 21 * MIB, MIB, now += US_PER_S));
	assert_false(heap_is_idle(&h, 21 * MIB, 0, now += 9 * US_PER_S));
	assert_false(heap_is_idle(&h, 23 * MIB, 0, now += US_PER_S));
	assert_false(heap_is_idle(&h, 23 * MIB, 2 * MIB, now += US_PER_S));
	assert_false(heap_is_idle(&h, 23 * MIB, 0, now += US_PER_S));
	assert_false(heap_is_idle(&h, 23 * MIB, 0, now += 10 * US_PER_S - 1));
	assert_true(heap_is_idle(&h, 23 * MIB, 0, now += 1));
	heap_release(&h);
	assert_false(heap_is_idle(&h, 23 * MIB, 0, now += 60 * US_PER_S));
}

static void few_packets_leave_nothing_to_give(void **state UNUSED)
{
	struct heap h = { 0 };

	assert_false(heap_is_idle(&h, 0, 0, 1));
	assert_false(heap_is_idle(&h, MIB, MIB, 60 * US_PER_S));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_node_keeps_little),
		cmocka_unit_test(memory_is_given_back_once_after_ten_calm_seconds),
		cmocka_unit_test(few_packets_leave_nothing_to_give),
		cmocka_unit_test(what_is_held_is_not_the_kernels_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/heap", tests, NULL, NULL);
}
