/* The numbered calls, route and settle, on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/scripts.h"
#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

static struct answered answered;

static void count(struct redis_pool *pool, unsigned n_packets, uint32_t size, unsigned per_slot[3])
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	uint32_t sizes[256];

	for (unsigned i = 0; i < n_packets; i++)
		sizes[i] = size;
	redis_pool_route(pool, &caller, sizes, n_packets, "", &answered);
	memset(per_slot, 0, 3 * sizeof(*per_slot));
	for (unsigned i = 0; i < n_packets; i++)
		per_slot[answered.choices[i]]++;
}

static void route_follows_the_weights_exactly(void **state)
{
	unsigned n[3];
	struct hot hot;

	count(*state, 100, 7, n);
	assert_int_equal(n[0], 50);
	assert_int_equal(n[1], 30);
	assert_int_equal(n[2], 20);
	redis_pool_hot(*state, &hot);
	assert_near(hot.routed[0], 350, 0);
	assert_near(hot.routed[2], 140, 0);
	redis_pool_assert_credit(*state, 0, 0, 0);
}

static void what_cannot_be_reached_is_borne_by_the_others_by_weight(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t ones[100] = { [0 ... 99] = 1 };
	unsigned n[3] = { 0 };

	for (int i = 0; i < 10; i++, caller.number++) {
		redis_pool_route(*state, &caller, ones, 100, "0", &answered);
		for (int k = 0; k < 100; k++)
			n[answered.choices[k]]++;
	}
	assert_int_equal(n[0], 0);
	assert_in_range(n[1], 598, 602);
	assert_in_range(n[2], 398, 402);
}

static void where_nothing_can_be_chosen_nothing_changes(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 5, 6 };

	redis_pool_route(*state, &caller, sizes, 2, "0,1,2", &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	assert_int_equal(answered.choices[0], ROUTE_NONE);
	assert_int_equal(answered.choices[1], ROUTE_NONE);
	redis_pool_assert_credit(*state, 0, 0, 0);
	redis_pool_clear(state);
	redis_pool_route(*state, &caller, sizes, 1, "", &answered);
	assert_int_equal(answered.choices[0], ROUTE_NONE);
}

static void a_repeated_route_gets_its_answer_and_changes_nothing(void **state)
{
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 5, 9, 2, 60, 1 };
	unsigned choices[5];
	struct hot before, after;

	redis_pool_route(*state, &caller, sizes, 5, "", &answered);
	memcpy(choices, answered.choices, sizeof(choices));
	redis_pool_hot(*state, &before);
	redis_pool_route(*state, &caller, sizes, 5, "", &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	assert_memory_equal(choices, answered.choices, sizeof(choices));
	redis_pool_hot(*state, &after);
	assert_memory_equal(&before.n_slots, &after.n_slots,
			    sizeof(before) - offsetof(struct hot, n_slots));
}

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

static void a_repeated_settle_gets_its_answer_and_changes_nothing(void **state)
{
	struct settlement_delta deltas[3] = { { 1, 10, 9, 2, 0 }, { -1, 20, 18, 4, 0 } };
	struct settle_request request = {
		.deltas = deltas, .n_slots = 3, .counts = true, .expected_messages = 1000
	};
	struct caller caller = redis_pool_caller("n1/0", "t");
	static struct answered first;
	struct hot before, after;

	fill_pot(*state);
	redis_pool_settle(*state, &caller, &request, &first);
	redis_pool_hot(*state, &before);
	assert_near(before.routed[1], 20, 0);
	assert_near(before.delivered[0], 9, 0);
	redis_pool_settle(*state, &caller, &request, &answered);
	redis_pool_hot(*state, &after);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	assert_memory_equal(first.credit, answered.credit, sizeof(first.credit));
	assert_memory_equal(&before.n_slots, &after.n_slots,
			    sizeof(before) - offsetof(struct hot, n_slots));
}

static void a_number_below_the_last_is_refused(void **state)
{
	struct settlement_delta delta = { .routed = 3 };
	struct settle_request request = { .deltas = &delta, .n_slots = 1 };
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct hot hot;

	caller.number = 5;
	redis_pool_settle(*state, &caller, &request, &answered);
	caller.number = 4;
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_FAILED);
	redis_pool_hot(*state, &hot);
	assert_near(hot.routed[0], 3, 0);
}

static void credit_taken_is_on_record_and_sums_to_zero(void **state)
{
	struct settle_request request = { .expected_messages = 1000 };
	struct caller caller = redis_pool_caller("n1/0", "t");

	fill_pot(*state);
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_near(answered.credit[0], 5, 1e-9);
	assert_near(answered.credit[0] + answered.credit[1] + answered.credit[2], 0, 1e-9);
	redis_pool_assert_credit(*state, 0, 0, 0);
	redis_pool_assert_pot_and_held(*state, 5, -3, -2);
}

static void catching_up_takes_at_most_half_of_anyones_flow(void **state)
{
	struct settle_request request = { .expected_messages = 10 };
	struct caller caller = redis_pool_caller("n1/0", "t");

	fill_pot(*state);
	redis_pool_settle(*state, &caller, &request, &answered);
	/* a2 expects 3 of 10, so it gives 1.5 of its debt of 3; a3 1 of 2: half of all */
	assert_near(answered.credit[0], 2.5, 1e-9);
	assert_near(answered.credit[1], -1.5, 1e-9);
	assert_near(answered.credit[2], -1, 1e-9);
}

