/* An analyzer that restarts again and again is held back: register.lua and lib/elect.lua on a real
 * Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define SLACK_MS 5000 /* what a step of a test may take on a busy machine */
#define WAIT_US (20 * US_PER_S)

static char instance[32]; /* of the last one that came */

/* A new process of this analyzer. */
static void come(struct redis_pool *pool, const char *id, const char *info)
{
	static int n;
	struct registration reg = { .id = id,
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = instance,
				    .info = info,
				    .weight = 1,
				    .ttl_ms = 60000 };
	uint64_t epoch;
	bool created;

	snprintf(instance, sizeof(instance), "i%d", ++n);
	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
}

static void leave(struct redis_pool *pool, const char *id)
{
	uint64_t epoch;

	assert_int_equal(membership_deregister(pool->client, id, instance, -1, &epoch), 0);
}

static void assert_held(struct redis_pool *pool, const char *id, double ms)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	const struct analyzer *a = roster_find(roster, id);

	assert_non_null(a);
	if (ms == 0) {
		assert_int_equal(a->held_back_ms, 0);
		assert_true(a->share > 0);
		return;
	}
	assert_in_range(a->held_back_ms, ms > SLACK_MS ? ms - SLACK_MS : 1, ms);
	assert_near(a->share, 0, 0);
}

/* A number of restarts in a row, the last instance eligible that long ago. */
static void set_flaps(struct redis_pool *pool, const char *id, int count, int ms_ago)
{
	static const char script[] =
		"local t = redis.call('TIME')\n"
		"local at = t[1] * 1000 + math.floor(t[2] / 1000) - ARGV[3]\n"
		"redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. string.format(' %.0f', at))";
	char n[16], ago[16];

	snprintf(n, sizeof(n), "%d", count);
	snprintf(ago, sizeof(ago), "%d", ms_ago);
	POOL_DO(pool, "EVAL", script, "1", redis_pool_key(pool, KEY_FLAPS), id, n, ago);
}

static int count_of(struct redis_pool *pool, const char *id)
{
	redisReply *reply = POOL_COMMAND(pool, "HGET", redis_pool_key(pool, KEY_FLAPS), id);
	int count = reply->type == REDIS_REPLY_STRING ? atoi(reply->str) : -1;

	freeReplyObject(reply);
	return count;
}

/* a0, which stays, and a1. */
static int two(void **state)
{
	redis_pool_clear(state);
	come(*state, "a0", "{}");
	come(*state, "a1", "{}");
	return 0;
}

static void the_third_restart_in_a_row_is_held_back_and_each_twice_as_long(void **state)
{
	static const double held_ms[] = { 0,    0,     0,     1000,  2000,  4000,
					  8000, 16000, 32000, 60000, 60000, 60000 };

	for (size_t i = 0; i < ARRAY_LEN(held_ms); i++) {
		assert_held(*state, "a1", held_ms[i]);
		if (i % 2)
			leave(*state, "a1"); /* the others are killed */
		come(*state, "a1", "{}");
	}
	assert_held(*state, "a0", 0);
}

static void who_stayed_for_half_a_minute_is_not_held_back(void **state)
{
	set_flaps(*state, "a1", 5, 29000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 8000);
	assert_int_equal(count_of(*state, "a1"), 6);
	set_flaps(*state, "a1", 5, 31000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 0);
	assert_int_equal(count_of(*state, "a1"), 5); /* not forgotten yet */
}

static void who_stayed_for_a_minute_begins_anew(void **state)
{
	set_flaps(*state, "a1", 9, 61000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 0);
	assert_int_equal(count_of(*state, "a1"), 0);
}

static void the_time_held_back_is_no_time_lived(void **state)
{
	set_flaps(*state, "a1", 7, 1000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 32000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 60000);
}

static void the_same_instance_registering_again_is_no_restart(void **state)
{
	char same[32];

	set_flaps(*state, "a1", 2, 1000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 1000);
	strcpy(same, instance);
	for (int i = 0; i < 5; i++) {
		struct registration reg = { .id = "a1",
					    .url = "http://127.0.0.1:9/ingest",
					    .instance = same,
					    .info = "{}",
					    .weight = 1,
					    .ttl_ms = 60000 };
		struct redis_pool *pool = *state;
		uint64_t epoch;
		bool created;

		assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
	}
	assert_held(*state, "a1", 1000);
	assert_int_equal(count_of(*state, "a1"), 3);
}

