/* What was lost, or written by somebody else, on a real Redis: mend, and what goes on without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/scripts.h"
#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define HOT_HEADER 11 /* doubles before the columns */
#define HEADER_VALID_UNTIL 3

/* True: it says that this key was lost. */
static bool mend_says(struct redis_pool *pool, const char *key)
{
	struct script_args args = { 0 };
	redisReply *reply;
	bool says;

	script_arg_str(&args, "0");
	script_arg_str(&args, "3");
	script_arg_str(&args, "0");
	assert_int_equal(client_eval(pool->client, SCRIPT_MEND, &args, &reply), 0);
	assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
	says = strcmp(reply->element[0]->str, key) == 0;
	freeReplyObject(reply);
	return says;
}

static void mend(struct redis_pool *pool)
{
	(void)mend_says(pool, "");
}

/* As any settle between the loss and mend does. */
static void settle(struct redis_pool *pool)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n1/0", "t");
	static struct answered answered;

	caller.number = clock_wall_us();
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

/* The three are in their slots, with their shares by weight. */
static void assert_whole(struct redis_pool *pool)
{
	static const double shares[] = { 0.5, 0.3, 0.2 };
	static const char *const ids[] = { "a1", "a2", "a3" };
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);

	assert_int_equal(roster->n_slots, 3);
	assert_int_equal(roster->n_analyzers, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_string_equal(roster->analyzers[i].id, ids[i]);
		assert_int_equal(roster->analyzers[i].slot, i);
		assert_near(roster->analyzers[i].share, shares[i], 1e-12);
	}
}

static void assert_counters_were_lost(struct redis_pool *pool)
{
	redisReply *reply =
		POOL_COMMAND(pool, "HEXISTS", redis_pool_key(pool, KEY_ACCOUNTS), "~lost");

	assert_int_equal(reply->integer, 1);
	freeReplyObject(reply);
}

static void slots_that_are_lost_with_the_vectors_come_back(void **state)
{
	POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_SLOT), redis_pool_key(*state, KEY_HOT));
	settle(*state);
	mend(*state);
	assert_whole(*state);
	assert_counters_were_lost(*state);
}

static void so_does_the_last_slot_alone(void **state)
{
	POOL_DO(*state, "HDEL", redis_pool_key(*state, KEY_SLOT), "a3");
	POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_HOT));
	settle(*state);
	mend(*state);
	assert_whole(*state);
	assert_counters_were_lost(*state);
}

/* As a node of an earlier version leaves it. */
static void vectors_that_are_too_short_grow_at_a_registration(void **state)
{
	redisReply *slots = POOL_COMMAND(*state, "HGETALL", redis_pool_key(*state, KEY_SLOT));

	assert_int_equal(slots->elements, 6);
	POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_SLOT), redis_pool_key(*state, KEY_HOT));
	settle(*state);
	for (unsigned i = 0; i < 6; i += 2)
		POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_SLOT), slots->element[i]->str,
			slots->element[i + 1]->str);
	freeReplyObject(slots);
	redis_pool_join(*state, "a2", 3, 60000);
	redis_pool_join(*state, "a1", 5, 60000);
	redis_pool_join(*state, "a3", 2, 60000);
	assert_whole(*state);
}

static void an_analyzer_gets_its_own_slot_again(void **state)
{
	static const char *const others[] = { "900", "1", "-3", "0.5", "nan", "x" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_SLOT), "a1", others[i]);
		settle(*state);
		POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_WEIGHT)); /* so that it looks */
		mend(*state);
		assert_whole(*state);
	}
}

static void who_has_no_slot_in_the_vectors_takes_no_share(void **state)
{
	struct roster *roster;

	POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_SLOT), "a1", "900");
	redis_pool_set_header(*state, HEADER_VALID_UNTIL, 0); /* an election is due */
	settle(*state);
	roster = redis_pool_roster(*state);
	assert_near(roster_find(roster, "a2")->share, 0.6, 1e-12);
	assert_near(roster_find(roster, "a3")->share, 0.4, 1e-12);
	roster_unref(roster);
}

/* As after an election that is due, by everything that anybody calls. */
static void assert_goes_on(struct redis_pool *pool)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	const double weight = 5;
	struct membership_change change = { .weight = &weight };
	char fault[FAULT_TEXT_MAX + 1];
	uint64_t epoch;

	redis_pool_set_header(pool, HEADER_VALID_UNTIL, 0);
	settle(pool);
	roster = redis_pool_roster(pool);
	assert_int_equal(roster->n_analyzers, 3);
	assert_true(roster_find(roster, "a3")->share > 0.1);
	assert_int_equal(membership_renew(pool->client, "a1", "a1", 7, &epoch, fault), 0);
	assert_string_equal(fault, "");
	assert_int_equal(membership_set(pool->client, "a1", &change, &epoch, NULL), 0);
	redis_pool_join(pool, "a1", 5, 60000);
	settle(pool);
	assert_whole(pool);
}

