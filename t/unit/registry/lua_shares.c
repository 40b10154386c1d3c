/* Who is eligible, with what share, and what brings it back: lua/lib/elect.lua on a real Redis. */
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

#define TTL_MS 60000
#define WAIT_US (20 * US_PER_S)
#define HEADER_VALID_UNTIL 3
#define HEADER_SEEN 4

static struct answered answered;

static void assert_shares(struct redis_pool *pool, double a1, double a2, double a3)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);

	assert_near(roster_find(roster, "a1")->share, a1, 1e-12);
	assert_near(roster_find(roster, "a2")->share, a2, 1e-12);
	assert_near(roster_find(roster, "a3")->share, a3, 1e-12);
}

static enum analyzer_health health(struct redis_pool *pool, const char *id)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);

	return roster_find(roster, id)->health;
}

static void set(struct redis_pool *pool, const char *id, const double *weight,
		const enum analyzer_state *to)
{
	struct membership_change change = { .weight = weight, .state = to };
	uint64_t epoch;

	assert_int_equal(membership_set(pool->client, id, &change, &epoch, NULL), 0);
}

/* A worker that reports what it cannot reach. */
static uint64_t report(struct redis_pool *pool, const char *worker, const char *token,
		       const char *unreachable)
{
	struct caller caller = redis_pool_caller(worker, token);
	struct settle_request request = { .unreachable = unreachable };

	caller.number = clock_wall_us();
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	return answered.answer.epoch;
}

static void shares_follow_weights(void **state)
{
	assert_shares(*state, 0.5, 0.3, 0.2);
}

static void who_drains_or_is_disabled_takes_no_share(void **state)
{
	enum analyzer_state draining = ANALYZER_DRAINING, disabled = ANALYZER_DISABLED,
			    active = ANALYZER_ACTIVE;

	set(*state, "a1", NULL, &draining);
	assert_shares(*state, 0, 0.6, 0.4);
	set(*state, "a2", NULL, &disabled);
	assert_shares(*state, 0, 0, 1);
	set(*state, "a1", NULL, &active);
	set(*state, "a2", NULL, &active);
	assert_shares(*state, 0.5, 0.3, 0.2);
}

static void all_weights_zero_is_equal_shares(void **state)
{
	double zero = 0;

	set(*state, "a1", &zero, NULL);
	assert_shares(*state, 0, 0.6, 0.4);
	set(*state, "a2", &zero, NULL);
	set(*state, "a3", &zero, NULL);
	assert_shares(*state, 1.0 / 3, 1.0 / 3, 1.0 / 3);
}

static void one_that_no_live_worker_reaches_takes_no_share(void **state)
{
	report(*state, "n1/0", "t", "0");
	assert_shares(*state, 0, 0.6, 0.4);
	assert_int_equal(health(*state, "a1"), HEALTH_DOWN);
	report(*state, "n1/0", "t", "");
	assert_shares(*state, 0.5, 0.3, 0.2);
	assert_int_equal(health(*state, "a1"), HEALTH_UP);
}

static void one_that_some_worker_reaches_keeps_its_share(void **state)
{
	uint64_t before;

	report(*state, "n2/0", "t", "");
	before = report(*state, "n1/0", "t", "0,2");
	assert_int_equal(report(*state, "n1/0", "t", "0,2"), before);
	assert_shares(*state, 0.5, 0.3, 0.2);
	assert_int_equal(health(*state, "a1"), HEALTH_SUSPECT);
	assert_int_equal(health(*state, "a2"), HEALTH_UP);
	report(*state, "n2/0", "t", "0");
	assert_shares(*state, 0, 0.6, 0.4);
	assert_int_equal(health(*state, "a1"), HEALTH_DOWN);
	assert_int_equal(health(*state, "a3"), HEALTH_SUSPECT);
}

static void one_that_is_tried_again_keeps_its_share_and_windows_are_short(void **state)
{
	struct settle_request request = { .unreachable = "~0" };
	struct caller caller = redis_pool_caller("n1/0", "t");
	static struct answered answered;

	redis_pool_settle(*state, &caller, &request, &answered);
	assert_shares(*state, 0.5, 0.3, 0.2);
	assert_int_equal(health(*state, "a1"), HEALTH_SUSPECT);
	assert_int_equal(answered.answer.window_max_us, answered.answer.window_us);
	report(*state, "n2/0", "t", "0");
	assert_shares(*state, 0.5, 0.3, 0.2);
	report(*state, "n2/0", "t", "");
	request.unreachable = "";
	caller.number = 1000;
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(health(*state, "a1"), HEALTH_UP);
	assert_true(answered.answer.window_max_us > answered.answer.window_us);
}

static void where_nothing_can_be_reached_all_keep_their_shares(void **state)
{
	report(*state, "n1/0", "t", "0,1,2");
	assert_shares(*state, 0.5, 0.3, 0.2);
}

