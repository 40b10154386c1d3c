/* register, renew, deregister and set on a real Redis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "registry/scripts.h"
#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

#define TTL_MS 60000
#define WAIT_US (20 * US_PER_S)

static struct registration registration(const char *id, const char *instance, double weight)
{
	return (struct registration){ .id = id,
				      .url = "http://127.0.0.1:9/ingest",
				      .instance = instance,
				      .info = "{\"version\":\"1\"}",
				      .weight = weight,
				      .ttl_ms = TTL_MS };
}

static bool join(struct redis_pool *pool, const char *id, const char *instance, double weight)
{
	struct registration reg = registration(id, instance, weight);
	uint64_t epoch;
	bool created;

	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
	return created;
}

static int renew(struct redis_pool *pool, const char *id, const char *instance, int64_t processed)
{
	uint64_t epoch;
	char fault[64];

	return membership_renew(pool->client, id, instance, processed, &epoch, fault);
}

static int leave(struct redis_pool *pool, const char *id, const char *instance, int64_t processed)
{
	uint64_t epoch;

	return membership_deregister(pool->client, id, instance, processed, &epoch);
}

static void set_weight(struct redis_pool *pool, const char *id, double weight)
{
	struct membership_change change = { .weight = &weight };
	uint64_t epoch;

	assert_int_equal(membership_set(pool->client, id, &change, &epoch, NULL), 0);
}

/* A copy of one analyzer, without what it points to; slot ROSTER_MAX_SLOTS: it is not there. */
static struct analyzer look_up(struct redis_pool *pool, const char *id)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	const struct analyzer *found = roster_find(roster, id);
	struct analyzer a = { .slot = ROSTER_MAX_SLOTS };

	if (found)
		a = *found;
	a.info = NULL;
	return a;
}

static uint64_t settle_idle(struct redis_pool *pool, const char *worker)
{
	struct caller caller = redis_pool_caller(worker, "t");
	struct settle_request request = { .idle = true };
	static struct answered answered;

	caller.number = clock_wall_us();
	redis_pool_settle(pool, &caller, &request, &answered);
	assert_int_equal(answered.answer.status, SETTLEMENT_OK);
	return answered.answer.epoch;
}

static void the_first_registration_creates_the_next_updates(void **state)
{
	struct redis_pool *pool = *state;

	assert_true(join(pool, "a1", "i1", 0.5));
	assert_false(join(pool, "a1", "i2", 0.5));
	assert_true(join(pool, "a2", "i1", 0.5));
	assert_int_equal(look_up(pool, "a1").slot, 0);
	assert_int_equal(look_up(pool, "a2").slot, 1);
	assert_string_equal(look_up(pool, "a1").instance, "i2");
}

static void every_change_raises_the_epoch(void **state)
{
	struct redis_pool *pool = *state;
	struct registration reg = registration("a1", "i", 0.5);
	double weight = 2;
	struct membership_change change = { .weight = &weight };
	uint64_t epochs[3];
	bool created;

	assert_int_equal(membership_register(pool->client, &reg, &created, &epochs[0]), 0);
	assert_int_equal(membership_set(pool->client, "a1", &change, &epochs[1], NULL), 0);
	assert_int_equal(membership_deregister(pool->client, "a1", "i", -1, &epochs[2]), 0);
	assert_true(epochs[0] < epochs[1] && epochs[1] < epochs[2]);
}

static void a_stale_instance_can_neither_renew_nor_leave(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "old", 0.5);
	join(pool, "a1", "new", 0.5);
	assert_int_equal(renew(pool, "a1", "old", 5), MEMBERSHIP_E_TAKEN);
	assert_int_equal(leave(pool, "a1", "old", 5), MEMBERSHIP_E_TAKEN);
	assert_near(look_up(pool, "a1").processed, 0, 0);
	assert_int_equal(renew(pool, "a1", "new", 5), 0);
	assert_int_equal(leave(pool, "a1", "new", 5), 0);
}

static void who_is_not_known_is_told_so(void **state)
{
	struct redis_pool *pool = *state;
	double weight = 1;
	struct membership_change change = { .weight = &weight };
	uint64_t epoch;

	assert_int_equal(renew(pool, "a1", "i", -1), MEMBERSHIP_E_UNKNOWN);
	assert_int_equal(leave(pool, "a1", "i", -1), MEMBERSHIP_E_UNKNOWN);
	assert_int_equal(membership_set(pool->client, "a1", &change, &epoch, NULL),
			 MEMBERSHIP_E_UNKNOWN);
	join(pool, "a1", "i", 0.5);
	assert_int_equal(leave(pool, "a1", "i", -1), 0);
	assert_int_equal(renew(pool, "a1", "i", -1), MEMBERSHIP_E_UNKNOWN);
}

