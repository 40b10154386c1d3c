#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/route/ledger.h"
#include "t/unit/near.h"

#define NO_LIMIT 1e12
#define EPSILON 1e-9

static const double half_third_fifth[] = { 0.5, 0.3, 0.2 };
static const bool all[ROSTER_MAX_SLOTS] = { [0 ... ROSTER_MAX_SLOTS - 1] = true };
static const bool none[ROSTER_MAX_SLOTS];

/* One for each test; too big for the stack of a test. */
static struct ledger l;

static int setup(void **state)
{
	(void)state;
	ledger_init(&l, NO_LIMIT);
	ledger_set_shares(&l, 3, half_third_fifth, NULL);
	return 0;
}

static void assert_credit(double a, double b, double c)
{
	assert_near(l.credit[0], a, EPSILON);
	assert_near(l.credit[1], b, EPSILON);
	assert_near(l.credit[2], c, EPSILON);
}

static double sum(void)
{
	double total = 0;

	for (unsigned i = 0; i < ROSTER_MAX_SLOTS; i++)
		total += l.credit[i];
	return total;
}

static void done(const double *taken, unsigned n)
{
	struct settlement_answer answer = { .packed = (const char *)taken, .n_packed = n };

	ledger_done(&l, &answer);
}

static void packets_follow_the_shares_by_messages(void **state)
{
	double got[3] = { 0 }, n = 0;
	(void)state;

	for (unsigned i = 0; i < 10000; i++) {
		unsigned size = 1 + i * 7 % 9;
		int slot = ledger_route(&l, size, all);

		got[slot] += size;
		n += size;
		for (unsigned k = 0; k < 3; k++)
			assert_near(got[k], half_third_fifth[k] * n, 9);
		assert_near(sum(), 0, EPSILON * n);
	}
}

static void the_first_packets_spread_as_smooth_round_robin_does(void **state)
{
	static const int order[] = { 0, 1, 2, 0, 0, 1, 0, 2, 1, 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		assert_int_equal(ledger_route(&l, 1, all), order[i]);
	assert_credit(0, 0, 0);
}

static void who_has_no_share_is_never_chosen(void **state)
{
	static const double share[] = { 0, 1, 0 };
	(void)state;

	ledger_set_shares(&l, 3, share, NULL);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ledger_route(&l, 5, all), 1);
}

static void what_cannot_be_reached_is_borne_by_the_others_by_weight(void **state)
{
	bool reach[ROSTER_MAX_SLOTS] = { false, true, true };
	unsigned n[3] = { 0 };
	(void)state;

	for (int i = 0; i < 1000; i++)
		n[ledger_route(&l, 1, reach)]++;
	assert_int_equal(n[0], 0);
	assert_in_range(n[1], 598, 602);
	assert_in_range(n[2], 398, 402);
	assert_near(l.credit[0], 500, EPSILON); /* it is still owed, and who reaches it pays */
	assert_near(sum(), 0, EPSILON);
	for (int i = 0; i < 1000; i++)
		n[ledger_route(&l, 1, all)]++;
	assert_in_range(n[0], 998, 1000);
}

static void where_nothing_can_be_chosen_nothing_changes(void **state)
{
	static const double nobody[3];
	(void)state;

	ledger_route(&l, 7, all);
	assert_int_equal(ledger_route(&l, 5, none), -1);
	assert_int_equal(ledger_reroute(&l, 5, none), -1);
	assert_int_equal(ledger_route_owed(&l, 5, none), -1);
	assert_credit(-3.5, 2.1, 1.4);
	assert_near(l.owed, 0, 0);
	ledger_set_shares(&l, 3, nobody, NULL);
	assert_int_equal(ledger_route(&l, 5, all), -1);
	assert_near(sum(), 0, EPSILON);
}

static void a_refund_and_another_choice_do_not_accrue_again(void **state)
{
	bool reach[ROSTER_MAX_SLOTS] = { false, true, true };
	(void)state;

	assert_int_equal(ledger_route(&l, 10, all), 0);
	ledger_refund(&l, 0, 10);
	assert_int_equal(ledger_reroute(&l, 10, reach), 1);
	assert_credit(5, -7, 2);
	assert_near(l.changes[0].routed, 0, 0);
	assert_near(l.changes[1].routed, 10, 0);
}

static void a_packet_given_up_has_never_come(void **state)
{
	(void)state;

	assert_int_equal(ledger_route(&l, 10, all), 0);
	ledger_refund(&l, 0, 10);
	ledger_give_up(&l, 10);
	assert_credit(0, 0, 0);
	assert_false(ledger_is_dirty(&l));
}

static void giving_up_keeps_the_sum_even_when_nobody_is_left(void **state)
{
	static const double nobody[3];
	(void)state;

	assert_int_equal(ledger_route(&l, 10, all), 0);
	ledger_set_shares(&l, 3, nobody, NULL);
	ledger_refund(&l, 0, 10);
	ledger_give_up(&l, 10);
	assert_near(sum(), 0, EPSILON);
}