static void a_dead_workers_report_is_void(void **state)
{
	report(*state, "n2/0", "t", "");
	report(*state, "n1/0", "t", "0");
	POOL_DO(*state, "ZADD", redis_pool_key(*state, KEY_NODES), "1", "n2/0");
	report(*state, "n1/0", "t", "0,2");
	assert_shares(*state, 0, 1, 0);
	report(*state, "n2/0", "t", "2"); /* it was only cut off */
	assert_shares(*state, 0.625, 0.375, 0);
}

static void a_restarted_workers_old_report_is_void(void **state)
{
	report(*state, "n1/0", "before", "0");
	assert_shares(*state, 0, 0.6, 0.4);
	report(*state, "n1/0", "after", "");
	assert_shares(*state, 0.5, 0.3, 0.2);
	assert_int_equal(health(*state, "a1"), HEALTH_UP);
}

static void a_worker_that_joins_and_reaches_it_brings_it_back(void **state)
{
	report(*state, "n1/0", "t", "0");
	assert_shares(*state, 0, 0.6, 0.4);
	report(*state, "n2/0", "t", "");
	assert_shares(*state, 0.5, 0.3, 0.2);
	assert_int_equal(health(*state, "a1"), HEALTH_SUSPECT);
}

static double share_of(struct redis_pool *pool, const char *id)
{
	struct roster *roster;
	double share;

	report(pool, "n1/0", "t", "");
	roster = redis_pool_roster(pool);
	share = roster_find(roster, id)->share;
	roster_unref(roster);
	return share;
}

static void join_slowly(struct redis_pool *pool, const char *id, const char *info)
{
	struct registration reg = { .id = id,
				    .url = "http://h/",
				    .instance = "i",
				    .info = info,
				    .weight = 10,
				    .ttl_ms = TTL_MS };
	uint64_t epoch;
	bool created;

	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
}

static void a_slow_start_begins_with_a_twentieth(void **state)
{
	join_slowly(*state, "a4", "{\"slow_start_ms\":3600000}");
	assert_near(share_of(*state, "a4"), 0.5 / 10.5, 1e-9);
}

/* How many steps are seen depends on the machine. That each is a twentieth of the weight does not. */
static void a_slow_start_ramps_up(void **state)
{
	uint64_t end = clock_mono_us() + WAIT_US;
	double share, before = 0;

	join_slowly(*state, "a4", "{\"slow_start_ms\":400}");
	do {
		double weight;

		share = share_of(*state, "a4");
		assert_true(share >= before);
		weight = 10 * share / (1 - share);
		assert_near(weight * 2, round(weight * 2), 1e-6);
		before = share;
		assert_true(clock_mono_us() < end);
	} while (share < 0.5);
	assert_near(share, 0.5, 1e-9);
}

static void behind_changes_nothing(void **state)
{
	struct settlement_delta delta = { .credit = 0, .routed = 7 };
	struct settle_request request = { .deltas = &delta, .n_slots = 1 };
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 3 };
	struct hot before, after;

	redis_pool_hot(*state, &before);
	caller.epoch = 1000;
	redis_pool_settle(*state, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_BEHIND);
	assert_true(answered.answer.epoch < 1000);
	redis_pool_route(*state, &caller, sizes, 1, "", &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_BEHIND);
	redis_pool_hot(*state, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

static int64_t restore(struct redis_pool *pool, const struct analyzer *a, uint64_t floor)
{
	struct script_args args;
	redisReply *reply;
	int64_t epoch;

	membership_restore_args(a, floor, &args);
	assert_int_equal(client_eval(pool->client, SCRIPT_REGISTER, &args, &reply), 0);
	epoch = reply->element[1]->integer;
	freeReplyObject(reply);
	return epoch;
}

static void an_emptied_redis_is_filled_as_it_was(void **state)
{
	struct redis_pool *pool = *state;
	enum analyzer_state draining = ANALYZER_DRAINING;
	struct roster *before CLEANUP(roster_unrefp) = NULL;
	struct roster *after CLEANUP(roster_unrefp) = NULL;
	double weight = 7;
	int64_t epoch = 0;

	set(pool, "a3", &weight, &draining);
	before = redis_pool_roster(pool);
	redis_pool_clear(state);
	for (int i = 2; i >= 0; i--) /* in any order */
		epoch = restore(pool, &before->analyzers[i], before->epoch);
	assert_true(epoch > (int64_t)before->epoch);
	after = redis_pool_roster(pool);
	assert_int_equal(after->n_analyzers, 3);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(after->analyzers[i].url, before->analyzers[i].url);
		assert_string_equal(after->analyzers[i].instance, before->analyzers[i].instance);
		assert_int_equal(after->analyzers[i].slot, before->analyzers[i].slot);
		assert_int_equal(after->analyzers[i].state, before->analyzers[i].state);
		assert_int_equal(after->analyzers[i].ttl_ms, TTL_MS);
		assert_near(after->analyzers[i].weight, before->analyzers[i].weight, 0);
		assert_near(after->analyzers[i].declared, before->analyzers[i].declared, 0);
		assert_near(after->analyzers[i].share, before->analyzers[i].share, 1e-12);
	}
}

