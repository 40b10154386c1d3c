#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "loadgen/steering.h"

static struct pacer pacer;
static struct steering steering;

static uint64_t count_due(uint64_t now_us)
{
	return pacer_backlog(&pacer, now_us);
}

static void the_schedule_follows_the_orders(void **state UNUSED)
{
	CLEANUP(emitter_freep) struct emitter *e = emitter_new(1000);
	uint64_t now_us = 5 * US_PER_S;

	pacer_init(&pacer, 1000, now_us);
	steering_init(&steering, e, &pacer);
	steering_follow(&steering, &pacer, now_us);
	assert_int_equal(count_due(now_us + US_PER_S), 0); /* it was not told to run */
	emitter_run(e, true);
	now_us += US_PER_S;
	steering_follow(&steering, &pacer, now_us);
	assert_in_range(count_due(now_us + US_PER_S), 1000, 1001);
	emitter_set_rate(e, 10);
	now_us += US_PER_S;
	steering_follow(&steering, &pacer, now_us); /* what was due is forgotten */
	assert_in_range(count_due(now_us + US_PER_S), 10, 11);
	emitter_run(e, false);
	steering_follow(&steering, &pacer, now_us);
	assert_int_equal(count_due(now_us + US_PER_S), 0);
	assert_true(emitter_generate(e, 12));
	steering_follow(&steering, &pacer, now_us);
	assert_int_equal(steering.n_due, 12);
}

static void what_was_sent_of_late_is_told(void **state UNUSED)
{
	CLEANUP(emitter_freep) struct emitter *e = emitter_new(1000);
	AUTO_FREE struct stats *stats = malloc(sizeof(*stats));
	struct emitter_figures figures;
	struct emitter_orders orders;

	pacer_init(&pacer, 1000, 0);
	steering_init(&steering, e, &pacer);
	stats_init(stats, US_PER_S);
	steering_tell(&steering, stats, 0, 0, US_PER_S);
	stats->sent = (struct tally){ 100, 500 };
	steering_tell(&steering, stats, 1, 2, US_PER_S + US_PER_S / 2); /* too early for a rate */
	emitter_look(e, &orders, &figures);
	assert_int_equal(figures.sent.messages, 500);
	assert_int_equal(figures.n_backlog, 1);
	assert_int_equal(figures.n_in_flight, 2);
	assert_true(figures.packets_per_s == 0);
	steering_tell(&steering, stats, 0, 0, 3 * US_PER_S);
	emitter_look(e, &orders, &figures);
	assert_true(figures.packets_per_s == 50 && figures.messages_per_s == 250);
}

static void without_an_emitter_the_schedule_is_left_alone(void **state UNUSED)
{
	pacer_init(&pacer, 1000, 0);
	steering_init(&steering, NULL, &pacer);
	steering_follow(&steering, &pacer, US_PER_S);
	assert_in_range(count_due(US_PER_S), 1000, 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schedule_follows_the_orders),
		cmocka_unit_test(what_was_sent_of_late_is_told),
		cmocka_unit_test(without_an_emitter_the_schedule_is_left_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
