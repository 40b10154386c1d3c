/* The revision of an analyzer: it changes with what operators see and set, and guards it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "t/unit/near.h"
#include "t/unit/redis_pool.h"

static void join(struct redis_pool *pool, const char *instance, double weight)
{
	struct registration reg = { .id = "a1",
				    .url = "http://127.0.0.1:9/ingest",
				    .instance = instance,
				    .info = "{}",
				    .weight = weight,
				    .ttl_ms = 60000 };
	uint64_t epoch;
	bool created;

	assert_int_equal(membership_register(pool->client, &reg, &created, &epoch), 0);
}

static struct analyzer look_up(struct redis_pool *pool)
{
	struct roster *roster CLEANUP(roster_unrefp) = redis_pool_roster(pool);
	const struct analyzer *found = roster_find(roster, "a1");
	struct analyzer a;

	assert_non_null(found);
	a = *found;
	a.info = NULL;
	return a;
}

static int set(struct redis_pool *pool, struct membership_change change, uint64_t *revisionp)
{
	uint64_t epoch;

	return membership_set(pool->client, "a1", &change, &epoch, revisionp);
}

static void each_change_by_an_operator_raises_it(void **state)
{
	struct redis_pool *pool = *state;
	enum analyzer_state draining = ANALYZER_DRAINING;
	double weight = 2;
	const struct membership_change changes[] = {
		{ .weight = &weight }, { .state = &draining }, { .fault = "down" }, { .fault = "" }
	};
	uint64_t before, now;

	join(pool, "i", 1);
	before = look_up(pool).revision;
	assert_true(before > 0);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		assert_int_equal(set(pool, changes[i], &now), 0);
		assert_true(now > before);
		assert_int_equal(look_up(pool).revision, now);
		before = now;
	}
}

static void only_a_registration_that_changes_the_weight_raises_it(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t before, epoch;
	char fault[64];

	join(pool, "i1", 1);
	assert_int_equal(set(pool, (struct membership_change){ .fault = "slow" }, &before), 0);
	join(pool, "i2", 1);
	assert_int_equal(membership_renew(pool->client, "a1", "i2", 5, &epoch, fault), 0);
	assert_int_equal(look_up(pool).revision, before);
	join(pool, "i3", 1.5);
	assert_true(look_up(pool).revision > before);
}

static void who_left_and_comes_back_does_not_have_it_again(void **state)
{
	struct redis_pool *pool = *state;
	uint64_t before, epoch;

	join(pool, "i1", 1);
	before = look_up(pool).revision;
	assert_int_equal(membership_deregister(pool->client, "a1", "i1", -1, &epoch), 0);
	join(pool, "i2", 1);
	assert_true(look_up(pool).revision > before);
}

static void a_change_for_another_revision_changes_nothing(void **state)
{
	struct redis_pool *pool = *state;
	double weight = 2, other = 3;
	struct membership_change change = { .weight = &other };
	uint64_t first, second, told;
	char revisions[64];

	join(pool, "i", 1);
	first = look_up(pool).revision;
	assert_int_equal(set(pool, (struct membership_change){ .weight = &weight }, &second), 0);
	snprintf(revisions, sizeof(revisions), "%llu", (unsigned long long)first);
	change.if_revisions = revisions;
	assert_int_equal(set(pool, change, &told), MEMBERSHIP_E_CHANGED);
	assert_int_equal(told, second);
	change.if_revisions = "";
	assert_int_equal(set(pool, change, &told), MEMBERSHIP_E_CHANGED);
	assert_near(look_up(pool).weight, 2, 0);
	assert_int_equal(look_up(pool).revision, second);
	snprintf(revisions, sizeof(revisions), "%llu,%llu", (unsigned long long)first,
		 (unsigned long long)second);
	change.if_revisions = revisions;
	assert_int_equal(set(pool, change, &told), 0);
	assert_near(look_up(pool).weight, 3, 0);
	assert_true(told > second);
}

static void it_outlives_an_emptied_registry_with_the_fault(void **state)
{
	struct redis_pool *pool = *state;
	double weight = 2;
	struct membership_change change = { .weight = &weight, .fault = "slow:20" };
	struct roster *known CLEANUP(roster_unrefp) = NULL;
	uint64_t before, now;

	join(pool, "i", 1);
	assert_int_equal(set(pool, change, &before), 0);
	known = redis_pool_roster(pool);
	POOL_DO(pool, "FLUSHALL");
	assert_int_equal(membership_restore(pool->client, &pool->keys, known), 0);
	assert_int_equal(look_up(pool).revision, before);
	assert_string_equal(look_up(pool).fault, "slow:20");
	assert_int_equal(set(pool, change, &now), 0);
	assert_true(now > before);
}

#define REDIS_TEST(f) cmocka_unit_test_setup(f, redis_pool_clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REDIS_TEST(each_change_by_an_operator_raises_it),
		REDIS_TEST(only_a_registration_that_changes_the_weight_raises_it),
		REDIS_TEST(who_left_and_comes_back_does_not_have_it_again),
		REDIS_TEST(a_change_for_another_revision_changes_nothing),
		REDIS_TEST(it_outlives_an_emptied_registry_with_the_fault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, redis_pool_setup, redis_pool_teardown);
}