static void a_restore_leaves_alone_what_is_there(void **state)
{
	struct redis_pool *pool = *state;
	struct roster *before CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	struct analyzer stale = before->analyzers[0];
	uint64_t epoch = before->epoch;

	stale.weight = 99;
	strcpy(stale.instance, "stale");
	assert_int_equal(restore(pool, &stale, epoch), epoch);
	assert_shares(pool, 0.5, 0.3, 0.2);
	assert_int_equal(membership_deregister(pool->client, "a1", "a1", -1, &epoch), 0);
	assert_int_equal(restore(pool, &stale, 0), epoch); /* nor does it bring back who left */
	assert_true(restore(pool, &before->analyzers[1], 1000) >= 1000);
}

static void only_a_registry_that_is_behind_is_restored(void **state)
{
	struct redis_pool *pool = *state;
	struct roster *known CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	struct roster *after CLEANUP(roster_unrefp) = NULL;

	assert_int_equal(membership_restore(pool->client, &pool->keys, known), 0);
	after = redis_pool_roster(pool);
	assert_int_equal(after->epoch, known->epoch);
	roster_unref(after);
	redis_pool_clear(state);
	known->analyzers[1].lease_ms = 0; /* it was dead */
	assert_int_equal(membership_restore(pool->client, &pool->keys, known), 0);
	after = redis_pool_roster(pool);
	assert_true(after->epoch > known->epoch);
	assert_non_null(roster_find(after, "a1"));
	assert_null(roster_find(after, "a2"));
	assert_near(roster_find(after, "a3")->share, 2.0 / 7, 1e-12);
}

static void leases_that_ended_while_redis_was_away_get_one_more_heartbeat(void **state)
{
	struct redis_pool *pool = *state;
	struct hot hot;
	char ended[32];

	report(pool, "n1/0", "t", "");
	redis_pool_hot(pool, &hot);
	/* nothing ran for 10 s, and a1's lease ended 4 s ago; a2's had ended before */
	redis_pool_set_header(pool, HEADER_SEEN, hot.seen_ms - 10000);
	redis_pool_set_header(pool, HEADER_VALID_UNTIL, hot.seen_ms - 4000);
	snprintf(ended, sizeof(ended), "%.0f", hot.seen_ms - 4000);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), ended, "a1");
	snprintf(ended, sizeof(ended), "%.0f", hot.seen_ms - 11000);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), ended, "a2");
	report(pool, "n1/0", "t", "");
	assert_shares(pool, 5.0 / 7, 0, 2.0 / 7);
}

static void a_lease_that_ends_while_redis_is_there_gets_none(void **state)
{
	struct redis_pool *pool = *state;
	struct hot hot;
	char ended[32];

	report(pool, "n1/0", "t", "");
	redis_pool_hot(pool, &hot);
	redis_pool_set_header(pool, HEADER_VALID_UNTIL, hot.seen_ms);
	snprintf(ended, sizeof(ended), "%.0f", hot.seen_ms);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), ended, "a1");
	report(pool, "n1/0", "t", "");
	assert_shares(pool, 0, 0.6, 0.4);
}

#define SHARES_TEST(f) cmocka_unit_test_setup(f, redis_pool_three)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARES_TEST(shares_follow_weights),
		SHARES_TEST(who_drains_or_is_disabled_takes_no_share),
		SHARES_TEST(all_weights_zero_is_equal_shares),
		SHARES_TEST(one_that_no_live_worker_reaches_takes_no_share),
		SHARES_TEST(one_that_some_worker_reaches_keeps_its_share),
		SHARES_TEST(one_that_is_tried_again_keeps_its_share_and_windows_are_short),
		SHARES_TEST(where_nothing_can_be_reached_all_keep_their_shares),
		SHARES_TEST(a_dead_workers_report_is_void),
		SHARES_TEST(a_restarted_workers_old_report_is_void),
		SHARES_TEST(a_worker_that_joins_and_reaches_it_brings_it_back),
		SHARES_TEST(a_slow_start_begins_with_a_twentieth),
		SHARES_TEST(a_slow_start_ramps_up),
		SHARES_TEST(behind_changes_nothing),
		SHARES_TEST(an_emptied_redis_is_filled_as_it_was),
		SHARES_TEST(a_restore_leaves_alone_what_is_there),
		SHARES_TEST(only_a_registry_that_is_behind_is_restored),
		SHARES_TEST(leases_that_ended_while_redis_was_away_get_one_more_heartbeat),
		SHARES_TEST(a_lease_that_ends_while_redis_is_there_gets_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
