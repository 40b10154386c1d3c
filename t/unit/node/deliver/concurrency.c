#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/rng.h"
#include "node/deliver/concurrency.h"

#define MAX 64
#define MS US_PER_MS

enum noise { NONE, JITTER, HEAVY, SPIKES };

/*
 * A server that works on `capacity` requests at once, each for about service_us, while others wait
 * in their order; and a client that always has more to send.
 */
struct world {
	struct concurrency c;
	unsigned capacity;
	double service_us;
	enum noise noise;
	bool refuses; /* what is beyond its capacity, instead of letting it wait */
	struct rng rng;
	uint64_t now_us;
	uint64_t free_us[MAX]; /* when each of its hands is free */
	struct {
		uint64_t started_us, ends_us;
		bool fails;
	} flying[MAX];
	unsigned n_flying;
	double n_ended, limit_time, rtt_sum; /* of the last run */
};

static struct world world(unsigned capacity, double service_us, enum noise noise)
{
	struct world w = {
		.capacity = capacity, .service_us = service_us, .noise = noise, .now_us = US_PER_S
	};

	concurrency_init(&w.c, MAX);
	rng_init(&w.rng, 7);
	return w;
}

static double service_us(struct world *w)
{
	double u = rng_unit(&w->rng);

	switch (w->noise) {
	case JITTER:
		return w->service_us * (0.5 + u);
	case HEAVY:
		return -w->service_us * log(1 - u);
	case SPIKES:
		return w->service_us + (u < 0.02 ? 4000 : 0);
	default:
		return w->service_us;
	}
}

static void begin(struct world *w)
{
	unsigned first = 0;
	uint64_t at_us;

	for (unsigned i = 1; i < w->capacity; i++)
		if (w->free_us[i] < w->free_us[first])
			first = i;
	at_us = w->free_us[first] > w->now_us ? w->free_us[first] : w->now_us;
	w->flying[w->n_flying].started_us = w->now_us;
	w->flying[w->n_flying].fails = w->refuses && at_us > w->now_us;
	if (w->flying[w->n_flying].fails)
		w->flying[w->n_flying].ends_us = w->now_us + 1000;
	else
		w->flying[w->n_flying].ends_us = w->free_us[first] =
			at_us + (uint64_t)service_us(w) + 1;
	w->n_flying++;
}

static void end_first(struct world *w)
{
	unsigned first = 0;
	uint64_t before_us = w->now_us, started_us;

	for (unsigned i = 1; i < w->n_flying; i++)
		if (w->flying[i].ends_us < w->flying[first].ends_us)
			first = i;
	started_us = w->flying[first].started_us;
	w->now_us = w->flying[first].ends_us;
	w->limit_time += (double)w->c.limit * (double)(w->now_us - before_us);
	if (w->flying[first].fails) {
		concurrency_failure(&w->c, started_us, w->now_us);
	} else {
		concurrency_success(&w->c, started_us, w->now_us);
		w->n_ended++;
		w->rtt_sum += (double)(w->now_us - started_us);
	}
	w->flying[first] = w->flying[--w->n_flying];
}

/* The average limit meanwhile. */
static double run(struct world *w, uint64_t us)
{
	uint64_t from_us = w->now_us;

	w->n_ended = w->limit_time = w->rtt_sum = 0;
	while (w->now_us < from_us + us) {
		while (w->n_flying < w->c.limit)
			begin(w);
		concurrency_press(&w->c);
		end_first(w);
		assert_in_range(w->c.limit, 1, MAX);
	}
	return w->limit_time / (double)(w->now_us - from_us);
}

/* Of what the server could have done in the last run. */
static double part_of_capacity(const struct world *w, uint64_t us)
{
	return w->n_ended * w->service_us / (w->capacity * (double)us);
}

#define assert_between(value, low, high)                                                           \
	do {                                                                                       \
		if ((value) < (low) || (value) > (high))                                           \
			fail_msg("%s is %.2f, not in [%.2f, %.2f]", #value, (double)(value),       \
				 (double)(low), (double)(high));                                   \
	} while (0)

static void it_finds_how_many_a_server_bears(void **state)
{
	static const unsigned capacities[] = { 1, 2, 4, 8, 16, 32 };
	static const double services_us[] = { 10000, 50000, 200000 };
	(void)state;

	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 3; j++)
			for (enum noise noise = NONE; noise <= JITTER; noise++) {
				struct world w = world(capacities[i], services_us[j], noise);
				uint64_t us = (uint64_t)services_us[j] * 1000;
				double limit;

				run(&w, us / 10);
				limit = run(&w, us);
				assert_between(limit, 0.9 * w.capacity, 1.5 * w.capacity + 1);
				assert_between(part_of_capacity(&w, us), 0.9, 1.05);
			}
}

static void even_where_each_request_takes_another_time(void **state)
{
	(void)state;

	for (unsigned capacity = 2; capacity <= 16; capacity *= 2) {
		struct world w = world(capacity, 20000, HEAVY);
		double limit;

		run(&w, 10 * US_PER_S);
		limit = run(&w, 100 * US_PER_S);
		assert_between(limit, 0.8 * capacity, 2.5 * capacity + 2);
		assert_between(part_of_capacity(&w, 100 * US_PER_S), 0.8, 1.1);
	}
}