static void a_refund_of_one_without_a_place_is_as_if_the_packet_came_only_now(void **state)
{
	static const int moved[] = { -1, 0, 1 };
	static const double shares[] = { 0.6, 0.4 };
	(void)state;

	assert_int_equal(ledger_route(&l, 10, all), 0);
	ledger_set_shares(&l, 2, shares, moved);
	assert_credit(0, 0, 0);
	ledger_refund_gone(&l, 10);
	assert_int_equal(ledger_reroute(&l, 10, all), 0);
	assert_credit(-4, 4, 0);
	assert_near(l.changes[0].routed, 10, 0);
}

static void a_late_answer_makes_good_what_was_routed_without_it(void **state)
{
	(void)state;

	assert_int_equal(ledger_route_owed(&l, 10, all), 0);
	assert_near(l.owed, 10, 0);
	assert_near(sum(), -10, EPSILON);
	ledger_resolve(&l, 10, 1); /* Redis: 5 -7 2; here: -10 +10 0 */
	assert_near(l.owed, 0, 0);
	assert_credit(-10, 10, 0);
	assert_near(l.changes[0].routed, 10, 0);
	assert_near(l.changes[1].routed, -10, 0);
}

static void an_answer_of_nowhere_brings_the_accrual_here(void **state)
{
	(void)state;

	assert_int_equal(ledger_route_owed(&l, 10, all), 0);
	ledger_resolve(&l, 10, -1);
	assert_credit(-5, 3, 2);
	assert_near(l.owed, 0, 0);
}

static void an_answer_for_one_that_just_joined_is_told(void **state)
{
	(void)state;

	assert_int_equal(ledger_route_owed(&l, 10, all), 0);
	ledger_resolve(&l, 10, 5);
	ledger_begin(&l, true);
	assert_int_equal(l.n_slots, 6);
	assert_near(l.sent[5].routed, -10, 0);
	assert_near(l.sent[5].credit, 10, 0);
}

static void who_is_not_eligible_hands_its_credit_to_the_others_by_share(void **state)
{
	static const double without[] = { 0, 0.6, 0.4 };
	(void)state;

	ledger_route(&l, 10, all);
	ledger_set_shares(&l, 3, without, NULL);
	assert_credit(0, 3 - 5 * 0.6, 2 - 5 * 0.4);
}

static void who_joins_starts_at_nothing(void **state)
{
	static const double four[] = { 0.25, 0.25, 0.25, 0.25 };
	(void)state;

	ledger_route(&l, 10, all);
	ledger_set_shares(&l, 4, four, NULL);
	assert_credit(-5, 3, 2);
	assert_near(l.credit[3], 0, 0);
	assert_int_equal(l.n_slots, 4);
}

static void slots_that_moved_take_everything_with_them(void **state)
{
	static const double share[] = { 0.2, 0, 0.5, 0.3 };
	static const int moved[] = { 2, 3, 0 };
	(void)state;

	ledger_route(&l, 10, all);
	ledger_count_delivered(&l, 0, 1, 10);
	ledger_begin(&l, true);
	ledger_route(&l, 10, all);
	ledger_set_shares(&l, 4, share, moved);
	assert_near(l.credit[2], 0, EPSILON); /* -5 and 5 */
	assert_near(l.credit[3], 6 - 10, EPSILON);
	assert_near(l.credit[0], 4, EPSILON);
	assert_near(l.base[2], -5, EPSILON);
	assert_near(l.sent[2].delivered, 10, 0);
	assert_near(l.changes[3].routed, 10, 0);
}

static void a_slot_without_a_place_keeps_all_sums(void **state)
{
	static const double taken[] = { 2, -1, -1 }, share[] = { 0.6, 0.4 };
	static const int moved[] = { -1, 0, 1 };
	double told = 0;
	(void)state;

	done(taken, 3);
	ledger_route(&l, 10, all);
	ledger_set_shares(&l, 2, share, moved);
	assert_int_equal(l.n_slots, 2);
	assert_near(sum(), 0, EPSILON);
	ledger_begin(&l, true);
	for (unsigned i = 0; i < 2; i++)
		told += l.sent[i].credit;
	assert_near(told, 0, EPSILON);
}

static void a_settle_tells_what_changed_and_takes_what_it_gets(void **state)
{
	static const double first[] = { 4, -3, -1 }, second[] = { 1, 1, -2 };
	(void)state;

	done(first, 3);
	assert_credit(4, -3, -1);
	assert_false(ledger_is_dirty(&l));
	assert_int_equal(ledger_route(&l, 10, all), 0); /* -1 0 1 */
	ledger_count_delivered(&l, 0, 2, 10);
	assert_true(ledger_is_dirty(&l));
	ledger_begin(&l, true);
	assert_near(l.sent[0].credit, -5, EPSILON);
	assert_near(l.sent[0].routed, 10, 0);
	assert_near(l.sent[0].delivered, 10, 0);
	assert_near(l.sent[0].delivered_packets, 2, 0);
	assert_false(ledger_is_dirty(&l));
	assert_int_equal(ledger_route(&l, 2, all),
			 2); /* while the call is under way: +1 +.6 -1.6 */
	done(second, 3);
	assert_credit(2, 1.6, -3.6);
	ledger_begin(&l, true);
	assert_near(l.sent[0].credit, 1, EPSILON);
	assert_near(l.sent[2].routed, 2, 0);
	assert_near(l.sent[0].routed, 0, 0);
}