static void a_lease_that_ended_takes_the_share_at_the_next_settle(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch, end = clock_mono_us() + WAIT_US;

	redis_pool_join(pool, "a1", 0.5, TTL_MS);
	epoch = redis_pool_join(pool, "a2", 0.5, 50);
	while (settle_idle(pool, "n1/0") == epoch)
		assert_true(clock_mono_us() < end);
	assert_near(look_up(pool, "a1").share, 1, 0);
	assert_near(look_up(pool, "a2").share, 0, 0);
	assert_int_equal(look_up(pool, "a2").health, HEALTH_DOWN);
}

static void a_heartbeat_prolongs_the_lease_and_takes_it_up_again(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch, end = clock_mono_us() + WAIT_US;

	redis_pool_join(pool, "a1", 0.5, TTL_MS);
	epoch = redis_pool_join(pool, "a2", 0.5, 50);
	while (settle_idle(pool, "n1/0") == epoch)
		assert_true(clock_mono_us() < end);
	assert_int_equal(renew(pool, "a2", "a2", -1), 0);
	assert_near(look_up(pool, "a2").share, 0.5, 0);
	assert_false(join(pool, "a1", "a1", 0.5));
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), "1", "a1");
	assert_true(join(pool, "a1", "a1", 0.5)); /* its lease had run out */
}

static void an_operators_weight_outlives_the_same_declaration(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "i1", 0.5);
	set_weight(pool, "a1", 2);
	join(pool, "a1", "i2", 0.5);
	assert_near(look_up(pool, "a1").weight, 2, 0);
	assert_near(look_up(pool, "a1").declared, 0.5, 0);
	join(pool, "a1", "i3", 0.7);
	assert_near(look_up(pool, "a1").weight, 0.7, 0);
}

static void the_state_and_fault_set_outlive_a_registration(void **state)
{
	struct redis_pool *pool = *state;
	enum analyzer_state draining = ANALYZER_DRAINING;
	struct membership_change change = { .state = &draining, .fault = "slow" };
	uint64_t epoch;
	char fault[64];

	join(pool, "a1", "i1", 0.5);
	assert_int_equal(membership_set(pool->client, "a1", &change, &epoch, NULL), 0);
	join(pool, "a1", "i2", 0.5);
	assert_int_equal(look_up(pool, "a1").state, ANALYZER_DRAINING);
	assert_int_equal(membership_renew(pool->client, "a1", "i2", -1, &epoch, fault), 0);
	assert_string_equal(fault, "slow");
	change = (struct membership_change){ .fault = "" };
	assert_int_equal(membership_set(pool->client, "a1", &change, &epoch, NULL), 0);
	assert_int_equal(membership_renew(pool->client, "a1", "i2", -1, &epoch, fault), 0);
	assert_string_equal(fault, "");
	assert_int_equal(look_up(pool, "a1").state, ANALYZER_DRAINING);
}

static void processed_adds_up_over_instances(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "i1", 0.5);
	assert_int_equal(renew(pool, "a1", "i1", 100), 0);
	assert_int_equal(renew(pool, "a1", "i1", 120), 0);
	assert_near(look_up(pool, "a1").processed, 120, 0);
	join(pool, "a1", "i2", 0.5);
	assert_int_equal(renew(pool, "a1", "i2", -1), 0);
	assert_near(look_up(pool, "a1").processed, 120, 0);
	assert_int_equal(leave(pool, "a1", "i2", 7), 0);
	join(pool, "a1", "i3", 0.5);
	assert_near(look_up(pool, "a1").processed, 127, 0);
	assert_int_equal(renew(pool, "a1", "i3", 1), 0);
	assert_near(look_up(pool, "a1").processed, 128, 0);
}

static void a_large_sum_of_former_instances_is_exact(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "old", 0.5);
	assert_int_equal(renew(pool, "a1", "old", 900719925474000), 0);
	join(pool, "a1", "new", 0.5);
	assert_int_equal(renew(pool, "a1", "new", 91), 0);
	assert_near(look_up(pool, "a1").processed, 900719925474091, 0);
}

static void an_instance_that_registers_again_is_not_counted_twice(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "i1", 0.5);
	assert_int_equal(renew(pool, "a1", "i1", 100), 0);
	join(pool, "a1", "i1", 0.6);
	assert_int_equal(renew(pool, "a1", "i1", 101), 0);
	assert_near(look_up(pool, "a1").processed, 101, 0);
}

