/* Windows of time over totals, and what was due in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "registry/history.h"
#include "t/unit/near.h"

struct pool {
	struct history history;
	struct analyzer analyzers[2];
	struct roster roster;
	uint64_t at_ms;
};

/* a in slot 0 with 3/4, b in slot 1 with 1/4 */
static struct pool *pool_new(void)
{
	static struct pool pool;

	pool = (struct pool){ .at_ms = 1000 };
	pool.analyzers[0] = (struct analyzer){ .slot = 0, .share = 0.75 };
	pool.analyzers[1] = (struct analyzer){ .slot = 1, .share = 0.25 };
	pool.roster =
		(struct roster){ .n_slots = 2, .n_analyzers = 2, .analyzers = pool.analyzers };
	assert_int_equal(history_init(&pool.history), 0);
	return &pool;
}

/* After so much time these many messages more. */
static void pass(struct pool *pool, uint64_t ms, double a, double b)
{
	static const struct history_extra none;

	pool->at_ms += ms;
	pool->analyzers[0].routed += a;
	pool->analyzers[1].routed += b;
	assert_int_equal(history_push(&pool->history, &pool->roster, &none, pool->at_ms), 0);
}

static double error_since(const struct pool *pool, uint64_t age_ms, unsigned slot)
{
	struct history_amount from = history_of(history_before(&pool->history, age_ms), slot);
	struct history_amount to = history_of(history_now(&pool->history), slot);

	return (to.routed - from.routed) - (to.due - from.due);
}

static void what_is_due_follows_the_share(void **state)
{
	struct pool *pool = pool_new();
	(void)state;

	pass(pool, 0, 0, 0);
	pass(pool, 1000, 75, 25);
	assert_near(error_since(pool, 10000, 0), 0, 1e-9);
	pass(pool, 1000, 70, 30);
	assert_near(error_since(pool, 10000, 0), -5, 1e-9);
	assert_near(error_since(pool, 10000, 1), 5, 1e-9);
	history_deinit(&pool->history);
}

static void each_stretch_has_the_shares_that_held_in_it(void **state)
{
	struct pool *pool = pool_new();
	(void)state;

	pass(pool, 0, 0, 0);
	pass(pool, 1000, 75, 25);
	pool->analyzers[0].share = 0.5;
	pool->analyzers[1].share = 0.5;
	pass(pool, 1000, 75, 25); /* routed by the old ones: they are new as of now */
	pass(pool, 1000, 50, 50);
	assert_near(error_since(pool, 10000, 0), 0, 1e-9);
	history_deinit(&pool->history);
}

static void a_steady_window_begins_after_the_last_change_of_shares(void **state)
{
	struct pool *pool = pool_new();
	uint64_t changed_ms;
	(void)state;

	for (int i = 0; i < 70; i++)
		pass(pool, 1000, 75, 25);
	assert_ptr_equal(history_steady(&pool->history, 60000),
			 history_before(&pool->history, 60000));
	pool->analyzers[0].share = 0.5;
	pool->analyzers[1].share = 0.5;
	pass(pool, 1000, 75, 25);
	changed_ms = pool->at_ms;
	assert_null(history_steady(&pool->history, 60000));
	pass(pool, 1000, 100, 0); /* settled late */
	for (int i = 0; i < 20; i++)
		pass(pool, 1000, 50, 50);
	assert_int_equal(history_steady(&pool->history, 60000)->at_ms, changed_ms + HISTORY_LAG_MS);
	assert_int_equal(history_steady(&pool->history, 10000)->at_ms, pool->at_ms - 10000);
	history_deinit(&pool->history);
}

static void a_window_begins_where_it_should(void **state)
{
	struct pool *pool = pool_new();
	(void)state;

	for (int i = 0; i < 900; i++)
		pass(pool, 1000, 3, 1);
	assert_int_equal(pool->at_ms - history_before(&pool->history, 10000)->at_ms, 10000);
	assert_int_equal(pool->at_ms - history_before(&pool->history, 60000)->at_ms, 60000);
	assert_in_range(pool->at_ms - history_before(&pool->history, 600000)->at_ms, 600000,
			610000);
	assert_in_range(pool->at_ms - history_before(&pool->history, 1u << 30)->at_ms, 600000,
			640000);
	history_deinit(&pool->history);
}