static void what_a_worker_cannot_reach_it_does_not_take(void **state)
{
	struct settle_request request = { .expected_messages = 1000, .unreachable = "0" };
	struct caller caller = redis_pool_caller("n1/0", "t");

	fill_pot(*state); /* by n0/0, which reaches all */
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_near(answered.credit[0], 0, 0);
	assert_near(answered.credit[1] + answered.credit[2], 0, 1e-9);
	redis_pool_assert_pot_and_held(*state, 5, -3, -2);
}

static void who_expects_nothing_takes_nothing(void **state)
{
	struct settle_request request = { .expected_messages = 0 };
	struct caller caller = redis_pool_caller("n1/0", "t");

	fill_pot(*state);
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_near(answered.credit[0], 0, 0);
	redis_pool_assert_credit(*state, 5, -3, -2);
}

static void what_is_owed_beyond_the_limit_is_forgiven(void **state)
{
	struct settlement_delta deltas[3] = { { .credit = 100 },
					      { .credit = -60 },
					      { .credit = -40 } };
	struct settle_request request = { .deltas = deltas, .n_slots = 3, .counts = true };
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct hot hot;

	caller.catchup_max_messages = 30;
	redis_pool_settle(*state, &caller, &request, &answered);
	redis_pool_hot(*state, &hot);
	assert_near(hot.forgiven[0], 70, 1e-9);
	redis_pool_assert_credit(*state, 30, -18, -12);
}

static char *text_of(struct redis_pool *pool, enum registry_key key, const char *id, char out[32])
{
	redisReply *reply = POOL_COMMAND(pool, "HGET", redis_pool_key(pool, key), id);

	snprintf(out, 32, "%s", reply->type == REDIS_REPLY_STRING ? reply->str : "none");
	freeReplyObject(reply);
	return out;
}

