/* As many analyzers as there can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define TTL_MS 600000

static struct answered answered;

static int fill(void **state)
{
	char id[16];

	if (redis_pool_setup(state) != 0)
		return -1;
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		snprintf(id, sizeof(id), "a%u", i);
		redis_pool_join(*state, id, 1 + i % 3, TTL_MS);
	}
	return 0;
}

static void every_slot_has_its_analyzer(void **state)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(*state);
	double sum = 0;

	assert_int_equal(roster->n_analyzers, ROSTER_MAX_SLOTS);
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		assert_non_null(roster->by_slot[i]);
		sum += roster->by_slot[i]->share;
	}
	assert_near(sum, 1, 1e-9);
}

static void one_more_is_told_that_it_is_full(void **state)
{
	struct redis_pool *pool = *state;
	struct registration reg = { .id = "late",
				    .url = "http://h/",
				    .instance = "i",
				    .info = "{}",
				    .weight = 1,
				    .ttl_ms = TTL_MS };
	uint64_t epoch;
	bool created;

	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch),
			 MEMBERSHIP_E_FULL);
	reg.id = "a7";
	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
	assert_false(created);
}

static void every_slot_settles(void **state)
{
	static struct settlement_delta deltas[ROSTER_MAX_SLOTS];
	struct settle_request request = { .deltas = deltas,
					  .n_slots = ROSTER_MAX_SLOTS,
					  .counts = true,
					  .expected_messages = 1e6,
					  .idle = true };
	struct caller caller = redis_pool_caller("n1/0", "t");
	static struct hot hot;

	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		deltas[i] = (struct settlement_delta){ i % 2 ? 1 : -1, i, i, 1, 0 };
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	redis_pool_hot(*state, &hot);
	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++) {
		assert_near(hot.routed[i], i, 0);
		assert_near(hot.credit[i] + hot.held[i], i % 2 ? 1 : -1, 1e-9);
	}
	caller.number++;
	request.leaving = true;
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
}

static void every_slot_is_routed_to(void **state)
{
	struct caller caller = redis_pool_caller("n2/0", "t");
	static uint32_t sizes[ROUTE_MAX_PACKETS];
	static bool got[ROSTER_MAX_SLOTS];
	unsigned n = 0;

	for (unsigned i = 0; i < ROUTE_MAX_PACKETS; i++)
		sizes[i] = 3;
	redis_pool_route(*state, &caller, sizes, ROUTE_MAX_PACKETS, "", &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	assert_int_equal(answered.answer.n_packed, ROUTE_MAX_PACKETS);
	for (unsigned i = 0; i < ROUTE_MAX_PACKETS; i++) {
		assert_in_range(answered.choices[i], 0, ROSTER_MAX_SLOTS - 1);
		n += !got[answered.choices[i]];
		got[answered.choices[i]] = true;
	}
	assert_true(n > ROSTER_MAX_SLOTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slot_has_its_analyzer),
		cmocka_unit_test(one_more_is_told_that_it_is_full),
		cmocka_unit_test(every_slot_settles),
		cmocka_unit_test(every_slot_is_routed_to),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fill, redis_pool_teardown);
}