static void samples_are_listed_once_from_old_to_new(void **state)
{
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	struct pool *pool = pool_new();
	unsigned n;
	(void)state;

	for (int i = 0; i < 700; i++)
		pass(pool, 1000, 1, 1);
	n = history_list(&pool->history, list);
	for (unsigned i = 1; i < n; i++)
		assert_true(list[i]->at_ms > list[i - 1]->at_ms);
	assert_in_range(n, 110, 128);
	assert_in_range(list[n - 1]->at_ms - list[0]->at_ms, 600000, 640000);
	history_deinit(&pool->history);
}

static void samples_that_come_in_haste_make_no_rates(void **state)
{
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	struct pool *pool = pool_new();
	(void)state;

	pass(pool, 0, 0, 0);
	pass(pool, 1000, 75, 25);
	pool->analyzers[0].share = pool->analyzers[1].share = 0.5;
	pass(pool, 20, 3, 1); /* at once, as shares have changed */
	pass(pool, 980, 48, 48);
	assert_int_equal(history_list(&pool->history, list), 3);
	assert_int_equal(list[2]->at_ms - list[1]->at_ms, 1000);
	assert_near(error_since(pool, 10000, 0), 0, 1e-9);
	history_deinit(&pool->history);
}

static void who_joins_had_nothing_before(void **state)
{
	struct pool *pool = pool_new();
	(void)state;

	pool->roster.n_analyzers = pool->roster.n_slots = 1;
	pool->analyzers[0].share = 1;
	pass(pool, 0, 0, 0);
	pass(pool, 1000, 100, 0);
	pool->roster.n_analyzers = pool->roster.n_slots = 2;
	pool->analyzers[0].share = 0.5;
	pool->analyzers[1].share = 0.5;
	pass(pool, 0, 0, 0);
	pass(pool, 1000, 10, 10);
	assert_near(error_since(pool, 10000, 0), 0, 1e-9);
	assert_near(error_since(pool, 10000, 1), 0, 1e-9);
	history_deinit(&pool->history);
}

static void totals_that_were_lost_begin_it_anew(void **state)
{
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	struct pool *pool = pool_new();
	(void)state;

	pass(pool, 0, 3000, 1000);
	pass(pool, 1000, 300, 100);
	pass(pool, 1000, -1, 1); /* a refund is no loss */
	assert_int_equal(history_list(&pool->history, list), 3);
	pool->analyzers[0].routed = pool->analyzers[1].routed = 0;
	pass(pool, 1000, 5, 5);
	assert_int_equal(history_list(&pool->history, list), 1);
	assert_near(error_since(pool, 10000, 0), 0, 1e-9);
	history_deinit(&pool->history);
}

static void what_is_settled_after_an_outage_is_due_by_the_shares_before_it(void **state)
{
	const struct history_sample *list[HISTORY_FINE + HISTORY_COARSE];
	struct pool *pool = pool_new();
	unsigned n;
	(void)state;

	for (int i = 0; i < 20; i++)
		pass(pool, 1000, 75, 25);
	history_away(&pool->history);
	pool->analyzers[0].share = pool->analyzers[1].share =
		0; /* their leases ran out meanwhile */
	pass(pool, 60000, 0, 0);
	pool->analyzers[0].share = 1; /* the first of them is back */
	pass(pool, 1000, 4500, 1500); /* settled at once */
	pool->analyzers[0].share = 0.75;
	pool->analyzers[1].share = 0.25;
	for (int i = 0; i < 6; i++)
		pass(pool, 1000, 75, 25);
	assert_near(error_since(pool, 600000, 0), 0, 1e-6);
	assert_near(error_since(pool, 600000, 1), 0, 1e-6);
	n = history_list(&pool->history, list);
	for (unsigned i = 1; i < n; i++) /* no spike */
		assert_true(1000 * (list[i]->routed - list[i - 1]->routed) <=
			    101.0 * (double)(list[i]->at_ms - list[i - 1]->at_ms));
	history_deinit(&pool->history);
}