static void an_idle_worker_leaves_figures_that_people_can_read(void **state)
{
	struct settlement_delta deltas[3] = { { -1.5, 10, 9, 4, 2 }, { 1.5, 0, 0, 0, 0 } };
	struct settle_request request = {
		.deltas = deltas, .n_slots = 3, .counts = true, .idle = true
	};
	struct caller caller = redis_pool_caller("n1/0", "t");
	char text[32];

	redis_pool_settle(*state, &caller, &request, &answered);
	assert_string_equal(text_of(*state, KEY_CREDIT, "a1", text), "-1.500");
	assert_string_equal(text_of(*state, KEY_ROUTED, "a1", text), "10");
	assert_string_equal(text_of(*state, KEY_DELIVERED, "a1", text), "9");
	assert_string_equal(text_of(*state, KEY_DELIVERED_PACKETS, "a1", text), "4");
	assert_string_equal(text_of(*state, KEY_FORGIVEN, "a1", text), "2");
	assert_string_equal(text_of(*state, KEY_ROUTED, "a3", text), "0");
	assert_string_equal(text_of(*state, KEY_WEIGHT, "a1", text), "5");
}

static void deltas_that_are_no_numbers_are_refused_whole(void **state)
{
	struct settlement_delta deltas[3] = { { .credit = NAN, .routed = 10 }, { .routed = 20 } };
	struct settle_request request = {
		.deltas = deltas, .n_slots = 3, .counts = true, .unreachable = "", .node_info = ""
	};
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct redis_pool *pool = *state;
	struct script_args args;
	redisReply *reply;
	struct hot hot;

	settle_args(&args, &caller, &request, &scratch);
	assert_int_equal(client_eval(pool->client, SCRIPT_SETTLE, &args, &reply), CLIENT_E_REPLY);
	redis_pool_hot(pool, &hot);
	assert_near(hot.routed[1], 0, 0);
	redis_pool_assert_credit(pool, 0, 0, 0);
}

static void slots_that_redis_has_lost_are_answered_with_behind(void **state)
{
	struct settlement_delta deltas[4] = { { .routed = 1 }, { 0 }, { 0 }, { .routed = 2 } };
	struct settle_request request = { .deltas = deltas, .n_slots = 4, .counts = true };
	struct caller caller = redis_pool_caller("n1/0", "t");
	struct hot hot;

	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_BEHIND);
	redis_pool_hot(*state, &hot);
	assert_near(hot.routed[0], 0, 0);
}

static void status_is_a_table_for_people(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	unsigned n[3];
	redisReply *reply;
	struct settle_request request = { .idle = true };
	struct caller caller = redis_pool_caller("n2/0", "t");

	count(pool, 10, 1, n);
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(client_eval(pool->client, SCRIPT_STATUS, &args, &reply), 0);
	assert_int_equal(reply->elements, 5);
	assert_non_null(strstr(reply->element[1]->str, "a1"));
	assert_non_null(strstr(reply->element[1]->str, "50.00%"));
	assert_string_equal(reply->element[4]->str, "3 analyzers, 10 messages routed");
	freeReplyObject(reply);
}

#define CALLS_TEST(f) cmocka_unit_test_setup(f, redis_pool_three)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALLS_TEST(route_follows_the_weights_exactly),
		CALLS_TEST(what_cannot_be_reached_is_borne_by_the_others_by_weight),
		CALLS_TEST(where_nothing_can_be_chosen_nothing_changes),
		CALLS_TEST(a_repeated_route_gets_its_answer_and_changes_nothing),
		CALLS_TEST(a_repeated_settle_gets_its_answer_and_changes_nothing),
		CALLS_TEST(a_number_below_the_last_is_refused),
		CALLS_TEST(credit_taken_is_on_record_and_sums_to_zero),
		CALLS_TEST(catching_up_takes_at_most_half_of_anyones_flow),
		CALLS_TEST(what_a_worker_cannot_reach_it_does_not_take),
		CALLS_TEST(who_expects_nothing_takes_nothing),
		CALLS_TEST(what_is_owed_beyond_the_limit_is_forgiven),
		CALLS_TEST(an_idle_worker_leaves_figures_that_people_can_read),
		CALLS_TEST(deltas_that_are_no_numbers_are_refused_whole),
		CALLS_TEST(slots_that_redis_has_lost_are_answered_with_behind),
		CALLS_TEST(status_is_a_table_for_people),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
