/* Points of time that a node stores in a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "node/watch/past_store.h"
#include "t/unit/node/node_bench.h"

#define START_MS 1795290000000ULL /* a multiple of five minutes */
#define MINUTE_MS 60000ULL

static struct {
	pthread_mutex_t lock;
	struct past past;
	struct past_store store;
	struct roster_worker worker;
	struct roster roster;
} it;

static int setup(void **state)
{
	if (node_bench_setup(state) != 0)
		return -1;
	pthread_mutex_init(&it.lock, NULL);
	past_init(&it.past);
	it.store = (struct past_store){ .client = the_node_bench.pool->client,
					.keys = &the_node_bench.shared.keys,
					.node = "n1",
					.lock = &it.lock,
					.past = &it.past };
	snprintf(it.worker.name, sizeof(it.worker.name), "n1/0");
	it.roster = (struct roster){ .n_workers = 1, .workers = &it.worker };
	return 0;
}

static int teardown(void **state)
{
	past_deinit(&it.past);
	pthread_mutex_destroy(&it.lock);
	return node_bench_teardown(state);
}

/* At that time; the minute before it has a point. */
static void exchange_at(uint64_t now_ms)
{
	struct past_point point = { .from_ms = now_ms - MINUTE_MS,
				    .packets_per_s = 1,
				    .of = calloc(1, sizeof(*point.of)) };

	assert_non_null(point.of);
	past_take(&it.past, PAST_HOUR, &point);
	it.roster.now_ms = now_ms;
	assert_int_equal(past_store_exchange(&it.store, &it.roster, false), 0);
}

static bool is_stored(uint64_t from_ms)
{
	const struct past_info *info = &past_info[PAST_HOUR];
	char field[32];
	char *text;
	bool is_there;

	snprintf(field, sizeof(field), "%s:%u", info->name,
		 (unsigned)(from_ms / info->step_ms % info->n_points));
	text = NODE_BENCH_TEXT(&the_node_bench, "HGET",
			       redis_pool_key(the_node_bench.pool, KEY_PAST), field);
	is_there = text != NULL;
	free(text);
	return is_there;
}

static void a_minute_that_has_ended_is_stored(void **state UNUSED)
{
	exchange_at(START_MS);
	exchange_at(START_MS + MINUTE_MS);
	assert_true(is_stored(START_MS));
}

static void it_goes_on_after_the_clock_went_back(void **state UNUSED)
{
	uint64_t back_ms = START_MS - 20 * MINUTE_MS;

	exchange_at(START_MS);
	exchange_at(START_MS + MINUTE_MS);
	exchange_at(back_ms);
	exchange_at(back_ms + MINUTE_MS);
	assert_true(is_stored(back_ms));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_minute_that_has_ended_is_stored),
		TEST(it_goes_on_after_the_clock_went_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/watch/past_store", tests, node_bench_group_setup,
					   node_bench_group_teardown);
}
