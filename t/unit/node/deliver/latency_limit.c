#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "node/deliver/latency_limit.h"

#define T0 (1000 * US_PER_S)
#define LIMIT_US (100 * US_PER_MS)
#define TICK_US (20 * US_PER_MS)

/* An analyzer that is offered messages one by one, as many as come in a second. It takes 10 ms for
 * each, and 300 ms while it gets more than `capacity` a second. */
struct bench {
	struct latency_limit limit;
	double offered, capacity;
	uint64_t now_us;
	bool others_fit;
	double due;
	unsigned n_given, n_late;
};

static struct bench bench(double offered, double capacity)
{
	struct bench b = {
		.offered = offered, .capacity = capacity, .now_us = T0, .others_fit = true
	};

	latency_limit_init(&b.limit, LIMIT_US);
	return b;
}

static void run(struct bench *b, unsigned seconds)
{
	b->n_given = b->n_late = 0;
	for (unsigned i = 0; i < seconds * 50; i++) {
		unsigned n = 0;
		uint64_t took_us;

		b->now_us += TICK_US;
		latency_limit_tick(&b->limit, b->others_fit, b->now_us);
		for (b->due += b->offered / 50; b->due >= 1; b->due--) {
			if (!latency_limit_allows(&b->limit))
				continue; /* another analyzer gets it */
			latency_limit_take(&b->limit, 1);
			n++;
		}
		took_us = n > b->capacity / 50 + 1 ? 300 * US_PER_MS : 10 * US_PER_MS;
		b->n_given += n;
		b->n_late += took_us > LIMIT_US ? n : 0;
		while (n--)
			latency_limit_hear(&b->limit, b->now_us, b->now_us + took_us);
	}
}

static void who_is_fast_enough_is_not_limited(void **state)
{
	struct bench b = bench(1000, 2000);
	(void)state;

	run(&b, 20);
	assert_false(latency_limit_is_slow(&b.limit));
	assert_int_equal(b.n_given, 20000);
}

static void an_outlier_gets_what_keeps_it_below_the_limit(void **state)
{
	struct bench b = bench(1000, 400);
	(void)state;

	run(&b, 10);
	assert_true(latency_limit_is_slow(&b.limit));
	run(&b, 60);
	assert_true(latency_limit_is_slow(&b.limit));
	assert_in_range(b.n_given, 60 * 200, 60 * 460);
	assert_in_range(b.n_late, 0, b.n_given / 100);
}

static void one_that_is_fast_again_gets_all_of_its_share(void **state)
{
	struct bench b = bench(1000, 100);
	(void)state;

	run(&b, 20);
	assert_true(latency_limit_is_slow(&b.limit));
	b.capacity = 5000;
	run(&b, 90);
	assert_false(latency_limit_is_slow(&b.limit));
	run(&b, 1);
	assert_int_equal(b.n_given, 1000);
}

static void one_that_is_slow_whatever_it_gets_is_tried_now_and_then(void **state)
{
	struct bench b = bench(1000, -1e9);
	(void)state;

	run(&b, 40);
	run(&b, 10);
	assert_in_range(b.n_given, 5, 20);
}

static void where_nobody_is_better_nobody_is_limited(void **state)
{
	struct bench b = bench(1000, 100);
	(void)state;

	run(&b, 10);
	assert_true(latency_limit_is_slow(&b.limit));
	b.others_fit = false;
	run(&b, 2);
	assert_false(latency_limit_is_slow(&b.limit));
	assert_true(latency_limit_allows(&b.limit));
}

static void one_late_delivery_is_an_accident(void **state)
{
	struct bench b = bench(100, 1000);
	(void)state;

	latency_limit_hear(&b.limit, T0, T0 + 5 * US_PER_S);
	run(&b, 5);
	assert_false(latency_limit_is_slow(&b.limit));
}

static void without_a_limit_nothing_is_slow(void **state)
{
	struct bench b = bench(1000, 100);
	(void)state;

	latency_limit_init(&b.limit, 0);
	run(&b, 10);
	assert_false(latency_limit_is_slow(&b.limit));
	assert_int_equal(b.n_given, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_fast_enough_is_not_limited),
		cmocka_unit_test(an_outlier_gets_what_keeps_it_below_the_limit),
		cmocka_unit_test(one_that_is_fast_again_gets_all_of_its_share),
		cmocka_unit_test(one_that_is_slow_whatever_it_gets_is_tried_now_and_then),
		cmocka_unit_test(where_nobody_is_better_nobody_is_limited),
		cmocka_unit_test(one_late_delivery_is_an_accident),
		cmocka_unit_test(without_a_limit_nothing_is_slow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/latency_limit", tests, NULL, NULL);
}