static void restore(struct redis_pool *pool, const struct roster *known)
{
	assert_int_equal(membership_restore(pool->client, &pool->keys, known), 0);
}

static void a_restore_is_no_restart_and_leaves_the_time_held_back_as_it_was(void **state)
{
	struct roster *known CLEANUP(roster_unrefp) = NULL;

	set_flaps(*state, "a1", 4, 1000);
	come(*state, "a1", "{}");
	assert_held(*state, "a1", 4000);
	known = redis_pool_roster(*state);
	redis_pool_clear(state);
	restore(*state, known);
	assert_held(*state, "a1", 4000);
	assert_held(*state, "a0", 0);
}

static void where_all_are_held_back_all_are_taken(void **state)
{
	set_flaps(*state, "a0", 4, 1000);
	come(*state, "a0", "{}");
	assert_held(*state, "a0", 4000);
	assert_held(*state, "a1", 0);
	set_flaps(*state, "a1", 4, 1000);
	come(*state, "a1", "{}");
	assert_held(*state, "a0", 0);
	assert_held(*state, "a1", 0);
	come(*state, "a2", "{}");
	assert_held(*state, "a0", 4000);
	assert_held(*state, "a2", 0);
}

static void one_out_of_reach_does_not_count_against_those_held_back(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct settle_request request = { .unreachable = "0" };
	static struct answered answered;

	set_flaps(*state, "a1", 4, 1000);
	come(*state, "a1", "{}");
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_held(*state, "a1", 0);
}

static double share(struct redis_pool *pool, const char *id)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);

	return roster_find(roster, id)->share;
}

/* The slow start begins when the time held back is over: then, not at the next election for another
 * reason. */
static void its_share_comes_in_time_and_by_its_slow_start(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct settle_request request = { 0 };
	uint64_t start = clock_mono_us(), end = start + WAIT_US;
	static struct answered answered;
	double first = 0;

	set_flaps(*state, "a1", 2, 1000);
	come(*state, "a1", "{\"slow_start_ms\":600000}");
	assert_held(*state, "a1", 1000);
	while (first == 0 && clock_mono_us() < end) {
		caller.number++;
		redis_pool_settle(*state, &caller, &request, &answered);
		first = share(*state, "a1");
	}
	assert_near(first, 0.05 / 1.05, 1e-9);
	assert_true(clock_mono_us() - start >= 990 * US_PER_MS);
}

static void what_was_counted_is_forgotten_with_the_slot(void **state)
{
	come(*state, "a1", "{}");
	leave(*state, "a1");
	POOL_DO(*state, "ZADD", redis_pool_key(*state, KEY_EXPIRES), "-1",
		"a1"); /* it left in 1970 */
	assert_int_equal(count_of(*state, "a1"), 1);
	come(*state, "a2", "{}");
	assert_int_equal(count_of(*state, "a1"), -1);
}

#define FLAPS_TEST(f) cmocka_unit_test_setup(f, two)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLAPS_TEST(the_third_restart_in_a_row_is_held_back_and_each_twice_as_long),
		FLAPS_TEST(who_stayed_for_half_a_minute_is_not_held_back),
		FLAPS_TEST(who_stayed_for_a_minute_begins_anew),
		FLAPS_TEST(the_time_held_back_is_no_time_lived),
		FLAPS_TEST(the_same_instance_registering_again_is_no_restart),
		FLAPS_TEST(a_restore_is_no_restart_and_leaves_the_time_held_back_as_it_was),
		FLAPS_TEST(where_all_are_held_back_all_are_taken),
		FLAPS_TEST(one_out_of_reach_does_not_count_against_those_held_back),
		FLAPS_TEST(its_share_comes_in_time_and_by_its_slow_start),
		FLAPS_TEST(what_was_counted_is_forgotten_with_the_slot),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
