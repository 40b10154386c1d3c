/* The invariant of node/route/ledger.h over random histories, with the real scripts on a real Redis
 * as the pot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "t/unit/near.h"
#include "t/unit/node/route/swarm.h"
#include "t/unit/redis_pool.h"

#define RUNS 12
#define STEPS 1500
#define TTL_MS 600000 /* longer than any run */

/* The pool as the scripts were told of it. */
struct told {
	struct redis_pool *pool;
	bool member[POT_SLOTS];
	uint64_t epoch;
};
static struct answered answered;

static void route(void *arg, const struct swarm_worker *w, const char *not_now, unsigned *choices)
{
	struct told *told = arg;

	redis_pool_route(told->pool, &w->caller, w->sizes, w->n_flight, not_now, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	memcpy(choices, answered.choices, w->n_flight * sizeof(*choices));
}

static unsigned settle(void *arg, const struct swarm_worker *w, double *taken)
{
	struct settle_request request = w->request;
	struct told *told = arg;
	char unreachable[POT_SLOTS * 3];

	swarm_slots_text(w->unreachable, unreachable);
	request.unreachable = unreachable;
	redis_pool_settle(told->pool, &w->caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	memcpy(taken, answered.credit, POT_SLOTS * sizeof(*taken));
	return answered.answer.n_packed;
}

static void behind(void *arg, const struct swarm_worker *w)
{
	struct settle_request request = w->request;
	struct caller ahead = w->caller;
	struct told *told = arg;

	ahead.epoch = told->epoch + 1;
	if (w->call == SWARM_ROUTING)
		redis_pool_route(told->pool, &ahead, w->sizes, w->n_flight, "", &answered);
	else
		redis_pool_settle(told->pool, &ahead, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_BEHIND);
}

static void set(struct told *told, unsigned slot, double weight, bool active)
{
	enum analyzer_state to = active ? ANALYZER_ACTIVE : ANALYZER_DISABLED;
	struct membership_change change = { .weight = &weight, .state = &to };
	char id[16];

	snprintf(id, sizeof(id), "a%u", slot);
	assert_int_equal(membership_set(told->pool->client, id, &change, &told->epoch, NULL), 0);
}

static void change(void *arg, const struct swarm *swarm, unsigned slot)
{
	struct told *told = arg;
	char id[16];

	snprintf(id, sizeof(id), "a%u", slot);
	/* coming back at once is no flapping here */
	POOL_DO(told->pool, "DEL", redis_pool_key(told->pool, KEY_FLAPS));
	if (!told->member[slot])
		told->epoch = redis_pool_join(told->pool, id, swarm->weight[slot], TTL_MS);
	else if (!swarm->member[slot])
		assert_int_equal(
			membership_deregister(told->pool->client, id, id, -1, &told->epoch), 0);
	else
		set(told, slot, swarm->weight[slot], swarm->active[slot]);
	memcpy(told->member, swarm->member, sizeof(told->member));
}

/* Its lease runs out, and an election finds that. */
static void bury(void *arg, const struct swarm_worker *w)
{
	const struct swarm *swarm = w->swarm;
	struct told *told = arg;
	unsigned slot = 0;

	while (!swarm->member[slot])
		slot++;
	POOL_DO(told->pool, "ZADD", redis_pool_key(told->pool, KEY_NODES), "1", w->caller.worker);
	set(told, slot, swarm->weight[slot], swarm->active[slot]);
}

static void check(void *arg, const struct swarm *swarm, double tolerance)
{
	struct told *told = arg;
	double held;
	static struct hot hot;

	redis_pool_hot(told->pool, &hot);
	assert_int_equal(hot.n_slots, swarm->pot.n_slots);
	for (unsigned i = 0; i < hot.n_slots; i++) {
		held = 0;
		for (unsigned k = 0; k < swarm->config.n_workers; k++)
			held += swarm->workers[k].holder.taken[i];
		assert_near(hot.share[i], swarm->pot.share[i], 1e-12);
		assert_near(hot.credit[i], swarm->pot.credit[i], tolerance);
		assert_near(hot.held[i], held, tolerance);
		assert_near(hot.routed[i], swarm->pot.routed[i], 0);
		assert_near(hot.delivered[i], swarm->pot.delivered[i], 0);
		assert_near(hot.forgiven[i], swarm->pot.forgiven[i], tolerance);
	}
}

static const struct swarm_backend scripts_backend = { .route = route,
						      .settle = settle,
						      .behind = behind,
						      .change = change,
						      .bury = bury,
						      .check = check };

static uint64_t first_seed(void)
{
	const char *seed = getenv("WEIR_SEED");

	return seed ? strtoull(seed, NULL, 10) : clock_wall_us();
}

static void run_many(void **state, const struct swarm_config *like)
{
	uint64_t seed = first_seed();

	printf("# seeds from %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < RUNS; i++) {
		struct told told = { .pool = *state };
		struct swarm_config config = *like;

		redis_pool_clear(state);
		config.seed = seed + i;
		config.n_steps = STEPS;
		config.n_workers = 1 + i % SWARM_WORKERS;
		config.n_analyzers = 1 + i % 7;
		config.backend = &scripts_backend;
		config.arg = &told;
		swarm_run(&config);
	}
}

static void with_fixed_shares_credit_is_share_times_all_less_routed(void **state)
{
	run_many(state,
		 &(struct swarm_config){ .fixed_shares = true, .catchup_max_messages = 1e12 });
}

static void whoever_comes_goes_or_changes_sums_stay_zero_and_nothing_is_lost(void **state)
{
	run_many(state, &(struct swarm_config){ .catchup_max_messages = 1e12 });
}

static void forgiving_only_hands_credit_around(void **state)
{
	run_many(state, &(struct swarm_config){ .catchup_max_messages = 20 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_fixed_shares_credit_is_share_times_all_less_routed),
		cmocka_unit_test(whoever_comes_goes_or_changes_sums_stay_zero_and_nothing_is_lost),
		cmocka_unit_test(forgiving_only_hands_credit_around),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
