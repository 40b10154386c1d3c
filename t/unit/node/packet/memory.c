#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/process.h"
#include "common/rng.h"
#include "node/packet/memory.h"

#define MIB (1 << 20)

static void takes_to_the_last_byte_and_no_further(void **state UNUSED)
{
	struct memory_pool pool = { 10 * MIB };
	struct memory m;

	memory_init(&m, &pool);
	assert_int_equal(memory_left(&m), 10 * MIB);
	assert_true(memory_take(&m, 4 * MIB));
	assert_true(memory_take(&m, 6 * MIB));
	assert_false(memory_take(&m, 1));
	assert_int_equal(memory_left(&m), 0);
	memory_give(&m, 6 * MIB);
	assert_false(memory_take(&m, 6 * MIB + 1));
	assert_true(memory_take(&m, 6 * MIB));
}

static void one_worker_may_use_what_others_gave_back(void **state UNUSED)
{
	struct memory_pool pool = { 10 * MIB };
	struct memory a, b;

	memory_init(&a, &pool);
	memory_init(&b, &pool);
	assert_true(memory_take(&a, 9 * MIB));
	assert_false(memory_take(&b, 2 * MIB));
	memory_give(&a, 9 * MIB);
	assert_true(memory_take(&b, 9 * MIB));
}

static void what_is_overdrawn_has_to_come_back_first(void **state UNUSED)
{
	struct memory_pool pool = { MIB };
	struct memory m;

	memory_init(&m, &pool);
	assert_true(memory_take(&m, MIB - 10));
	memory_overdraw(&m, 100);
	assert_int_equal(memory_left(&m), 0);
	assert_false(memory_take(&m, 1));
	assert_int_equal(m.used_bytes, MIB + 90);
	memory_give(&m, 95);
	assert_true(memory_take(&m, 5));
	memory_give(&m, MIB);
	assert_int_equal(m.used_bytes, 0);
	assert_int_equal(memory_left(&m), MIB);
}

static void nothing_is_lost_or_made_up(void **state UNUSED)
{
	struct memory_pool pool = { 10 * MIB };
	struct memory m[2];
	size_t held[2][64] = { { 0 } };
	struct rng rng;

	rng_init(&rng, 1);
	memory_init(&m[0], &pool);
	memory_init(&m[1], &pool);
	for (int i = 0; i < 100000; i++) {
		unsigned who = (unsigned)rng_range(&rng, 0, 1),
			 at = (unsigned)rng_range(&rng, 0, 63);
		size_t n = (size_t)rng_range(&rng, 1, 400000), *p = &held[who][at];

		if (*p) {
			memory_give(&m[who], *p);
			*p = 0;
		} else if (memory_take(&m[who], n)) {
			*p = n;
		}
		assert_int_equal(pool.left_bytes + m[0].slack_bytes + m[1].slack_bytes +
					 (int64_t)m[0].used_bytes + (int64_t)m[1].used_bytes,
				 10 * MIB);
		assert_true(pool.left_bytes >= 0);
	}
}

/* It grows by what was touched; what allocators and sanitizers add to it is theirs, but no tenfold. */
static void the_process_has_a_size(void **state UNUSED)
{
	uint64_t before = process_resident_bytes();
	char *block = malloc(32 * MIB);

	assert_non_null(block);
	for (size_t i = 0; i < 32 * MIB; i += 1024)
		((volatile char *)block)[i] = 1;
	assert_in_range(process_resident_bytes() - before, 31 * MIB, (uint64_t)320 * MIB);
	free(block);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_to_the_last_byte_and_no_further),
		cmocka_unit_test(one_worker_may_use_what_others_gave_back),
		cmocka_unit_test(what_is_overdrawn_has_to_come_back_first),
		cmocka_unit_test(nothing_is_lost_or_made_up),
		cmocka_unit_test(the_process_has_a_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