static void who_comes_back_brings_no_messages_along(void **state)
{
	struct pool *pool = pool_new();
	(void)state;

	pass(pool, 0, 0, 5000);
	pool->roster.n_analyzers = 1; /* b has left before, seen or not */
	pool->roster.gone_routed = 5000;
	pool->analyzers[0].share = 1;
	pass(pool, 1000, 0, 0);
	pass(pool, 1000, 100, 0);
	pool->roster.n_analyzers = 2;
	pool->roster.gone_routed = 0;
	pool->analyzers[0].share = 0.5;
	pool->analyzers[1].share = 0.5;
	pass(pool, 1000, 0, 0);
	pass(pool, 1000, 50, 50);
	assert_near(error_since(pool, 10000, 1), 0, 1e-6);
	history_deinit(&pool->history);

	pool = pool_new(); /* this history began after it had left */
	pool->roster.n_analyzers = 1;
	pool->roster.gone_routed = 5000;
	pool->analyzers[0].share = 1;
	pool->analyzers[1].routed = 5000;
	pass(pool, 0, 0, 0);
	pool->roster.n_analyzers = 2;
	pool->roster.gone_routed = 0;
	pool->analyzers[0].share = 0.5;
	pool->analyzers[1].share = 0.5;
	pass(pool, 1000, 0, 0);
	pass(pool, 1000, 50, 50);
	assert_near(error_since(pool, 10000, 0), 0, 1e-6);
	assert_near(error_since(pool, 10000, 1), 0, 1e-6);
	history_deinit(&pool->history);
}

static void who_gets_the_slot_of_another_begins_at_nothing(void **state)
{
	struct pool *pool = pool_new();
	struct history_amount before;
	(void)state;

	strcpy(pool->analyzers[0].id, "a");
	strcpy(pool->analyzers[1].id, "b");
	pass(pool, 0, 0, 0);
	pass(pool, 1000, 7500, 2500);
	pool->roster.gone_routed = 2500; /* b is gone, and c has its slot */
	strcpy(pool->analyzers[1].id, "c");
	pool->analyzers[1].routed = 0;
	pool->analyzers[1].share = 0;
	pass(pool, 1000, 100, 0);
	pool->analyzers[1].share = 0.25;
	pass(pool, 1000, 100, 0);
	pass(pool, 1000, 75, 25);
	for (uint64_t age_ms = 1000; age_ms <= 600000; age_ms += 1000) {
		before = history_of(history_before(&pool->history, age_ms), 1);
		assert_near(before.routed, 0, 0);
		assert_near(before.due, 0, 0);
	}
	assert_near(history_of(history_now(&pool->history), 1).routed, 25, 0);
	assert_near(error_since(pool, 600000, 1), 0, 1e-9);
	assert_near(error_since(pool, 600000, 0), 50, 1e-9); /* of the 200 while c came */
	history_deinit(&pool->history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_follows_the_share),
		cmocka_unit_test(each_stretch_has_the_shares_that_held_in_it),
		cmocka_unit_test(a_steady_window_begins_after_the_last_change_of_shares),
		cmocka_unit_test(a_window_begins_where_it_should),
		cmocka_unit_test(samples_are_listed_once_from_old_to_new),
		cmocka_unit_test(samples_that_come_in_haste_make_no_rates),
		cmocka_unit_test(who_joins_had_nothing_before),
		cmocka_unit_test(totals_that_were_lost_begin_it_anew),
		cmocka_unit_test(what_is_settled_after_an_outage_is_due_by_the_shares_before_it),
		cmocka_unit_test(who_comes_back_brings_no_messages_along),
		cmocka_unit_test(who_gets_the_slot_of_another_begins_at_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
