#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/err.h"
#include "node/deliver/backlog.h"

#define T0 (1000 * US_PER_S)

/* An analyzer that takes n deliveries at once, and a lane that knows that. */
static struct concurrency found(unsigned n)
{
	struct concurrency c;

	concurrency_init(&c, 64);
	c.phase = CONCURRENCY_STEADY;
	c.limit = n;
	return c;
}

/* How many packets it takes until it is full, pushed one by one. */
static unsigned room(struct backlog *b, const struct concurrency *c, bool busy, uint64_t now_us)
{
	unsigned n = 0;

	b->is_full = false;
	while (!backlog_update(b, c, n, n, busy, now_us))
		n++;
	return n;
}

static void of_whom_nothing_is_known_much_is_taken(void **state)
{
	struct concurrency c = found(1);
	struct backlog b;
	(void)state;

	backlog_init(&b, 256);
	assert_int_equal(room(&b, &c, false, T0), BACKLOG_MAX_PACKETS);
	backlog_hear(&b, T0);
	assert_int_equal(room(&b, &c, true, T0), BACKLOG_MAX_PACKETS);
}

static void what_it_does_in_a_second_may_wait(void **state)
{
	struct concurrency c = found(8);
	struct backlog single, batch;
	(void)state;

	backlog_init(&single, 1);
	backlog_measure(&single, 1, 20000);
	assert_int_equal(room(&single, &c, false, T0), 400);
	backlog_init(&batch, 256);
	backlog_measure(&batch, 256, US_PER_S);
	assert_int_equal(room(&batch, &c, false, T0), 2048);
}

static void two_batches_may_wait_for_the_slowest_or_16_packets(void **state)
{
	static const struct {
		unsigned max_batch, room;
	} cases[] = { { 1, 16 }, { 10, 20 }, { 256, 512 }, { 65536, BACKLOG_MAX_PACKETS } };
	struct concurrency c = found(1);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct backlog b;

		backlog_init(&b, cases[i].max_batch);
		backlog_measure(&b, 1, 10 * US_PER_S);
		assert_int_equal(room(&b, &c, false, T0), cases[i].room);
	}
}

static void a_fast_one_is_bounded_by_packets_and_by_bytes(void **state)
{
	struct concurrency c = found(16);
	struct backlog b;
	(void)state;

	backlog_init(&b, 256);
	backlog_measure(&b, 256, 1000);
	assert_int_equal(room(&b, &c, false, T0), BACKLOG_MAX_PACKETS);
	b.is_full = false;
	assert_false(backlog_update(&b, &c, 1, BACKLOG_MAX_BYTES - 1, false, T0));
	assert_true(backlog_update(&b, &c, 1, BACKLOG_MAX_BYTES, false, T0));
	assert_true(b.is_full);
}

static void silence_is_taken_for_slowness(void **state)
{
	struct concurrency c = found(16);
	struct backlog b;
	(void)state;

	backlog_init(&b, 1);
	backlog_measure(&b, 1, 1000);
	backlog_hear(&b, T0);
	assert_int_equal(room(&b, &c, false, T0), BACKLOG_MAX_PACKETS);
	assert_int_equal(room(&b, &c, true, T0 + 1000), BACKLOG_MAX_PACKETS);
	assert_int_equal(room(&b, &c, true, T0 + 499999), BACKLOG_MAX_PACKETS);
	assert_int_equal(room(&b, &c, true, T0 + 500000), 32);
	assert_int_equal(room(&b, &c, true, T0 + 10 * US_PER_S), 16);
	assert_int_equal(room(&b, &c, false, T0 + 10 * US_PER_S), BACKLOG_MAX_PACKETS);
	backlog_hear(&b, T0 + 10 * US_PER_S);
	assert_int_equal(room(&b, &c, true, T0 + 10 * US_PER_S), BACKLOG_MAX_PACKETS);
}

static void it_follows_one_that_changes(void **state)
{
	struct concurrency c = found(1);
	struct backlog b;
	(void)state;

	backlog_init(&b, 1);
	backlog_measure(&b, 1, 1000);
	assert_int_equal(room(&b, &c, false, T0), 1000);
	for (unsigned i = 0; i < 50; i++)
		backlog_measure(&b, 1, 5000);
	assert_in_range(room(&b, &c, false, T0), 199, 202);
	for (unsigned i = 0; i < 50; i++)
		backlog_measure(&b, 1, 1000);
	assert_in_range(room(&b, &c, false, T0), 990, 1000);
}

static void one_slow_answer_changes_little(void **state)
{
	struct concurrency c = found(1);
	struct backlog b;
	(void)state;

	backlog_init(&b, 1);
	backlog_measure(&b, 1, 1000);
	backlog_measure(&b, 1, 5 * US_PER_S);
	assert_in_range(room(&b, &c, false, T0), 700, 1000);
	for (unsigned i = 0; i < 50; i++)
		backlog_measure(&b, 1, 50000);
	assert_in_range(room(&b, &c, false, T0), 20, 21);
}

static void slow_start_is_taken_into_account(void **state)
{
	struct concurrency c;
	struct backlog b;
	(void)state;

	concurrency_init(&c, 64);
	backlog_init(&b, 1);
	backlog_measure(&b, 1, 100000);
	assert_int_equal(room(&b, &c, false, T0), 640);
}

static void once_full_it_takes_again_when_a_quarter_is_free(void **state)
{
	struct concurrency c = found(1);
	struct backlog b;
	unsigned n = 400;
	(void)state;

	backlog_init(&b, 1);
	backlog_measure(&b, 1, 2500);
	backlog_hear(&b, T0);
	assert_true(backlog_update(&b, &c, n, n, true, T0));
	while (!backlog_update(&b, &c, n, n, true, T0))
		n--;
	assert_int_equal(n, 299);
	assert_false(b.is_full);
	assert_int_equal(room(&b, &c, true, T0), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_whom_nothing_is_known_much_is_taken),
		cmocka_unit_test(what_it_does_in_a_second_may_wait),
		cmocka_unit_test(two_batches_may_wait_for_the_slowest_or_16_packets),
		cmocka_unit_test(a_fast_one_is_bounded_by_packets_and_by_bytes),
		cmocka_unit_test(silence_is_taken_for_slowness),
		cmocka_unit_test(it_follows_one_that_changes),
		cmocka_unit_test(one_slow_answer_changes_little),
		cmocka_unit_test(slow_start_is_taken_into_account),
		cmocka_unit_test(once_full_it_takes_again_when_a_quarter_is_free),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/backlog", tests, NULL, NULL);
}
