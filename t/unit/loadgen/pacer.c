#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "loadgen/pacer.h"

#define START 1000000u
#define SECOND 1000000u

static void packets_become_due_at_the_rate(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;

	pacer_init(&p, 4, START);
	assert_false(pacer_peek(&p, START - 1, &due_us));
	for (unsigned i = 0; i < 8; i++) {
		assert_false(pacer_peek(&p, START + i * SECOND / 4 - 1, &due_us));
		assert_true(pacer_peek(&p, START + i * SECOND / 4, &due_us));
		assert_int_equal(due_us, START + i * SECOND / 4);
		pacer_take(&p);
	}
}

static void a_packet_taken_late_is_due_since_its_time(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;

	pacer_init(&p, 1000, START);
	assert_true(pacer_peek(&p, START + SECOND, &due_us));
	assert_int_equal(due_us, START);
	pacer_take(&p);
	assert_true(pacer_peek(&p, START + SECOND, &due_us));
	assert_int_equal(due_us, START + 1000);
}

static void peeking_takes_nothing(void **state UNUSED)
{
	struct pacer p;
	uint64_t first_us, again_us;

	pacer_init(&p, 10, START);
	assert_true(pacer_peek(&p, START + SECOND, &first_us));
	assert_true(pacer_peek(&p, START + SECOND, &again_us));
	assert_int_equal(first_us, again_us);
}

static void nothing_is_due_at_the_end_or_after(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;
	unsigned n = 0;

	pacer_init(&p, 100, START);
	p.end_us = START + 2 * SECOND;
	assert_false(pacer_is_over(&p, START));
	while (pacer_peek(&p, START + 60 * SECOND, &due_us)) {
		assert_true(due_us < p.end_us);
		pacer_take(&p);
		n++;
	}
	assert_int_equal(n, 200);
	assert_true(pacer_is_over(&p, START + 60 * SECOND));
}

static void the_count_ends_the_schedule(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;

	pacer_init(&p, 0, START);
	p.max_packets = 2;
	pacer_take(&p);
	assert_false(pacer_is_over(&p, START));
	pacer_take(&p);
	assert_true(pacer_is_over(&p, START));
	assert_false(pacer_peek(&p, START + SECOND, &due_us));
}

static void the_backlog_counts_what_peek_would_give(void **state UNUSED)
{
	static const double rates[] = { 0.3, 1, 3, 7, 999, 1000, 33333.3, 1e6 };
	uint64_t due_us;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		for (uint64_t t = 0; t < 12345678; t = t * 3 + 1) {
			struct pacer p;
			uint64_t backlog;

			pacer_init(&p, rates[i], START);
			backlog = pacer_backlog(&p, START + t);
			assert_true(backlog > 0);
			pacer_skip(&p, backlog - 1);
			assert_true(pacer_peek(&p, START + t, &due_us));
			pacer_take(&p);
			assert_false(pacer_peek(&p, START + t, &due_us));
			assert_int_equal(pacer_backlog(&p, START + t), 0);
		}
	}
}

static void the_backlog_ends_with_the_schedule(void **state UNUSED)
{
	struct pacer p;

	pacer_init(&p, 100, START);
	p.end_us = START + SECOND;
	assert_int_equal(pacer_backlog(&p, START - 1), 0);
	assert_int_equal(pacer_backlog(&p, START + 50 * SECOND), 100);
	p.max_packets = 60;
	assert_int_equal(pacer_backlog(&p, START + 50 * SECOND), 60);
	pacer_stop(&p);
	assert_int_equal(pacer_backlog(&p, START + 50 * SECOND), 0);
}

static void a_closed_loop_has_always_one_due_and_no_backlog(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;

	pacer_init(&p, 0, START);
	p.end_us = START + SECOND;
	assert_int_equal(pacer_backlog(&p, START + 5), 0);
	assert_true(pacer_peek(&p, START + 5, &due_us));
	assert_int_equal(due_us, START + 5);
	assert_false(pacer_peek(&p, START + SECOND, &due_us));
	assert_false(pacer_is_over(&p, START + SECOND - 1));
	assert_true(pacer_is_over(&p, START + SECOND));
}

static void a_postponed_schedule_goes_on_at_the_rate(void **state UNUSED)
{
	struct pacer p;
	uint64_t due_us;

	pacer_init(&p, 10, START);
	pacer_take(&p);
	pacer_postpone(&p, START + 5 * SECOND);
	assert_int_equal(pacer_backlog(&p, START + 5 * SECOND), 0);
	assert_true(pacer_peek(&p, START + 6 * SECOND, &due_us));
	assert_int_equal(due_us, START + 5 * SECOND + 1);
	pacer_take(&p);
	assert_false(pacer_peek(&p, START + 5 * SECOND + 100000, &due_us));
	assert_true(pacer_peek(&p, START + 5 * SECOND + 100001, &due_us));
}

static void progress_is_by_time_or_by_count_whichever_is_farther(void **state UNUSED)
{
	struct pacer p;

	pacer_init(&p, 100, START);
	assert_true(pacer_progress(&p, START + SECOND) == 0);
	p.end_us = START + 4 * SECOND;
	assert_true(pacer_progress(&p, START + SECOND) == 0.25);
	p.max_packets = 10;
	pacer_skip(&p, 5);
	assert_true(pacer_progress(&p, START + SECOND) == 0.5);
	assert_true(pacer_progress(&p, START + 9 * SECOND) == 1);
}

static void at_a_rate_of_next_to_nothing_one_packet_is_due(void **state UNUSED)
{
	static const double rates[] = { 1e-9, 1e-14, 1e-300 };

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct pacer p;
		uint64_t due_us;

		pacer_init(&p, rates[i], START);
		assert_int_equal(pacer_backlog(&p, START + SECOND), 1);
		pacer_take(&p);
		assert_int_equal(pacer_backlog(&p, START + SECOND), 0);
		assert_false(pacer_peek(&p, START + SECOND, &due_us));
		assert_false(pacer_is_over(&p, START + SECOND));
		p.end_us = START + SECOND;
		assert_true(pacer_is_over(&p, START));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_become_due_at_the_rate),
		cmocka_unit_test(a_packet_taken_late_is_due_since_its_time),
		cmocka_unit_test(peeking_takes_nothing),
		cmocka_unit_test(nothing_is_due_at_the_end_or_after),
		cmocka_unit_test(the_count_ends_the_schedule),
		cmocka_unit_test(the_backlog_counts_what_peek_would_give),
		cmocka_unit_test(the_backlog_ends_with_the_schedule),
		cmocka_unit_test(a_closed_loop_has_always_one_due_and_no_backlog),
		cmocka_unit_test(a_postponed_schedule_goes_on_at_the_rate),
		cmocka_unit_test(at_a_rate_of_next_to_nothing_one_packet_is_due),
		cmocka_unit_test(progress_is_by_time_or_by_count_whichever_is_farther),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