static void a_fast_one_is_at_its_full_speed_at_once_and_stays_there(void **state)
{
	static const double services_us[] = { 100, 300, 1000 };
	(void)state;

	for (size_t i = 0; i < 3; i++)
		for (enum noise noise = NONE; noise <= SPIKES; noise++) {
			struct world w = world(MAX, services_us[i], noise);
			double limit;

			run(&w, 50 * MS);
			assert_int_equal(w.c.limit, MAX);
			limit = run(&w, US_PER_S);
			assert_between(limit, 0.95 * MAX, MAX);
		}
}

static void slow_start_doubles_until_the_answers_take_longer(void **state)
{
	struct world w = world(16, 50000, NONE);
	(void)state;

	for (unsigned limit = 1; limit <= 16; limit *= 2) {
		assert_int_equal(w.c.limit, limit);
		assert_int_equal(w.c.phase, CONCURRENCY_STARTING);
		while (w.c.limit == limit)
			run(&w, 1);
	}
	run(&w, US_PER_S);
	assert_int_equal(w.c.phase, CONCURRENCY_STEADY);
	assert_between(w.c.limit, 16, 20);
}

static void one_that_loses_hands_is_backed_off_and_found_again(void **state)
{
	struct world w = world(16, 10000, JITTER);
	double limit;
	(void)state;

	run(&w, 5 * US_PER_S);
	w.capacity = 4;
	run(&w, 2 * US_PER_S);
	limit = run(&w, 5 * US_PER_S);
	assert_between(limit, 3, 8);
	assert_between(w.rtt_sum / w.n_ended, 10000, 20000);

	w.capacity = 16;
	run(&w, 2 * US_PER_S);
	limit = run(&w, 5 * US_PER_S);
	assert_between(limit, 14, 24);
	assert_between(part_of_capacity(&w, 5 * US_PER_S), 0.9, 1.05);
}

static void one_that_slows_down_keeps_what_it_bears(void **state)
{
	struct world w = world(8, 10000, JITTER);
	(void)state;

	run(&w, 5 * US_PER_S);
	w.service_us = 100000;
	run(&w, 10 * US_PER_S);
	assert_between(run(&w, 20 * US_PER_S), 7, 13);
	w.service_us = 10000;
	run(&w, 2 * US_PER_S);
	assert_between(run(&w, 5 * US_PER_S), 7, 13);
	assert_between(part_of_capacity(&w, 5 * US_PER_S), 0.9, 1.05);
}

static void refusals_keep_it_below_what_is_refused(void **state)
{
	struct world w = world(12, 10000, NONE);
	(void)state;

	w.refuses = true;
	run(&w, 2 * US_PER_S);
	assert_between(run(&w, 10 * US_PER_S), 6, 13);
	assert_between(part_of_capacity(&w, 10 * US_PER_S), 0.6, 1);
}

static void failures_halve_it_and_those_of_one_round_count_once(void **state)
{
	struct world w = world(MAX, 1000, NONE);
	uint64_t began_us;
	(void)state;

	run(&w, 50 * MS);
	began_us = w.now_us;
	for (unsigned limit = 32; limit; limit /= 2) {
		for (unsigned i = 0; i < 10; i++)
			concurrency_failure(&w.c, began_us, began_us + 1000);
		assert_int_equal(w.c.limit, limit);
		began_us += 2000;
	}
	concurrency_failure(&w.c, began_us, began_us + 1000);
	assert_int_equal(w.c.limit, 1);
}

static void what_nobody_waited_for_teaches_nothing(void **state)
{
	struct concurrency c;
	(void)state;

	concurrency_init(&c, MAX);
	for (uint64_t i = 0; i < 1000; i++)
		concurrency_success(&c, i * MS, i * MS + (i % 2 ? 100 : 900000));
	assert_int_equal(c.limit, 1);
	assert_true(c.usual_us == 0);
	concurrency_press(&c);
	concurrency_success(&c, 2 * US_PER_S, 2 * US_PER_S + 100);
	assert_int_equal(c.limit, 2);
}

static void a_second_of_slow_start_is_foreseen(void **state)
{
	struct concurrency c;
	(void)state;

	concurrency_init(&c, MAX);
	assert_int_equal(concurrency_in_a_second(&c, 10000), MAX);
	assert_int_equal(concurrency_in_a_second(&c, 300000), 8);
	assert_int_equal(concurrency_in_a_second(&c, 2000000), 1);
	concurrency_failure(&c, 1, 1);
	assert_int_equal(concurrency_in_a_second(&c, 10000), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_finds_how_many_a_server_bears),
		cmocka_unit_test(even_where_each_request_takes_another_time),
		cmocka_unit_test(a_fast_one_is_at_its_full_speed_at_once_and_stays_there),
		cmocka_unit_test(slow_start_doubles_until_the_answers_take_longer),
		cmocka_unit_test(one_that_loses_hands_is_backed_off_and_found_again),
		cmocka_unit_test(one_that_slows_down_keeps_what_it_bears),
		cmocka_unit_test(refusals_keep_it_below_what_is_refused),
		cmocka_unit_test(failures_halve_it_and_those_of_one_round_count_once),
		cmocka_unit_test(what_nobody_waited_for_teaches_nothing),
		cmocka_unit_test(a_second_of_slow_start_is_foreseen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/concurrency", tests, NULL, NULL);
}