static void who_left_keeps_its_slot_and_counters(void **state)
{
	struct redis_pool *pool = *state;
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 10, 10 };
	static struct answered answered;
	struct roster *roster;
	struct hot hot;

	join(pool, "a1", "i", 0.5);
	join(pool, "a2", "i", 0.5);
	redis_pool_route(pool, &caller, sizes, 2, "", &answered);
	assert_int_equal(leave(pool, "a1", "i", 9), 0);
	roster = redis_pool_roster(pool);
	assert_int_equal(roster->n_analyzers, 1);
	assert_int_equal(roster->n_slots, 2);
	assert_near(roster->gone_routed, 10, 0);
	assert_near(roster->gone_processed, 9, 0);
	assert_near(roster->by_slot[1]->share, 1, 0);
	roster_unref(roster);
	assert_true(join(pool, "a1", "i2", 0.5));
	assert_int_equal(look_up(pool, "a1").slot, 0);
	assert_near(look_up(pool, "a1").routed, 10, 0);
	redis_pool_hot(pool, &hot);
	assert_near(hot.credit[0], 0, 0);
}

static void who_leaves_hands_its_credit_to_the_others_by_weight(void **state)
{
	struct redis_pool *pool = *state;
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 10 };
	static struct answered answered;
	struct hot hot;

	join(pool, "a1", "i", 5);
	join(pool, "a2", "i", 3);
	join(pool, "a3", "i", 2);
	redis_pool_route(pool, &caller, sizes, 1, "", &answered);
	assert_int_equal(answered.choices[0], 0); /* credit is now -5, 3, 2 */
	assert_int_equal(leave(pool, "a1", "i", -1), 0);
	redis_pool_hot(pool, &hot);
	assert_near(hot.credit[0], 0, 0);
	assert_near(hot.credit[1], 3 - 5 * 0.6, 1e-12);
	assert_near(hot.credit[2], 2 - 5 * 0.4, 1e-12);
}

static void a_slot_is_used_again_an_hour_after_its_analyzer_left(void **state)
{
	struct redis_pool *pool = *state;
	struct caller caller = redis_pool_caller("n1/0", "t");
	static const uint32_t sizes[] = { 10, 10 };
	static struct answered answered;
	struct roster *roster;

	join(pool, "a1", "i", 0.5);
	join(pool, "a2", "i", 0.5);
	redis_pool_route(pool, &caller, sizes, 2, "", &answered);
	assert_int_equal(leave(pool, "a1", "i", 10), 0);
	join(pool, "a3", "i", 0.5);
	assert_int_equal(look_up(pool, "a3").slot, 2);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), "-1", "a1"); /* it left in 1970 */
	join(pool, "a4", "i", 0.5);
	roster = redis_pool_roster(pool);
	assert_int_equal(roster_find(roster, "a4")->slot, 0);
	assert_near(roster_find(roster, "a4")->routed, 0, 0);
	assert_near(roster->gone_routed, 10, 0);
	roster_unref(roster);
	join(pool, "a1", "i", 0.5);
	assert_int_equal(look_up(pool, "a1").slot, 3);
}

static void a_registration_that_fails_leaves_nothing_behind(void **state)
{
	struct redis_pool *pool = *state;
	struct registration reg = registration("a1", "i", 0.5);
	uint64_t epoch;
	bool created;

	reg.info = "{\"accepts\":";
	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), CLIENT_E_REPLY);
	assert_true(strlen(client_error(pool->client)) > 0);
	join(pool, "a2", "i", 0.5);
	assert_int_equal(look_up(pool, "a2").slot, 0);
	settle_idle(pool, "n1/0");
	assert_true(join(pool, "a1", "i", 0.5));
	assert_int_equal(look_up(pool, "a1").slot, 1);
	assert_near(look_up(pool, "a1").share, 0.5, 0);
}

static void vectors_that_were_lost_alone_are_made_again(void **state)
{
	struct redis_pool *pool = *state;

	join(pool, "a1", "i", 0.5);
	join(pool, "a2", "i", 0.5);
	POOL_DO(pool, "DEL", redis_pool_key(pool, KEY_HOT));
	settle_idle(pool, "n1/0");
	assert_near(look_up(pool, "a1").share, 0.5, 0);
	assert_near(look_up(pool, "a2").share, 0.5, 0);
}

