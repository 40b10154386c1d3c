#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/control/emitter.h"

static void orders_are_taken_once(void **state UNUSED)
{
	CLEANUP(emitter_freep) struct emitter *e = emitter_new(100);
	struct emitter_orders orders;

	emitter_take(e, &orders);
	assert_false(orders.is_running || orders.is_changed);
	assert_true(orders.rate_per_s == 100);
	emitter_run(e, true);
	emitter_set_rate(e, 7);
	assert_true(emitter_generate(e, 5));
	assert_true(emitter_generate(e, 6));
	emitter_take(e, &orders);
	assert_true(orders.is_running && orders.is_changed && orders.rate_per_s == 7);
	assert_int_equal(orders.n_messages, 11);
	emitter_run(e, true);
	emitter_take(e, &orders);
	assert_true(orders.is_running && !orders.is_changed);
	assert_int_equal(orders.n_messages, 0);
}

static void only_so_many_messages_wait(void **state UNUSED)
{
	CLEANUP(emitter_freep) struct emitter *e = emitter_new(1);
	struct emitter_orders orders;

	assert_true(emitter_generate(e, EMITTER_MAX_MESSAGES));
	assert_false(emitter_generate(e, 1));
	emitter_take(e, &orders);
	assert_false(emitter_generate(e, 1)); /* the load has them, and has not sent them */
	emitter_publish(e, &(struct emitter_figures){ .n_waiting = EMITTER_MAX_MESSAGES - 3 });
	assert_false(emitter_generate(e, 4));
	assert_true(emitter_generate(e, 3));
	assert_false(emitter_generate(e, UINT64_MAX));
}

static void figures_are_seen_as_they_were_published(void **state UNUSED)
{
	CLEANUP(emitter_freep) struct emitter *e = emitter_new(1);
	struct emitter_figures figures = { .sent = { 2, 9 }, .p99_us = 1234 }, seen;
	struct emitter_orders orders;

	emitter_publish(e, &figures);
	emitter_run(e, true);
	emitter_look(e, &orders, &seen);
	assert_true(orders.is_running);
	assert_int_equal(seen.sent.messages, 9);
	assert_int_equal(seen.p99_us, 1234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_are_taken_once),
		cmocka_unit_test(only_so_many_messages_wait),
		cmocka_unit_test(figures_are_seen_as_they_were_published),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