static void what_redis_did_not_apply_is_told_again(void **state)
{
	(void)state;

	ledger_route(&l, 10, all);
	ledger_begin(&l, true);
	ledger_route(&l, 10, all);
	ledger_undone(&l);
	assert_true(ledger_is_dirty(&l));
	ledger_begin(&l, true);
	assert_near(l.sent[0].credit, 0, EPSILON);
	assert_near(l.sent[1].credit, -4, EPSILON);
	assert_near(l.sent[0].routed, 10, 0);
	assert_near(l.sent[1].routed, 10, 0);
}

static void credit_lent_for_one_not_known_here_is_kept(void **state)
{
	static const double taken[] = { -1, -1, -1, 3 };
	(void)state;

	done(taken, 4);
	assert_near(sum(), 0, EPSILON);
	assert_int_equal(ledger_route(&l, 1, all), 0); /* it has no share here yet */
}

static void what_is_owed_beyond_the_limit_is_forgiven(void **state)
{
	static const double taken[] = { 100, -60, -40 };
	(void)state;

	ledger_init(&l, 30);
	ledger_set_shares(&l, 3, half_third_fifth, NULL);
	done(taken, 3);
	ledger_forgive(&l);
	assert_credit(30, -18, -12);
	assert_near(l.changes[0].forgiven, 70, EPSILON);
	assert_true(ledger_is_dirty(&l));
}

static void route_small_ones(unsigned n, const bool *reach)
{
	for (unsigned i = 0; i < n; i++)
		ledger_route(&l, 1 + i * 7 % 9, reach);
}

static void the_mean_credit_is_0_whatever_large_packets_do(void **state)
{
	double sums[3] = { 0 };
	(void)state;

	for (unsigned i = 0; i < 100000; i++) {
		ledger_route(&l, i % 200 == 0 ? 500 : 2, all);
		for (unsigned k = 0; k < 3 && i >= 20000; k++)
			sums[k] += l.credit[k];
	}
	for (unsigned k = 0; k < 3; k++)
		assert_near(sums[k] / 80000, 0, 10); /* slot 0 without the offsets: -74 */
}

static void an_offset_does_not_grow_with_what_is_owed(void **state)
{
	static const double taken[] = { 1e6, -6e5, -4e5 };
	(void)state;

	done(taken, 3);
	route_small_ones(10000, all);
	assert_true(l.credit[0] > 9e5);
	for (unsigned k = 0; k < 3; k++)
		assert_true(fabs(l.offset[k]) <= 9);
}

static void what_is_owed_to_one_out_of_reach_teaches_nothing(void **state)
{
	static const bool reach[ROSTER_MAX_SLOTS] = { false, true, true };
	double before[3];
	(void)state;

	route_small_ones(1000, all);
	memcpy(before, l.offset, sizeof(before));
	route_small_ones(1000, reach);
	assert_memory_equal(before, l.offset, sizeof(before));
}

#define LEDGER_TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(packets_follow_the_shares_by_messages),
		LEDGER_TEST(the_first_packets_spread_as_smooth_round_robin_does),
		LEDGER_TEST(who_has_no_share_is_never_chosen),
		LEDGER_TEST(what_cannot_be_reached_is_borne_by_the_others_by_weight),
		LEDGER_TEST(where_nothing_can_be_chosen_nothing_changes),
		LEDGER_TEST(a_refund_and_another_choice_do_not_accrue_again),
		LEDGER_TEST(a_packet_given_up_has_never_come),
		LEDGER_TEST(giving_up_keeps_the_sum_even_when_nobody_is_left),
		LEDGER_TEST(a_refund_of_one_without_a_place_is_as_if_the_packet_came_only_now),
		LEDGER_TEST(a_late_answer_makes_good_what_was_routed_without_it),
		LEDGER_TEST(an_answer_of_nowhere_brings_the_accrual_here),
		LEDGER_TEST(an_answer_for_one_that_just_joined_is_told),
		LEDGER_TEST(who_is_not_eligible_hands_its_credit_to_the_others_by_share),
		LEDGER_TEST(who_joins_starts_at_nothing),
		LEDGER_TEST(slots_that_moved_take_everything_with_them),
		LEDGER_TEST(a_slot_without_a_place_keeps_all_sums),
		LEDGER_TEST(a_settle_tells_what_changed_and_takes_what_it_gets),
		LEDGER_TEST(what_redis_did_not_apply_is_told_again),
		LEDGER_TEST(credit_lent_for_one_not_known_here_is_kept),
		LEDGER_TEST(what_is_owed_beyond_the_limit_is_forgiven),
		LEDGER_TEST(the_mean_credit_is_0_whatever_large_packets_do),
		LEDGER_TEST(an_offset_does_not_grow_with_what_is_owed),
		LEDGER_TEST(what_is_owed_to_one_out_of_reach_teaches_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