static void values_are_checked_before_they_are_sent(void **state)
{
	char id[ANALYZER_ID_MAX + 2];
	(void)state;

	memset(id, 'x', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	assert_null(membership_check_id("a-1.B_2"));
	assert_non_null(membership_check_id(""));
	assert_non_null(membership_check_id("a/b"));
	assert_non_null(membership_check_id(id));
	assert_null(membership_check_id(id + 1));
	assert_null(membership_check_url("http://h:1/ingest"));
	assert_non_null(membership_check_url("ftp://h/"));
	assert_null(membership_check_weight(0));
	assert_non_null(membership_check_weight(-0.1));
	assert_non_null(membership_check_weight(NAN));
	assert_non_null(membership_check_weight(INFINITY));
	assert_non_null(membership_check_weight(1e7));
}

#define REDIS_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

static void who_knows_the_epoch_is_told_nothing(void **state)
{
	struct redis_pool *pool = *state;
	struct script_args args = { 0 };
	uint64_t epoch = redis_pool_join(pool, "a1", 1, 10000);
	redisReply *reply = NULL;

	script_arg_int(&args, (int64_t)epoch);
	assert_int_equal(client_eval(pool->client, SCRIPT_ROSTER, &args, &reply), 0);
	assert_int_equal(reply->type, REDIS_REPLY_STRING);
	assert_int_equal(reply->len, 0);
	freeReplyObject(reply);
	redis_pool_join(pool, "a2", 1, 10000);
	assert_int_equal(client_eval(pool->client, SCRIPT_ROSTER, &args, &reply), 0);
	assert_true(reply->len > 0);
	freeReplyObject(reply);
}

/* What registering as `instance` of a process that started then gives. */
static int come(struct redis_pool *pool, const char *instance, const char *info)
{
	struct registration reg = { .id = "a1",
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = instance,
				    .info = info,
				    .weight = 1,
				    .ttl_ms = 60000 };
	uint64_t epoch;
	bool created;

	return membership_register(pool->client, &reg, &created, &epoch);
}

static void a_registration_that_comes_late_does_no_harm(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t epoch;
	char fault[64];

	assert_int_equal(come(pool, "new", "{\"started_ms\":2000}"), 0);
	assert_int_equal(come(pool, "old", "{\"started_ms\":1000}"), MEMBERSHIP_E_TAKEN);
	assert_int_equal(come(pool, "new", "{\"started_ms\":2000}"), 0);
	assert_int_equal(membership_renew(pool->client, "a1", "new", -1, &epoch, fault), 0);
	assert_int_equal(membership_deregister(pool->client, "a1", "new", -1, &epoch), 0);
	assert_int_equal(come(pool, "new", "{\"started_ms\":2000}"), MEMBERSHIP_E_TAKEN);
	assert_int_equal(come(pool, "old", "{\"started_ms\":1000}"), MEMBERSHIP_E_TAKEN);
	assert_int_equal(come(pool, "next", "{\"started_ms\":3000}"), 0);
	assert_int_equal(come(pool, "a person's", "{}"), 0);
}

/* Clocks differ: it may only seem to be older. */
static void an_older_process_is_let_in_once_the_younger_one_is_gone(void **state)
{
	struct redis_pool *pool = *state;

	assert_int_equal(come(pool, "new", "{\"started_ms\":2000}"), 0);
	POOL_DO(pool, "ZADD", redis_pool_key(pool, KEY_EXPIRES), "1", "a1");
	assert_int_equal(come(pool, "old", "{\"started_ms\":1000}"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REDIS_TEST(the_first_registration_creates_the_next_updates),
		REDIS_TEST(every_change_raises_the_epoch),
		REDIS_TEST(a_stale_instance_can_neither_renew_nor_leave),
		REDIS_TEST(who_is_not_known_is_told_so),
		REDIS_TEST(who_knows_the_epoch_is_told_nothing),
		REDIS_TEST(a_lease_that_ended_takes_the_share_at_the_next_settle),
		REDIS_TEST(a_heartbeat_prolongs_the_lease_and_takes_it_up_again),
		REDIS_TEST(an_operators_weight_outlives_the_same_declaration),
		REDIS_TEST(the_state_and_fault_set_outlive_a_registration),
		REDIS_TEST(processed_adds_up_over_instances),
		REDIS_TEST(a_large_sum_of_former_instances_is_exact),
		REDIS_TEST(an_instance_that_registers_again_is_not_counted_twice),
		REDIS_TEST(a_registration_that_comes_late_does_no_harm),
		REDIS_TEST(an_older_process_is_let_in_once_the_younger_one_is_gone),
		REDIS_TEST(who_left_keeps_its_slot_and_counters),
		REDIS_TEST(who_leaves_hands_its_credit_to_the_others_by_weight),
		REDIS_TEST(a_slot_is_used_again_an_hour_after_its_analyzer_left),
		REDIS_TEST(a_registration_that_fails_leaves_nothing_behind),
		REDIS_TEST(vectors_that_were_lost_alone_are_made_again),
		cmocka_unit_test(values_are_checked_before_they_are_sent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