static void odd_values_of_an_analyzer_stop_nobody(void **state)
{
	static const char *const odd[] = {
		"{\"instance\":\"a1\"}",
		("{\"instance\":\"a1\",\"slot\":0,\"ttl_ms\":null,\"since_ms\":null,"
		 "\"slow_start_ms\":null,\"processed_base\":null,\"revision\":null,"
		 "\"started_ms\":null,\"fault\":null}"),
		("{\"instance\":\"a1\",\"slot\":0,\"ttl_ms\":\"1s\",\"since_ms\":\"1s\","
		 "\"slow_start_ms\":\"1s\",\"processed_base\":\"1s\",\"revision\":\"1s\","
		 "\"started_ms\":\"1s\"}"),
		("{\"instance\":\"a1\",\"slot\":0,\"since_ms\":\"nan\",\"slow_start_ms\":\"inf\","
		 "\"processed_base\":[],\"revision\":{},\"fault\":[]}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		redis_pool_three(state);
		POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_INFO), "a1", odd[i]);
		assert_goes_on(*state);
	}
}

static void a_lease_without_an_end_stops_nobody(void **state)
{
	static const char *const ends[] = { "inf", "-inf", "1e300" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		redis_pool_three(state);
		POOL_DO(*state, "ZADD", redis_pool_key(*state, KEY_EXPIRES), ends[i], "a1");
		POOL_DO(*state, "ZADD", redis_pool_key(*state, KEY_NODES), ends[i], "n9/0");
		assert_goes_on(*state);
	}
}

static void an_epoch_that_is_none_begins_again(void **state)
{
	static const char *const odd[] = { "inf", "nan", "1.5", "x" };

	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		POOL_DO(*state, "SET", redis_pool_key(*state, KEY_EPOCH), odd[i]);
		roster_unref(redis_pool_roster(*state)); /* it can be read */
		mend(*state);
		assert_goes_on(*state);
	}
}

static void set_infinite(struct redis_pool *pool, unsigned column)
{
	static const char set[] = "return redis.call('SETRANGE', KEYS[1], ARGV[1], "
				  "struct.pack('<d', ARGV[2] / 0))";
	char at[16];

	snprintf(at, sizeof(at), "%u", 8 * (HOT_HEADER + 3 * column));
	POOL_DO(pool, "EVAL", set, "1", redis_pool_key(pool, KEY_HOT), at, "0"); /* NaN */
}

static void vectors_with_what_is_no_number_are_lost(void **state)
{
	static struct hot hot;

	for (unsigned column = 0; column < 6; column++) {
		redis_pool_three(state);
		set_infinite(*state, column);
		roster_unref(redis_pool_roster(*state));
		assert_goes_on(*state);
		POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_WEIGHT)); /* so that it looks */
		mend(*state);
		assert_whole(*state);
		assert_counters_were_lost(*state);
		redis_pool_hot(*state, &hot);
		for (unsigned i = 0; i < 3; i++)
			assert_near(hot.credit[i] + hot.routed[i] + hot.delivered[i] +
					    hot.delivered_packets[i] + hot.forgiven[i],
				    0, 0);
	}
}

/* All may have renewed their leases before the next look. */
static void that_leases_of_workers_were_lost_is_told_by_those_who_renew_them(void **state)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n1/0", "t");
	static struct answered answered;

	mend(*state);
	for (caller.lease_ms = 1000; caller.lease_ms <= 100000; caller.lease_ms *= 10) {
		redis_pool_settle(*state, &caller, &request, &answered);
		assert_int_equal(answered.answer.status, SETTLEMENT_OK);
		assert_true(mend_says(*state, caller.lease_ms > 1000 ? "nodes" : ""));
		POOL_DO(*state, "DEL", redis_pool_key(*state, KEY_NODES));
		caller.number++;
	}
}

#define DAMAGE_TEST(f) cmocka_unit_test_setup(f, redis_pool_three)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DAMAGE_TEST(slots_that_are_lost_with_the_vectors_come_back),
		DAMAGE_TEST(so_does_the_last_slot_alone),
		DAMAGE_TEST(vectors_that_are_too_short_grow_at_a_registration),
		DAMAGE_TEST(an_analyzer_gets_its_own_slot_again),
		DAMAGE_TEST(who_has_no_slot_in_the_vectors_takes_no_share),
		DAMAGE_TEST(odd_values_of_an_analyzer_stop_nobody),
		DAMAGE_TEST(a_lease_without_an_end_stops_nobody),
		DAMAGE_TEST(an_epoch_that_is_none_begins_again),
		DAMAGE_TEST(vectors_with_what_is_no_number_are_lost),
		DAMAGE_TEST(that_leases_of_workers_were_lost_is_told_by_those_who_renew_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
