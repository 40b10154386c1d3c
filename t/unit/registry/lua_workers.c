/* Workers that die with credit, are thought dead, are followed by another, or leave, on a real
 * Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define HEADER_VALID_UNTIL 3
#define HEADER_SHOWN 5

static struct answered answered;

/* The pot owes a1 5, a2 -3, a3 -2 after this. */
static void fill_pot(struct redis_pool *pool)
{
	struct settlement_delta deltas[3] = { { .credit = 5 }, { .credit = -3 }, { .credit = -2 } };
	struct settle_request request = { .deltas = deltas, .n_slots = 3, .counts = true };
	struct caller caller = redis_pool_caller("n0/0", "t");

	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	redis_pool_assert_credit(pool, 5, -3, -2);
}

/* n1/0 holds credit and is dead, but nobody has noticed. */
static void die_with_credit(struct redis_pool *pool, const char *token)
{
	struct settle_request request = { .expected_messages = 10 };
	struct caller caller = redis_pool_caller("n1/0", token);

	fill_pot(pool);
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_near(answered.credit[0], 2.5, 1e-9);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_NODES), "1", "n1/0");
}

static void a_dead_workers_credit_returns_to_the_pot(void **state)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n2/0", "t");

	die_with_credit(*state, "t");
	redis_pool_settle(*state, &caller, &request, &answered);
	redis_pool_assert_credit(*state, 5, -3, -2);
}

static void a_repeated_call_that_finds_a_dead_worker_loses_nothing(void **state)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n2/0", "t");

	redis_pool_settle(*state, &caller, &request, &answered);
	die_with_credit(*state, "t");
	redis_pool_set_header(*state, HEADER_VALID_UNTIL, 1); /* an election is due, and reaps */
	redis_pool_settle(*state, &caller, &request, &answered);
	redis_pool_assert_pot_and_held(*state, 5, -3, -2);
}

static void a_worker_thought_dead_settles_as_if_nothing_had_happened(void **state)
{
	struct settlement_delta deltas[3] = { { .credit = -1 }, { .credit = 1 } };
	struct settle_request request = { .idle = true },
			      late = { .deltas = deltas, .n_slots = 3, .counts = true };
	struct caller other = redis_pool_caller("n2/0", "t"),
		      caller = redis_pool_caller("n1/0", "t");

	die_with_credit(*state, "t");
	redis_pool_settle(*state, &other, &request, &answered);
	caller.number = 2;
	redis_pool_settle(*state, &caller, &late, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	redis_pool_assert_credit(*state, 4, -2, -2);
}

static void a_new_instance_of_a_worker_gives_back_what_the_old_one_held(void **state)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n1/0", "new");

	die_with_credit(*state, "old");
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	redis_pool_assert_credit(*state, 5, -3, -2);
}

static void who_leaves_is_gone_at_once_and_may_say_so_twice(void **state)
{
	struct settlement_delta deltas[3] = { { .credit = -1 }, { .credit = 1 } };
	struct settle_request take = { .expected_messages = 1000 };
	struct settle_request leave = {
		.deltas = deltas, .n_slots = 3, .counts = true, .leaving = true
	};
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct roster *roster;

	fill_pot(*state);
	redis_pool_settle(*state, &caller, &take, &answered);
	caller.number++;
	for (int i = 0; i < 2; i++) {
		redis_pool_settle(*state, &caller, &leave, &answered);
		assert_int_equal(answered.answer.status, SETTLEMENT_OK);
		redis_pool_assert_credit(*state, 4, -2, -2);
	}
	roster = redis_pool_roster(*state);
	assert_int_equal(roster->n_workers, 1);
	assert_string_equal(roster->workers[0].name, "n0/0");
	roster_unref(roster);
}

static void a_report_that_comes_after_the_last_worker_has_left_goes(void **state)
{
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n2/0", "t");
	redisReply *reply;

	redis_pool_settle(*state, &caller, &request, &answered);
	POOL_DO(*state, "HSET", redis_pool_key(*state, KEY_REPORT), "n1", "{}", "n2", "{}");
	redis_pool_set_header(*state, HEADER_SHOWN, 1);
	caller.number++;
	redis_pool_settle(*state, &caller, &request, &answered);
	reply = POOL_COMMAND(*state, "HKEYS", redis_pool_key(*state, KEY_REPORT));
	assert_int_equal(reply->elements, 1);
	assert_string_equal(reply->element[0]->str, "n2");
	freeReplyObject(reply);
}

static void windows_grow_with_the_number_of_workers(void **state)
{
	struct settle_request request = { 0 };
	uint64_t window_us = 0;
	char name[32];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d/0", i);
		struct caller caller = redis_pool_caller(name, "t");

		redis_pool_settle(*state, &caller, &request, &answered);
		assert_true(answered.answer.window_us >= window_us);
		window_us = answered.answer.window_us;
		if (i == 0)
			assert_int_equal(window_us, 10000);
	}
	assert_true(window_us > 15000);
}

static void routing_is_dearer_the_more_workers_there_are(void **state)
{
	struct settle_request request = { 0 };
	struct caller first = redis_pool_caller("n1/0", "t"),
		      second = redis_pool_caller("n2/0", "t");
	uint64_t call_us, packet_us;

	redis_pool_settle(*state, &first, &request, &answered);
	call_us = answered.answer.route_call_us;
	packet_us = answered.answer.route_packet_us;
	assert_in_range(call_us, 50, 1000);
	assert_in_range(packet_us, 1, 10);
	redis_pool_settle(*state, &second, &request, &answered);
	assert_in_range(answered.answer.route_call_us, 2 * call_us - 2, 2 * call_us + 2);
}

#define WORKERS_TEST(f) cmocka_unit_test_setup(f, redis_pool_three)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKERS_TEST(a_dead_workers_credit_returns_to_the_pot),
		WORKERS_TEST(a_repeated_call_that_finds_a_dead_worker_loses_nothing),
		WORKERS_TEST(a_worker_thought_dead_settles_as_if_nothing_had_happened),
		WORKERS_TEST(a_new_instance_of_a_worker_gives_back_what_the_old_one_held),
		WORKERS_TEST(who_leaves_is_gone_at_once_and_may_say_so_twice),
		WORKERS_TEST(a_report_that_comes_after_the_last_worker_has_left_goes),
		WORKERS_TEST(routing_is_dearer_the_more_workers_there_are),
		WORKERS_TEST(windows_grow_with_the_number_of_workers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
