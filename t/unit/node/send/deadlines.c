#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/send/deadlines.h"
#include "t/unit/peer.h"

#define N 6

struct fixture {
	struct event_base *base;
	struct deadlines deadlines;
	struct transfer all[N];
	struct transfer *due[64]; /* in the order of their ends */
	unsigned n_due, n_sweeps;
	struct transfer *again; /* is added anew whenever it was due */
};

static void on_due(void *arg, struct transfer *t, uint64_t now_us)
{
	struct fixture *f = arg;

	assert_true(t->deadline_us <= now_us);
	deadlines_remove(&f->deadlines, t);
	f->due[f->n_due++ % 64] = t;
	if (t == f->again)
		deadlines_add(&f->deadlines, t, now_us + 1, now_us);
}

static uint64_t on_sweep(void *arg, uint64_t now_us UNUSED)
{
	((struct fixture *)arg)->n_sweeps++;
	return DEADLINE_NEVER;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	deadlines_init(&f->deadlines, f->base);
	f->deadlines.on_due = on_due;
	f->deadlines.on_sweep = on_sweep;
	f->deadlines.arg = f;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	deadlines_deinit(&f->deadlines);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void add(struct fixture *f, unsigned i, uint64_t in_ms)
{
	uint64_t now_us = clock_mono_us();

	deadlines_add(&f->deadlines, &f->all[i], now_us + in_ms * US_PER_MS, now_us);
}

static void they_come_due_in_their_order_whatever_that_of_adding(void **state)
{
	static const unsigned in_ms[N] = { 30, 10, 50, 20, 40, 0 };
	static const unsigned order[N] = { 5, 1, 3, 0, 4, 2 };
	struct fixture *f = *state;

	for (unsigned i = 0; i < N; i++)
		add(f, i, in_ms[i]);
	PEER_TURN_UNTIL(f->base, f->n_due == N);
	for (unsigned i = 0; i < N; i++)
		assert_ptr_equal(f->due[i], &f->all[order[i]]);
}

static void what_is_moved_or_removed_is_not_due_before(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 3; i++)
		add(f, i, 5);
	deadlines_remove(&f->deadlines, &f->all[0]);
	deadlines_move(&f->deadlines, &f->all[1], clock_mono_us() + 3600 * US_PER_S,
		       clock_mono_us());
	PEER_TURN_UNTIL(f->base, f->n_due == 1);
	assert_ptr_equal(f->due[0], &f->all[2]);
	deadlines_move(&f->deadlines, &f->all[1], clock_mono_us(), clock_mono_us());
	PEER_TURN_UNTIL(f->base, f->n_due == 2);
}

/* As a busy sender does: what is added ends long before it is due. */
static void thousands_that_end_in_time_cost_no_sweep(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 1000; i++) {
		add(f, i % N, 2000);
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		deadlines_remove(&f->deadlines, &f->all[i % N]);
	}
	assert_int_equal(f->n_sweeps, 0);
}

static void what_comes_due_again_and_again_does_not_hold_the_loop(void **state)
{
	struct fixture *f = *state;

	f->again = &f->all[0];
	add(f, 0, 0);
	PEER_TURN_UNTIL(f->base, f->n_due >= 3);
	assert_true(f->n_sweeps >= 3);
	deadlines_remove(&f->deadlines, f->again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_come_due_in_their_order_whatever_that_of_adding),
		TEST(what_is_moved_or_removed_is_not_due_before),
		TEST(thousands_that_end_in_time_cost_no_sweep),
		TEST(what_comes_due_again_and_again_does_not_hold_the_loop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/deadlines", tests, NULL, NULL);
}
