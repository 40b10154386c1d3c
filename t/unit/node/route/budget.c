#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/route/budget.h"

static struct budget priced(uint64_t call_us, uint64_t packet_us)
{
	struct budget b;

	budget_init(&b, 50000);
	budget_set_prices(&b, call_us, packet_us);
	return b;
}

static void the_next_call_waits_for_what_the_last_one_cost(void **state)
{
	struct budget b = priced(300, 4);

	(void)state;
	assert_int_equal(b.next_us, 0);
	budget_spend(&b, 1000000, 50);
	assert_int_equal(b.next_us, 1000500);
}

static void no_packet_waits_longer_than_it_may(void **state)
{
	struct budget b = priced(228000, 5100);

	(void)state;
	budget_spend(&b, 1000000, 2048);
	assert_int_equal(b.next_us, 1050000);
}

static void before_prices_are_known_nothing_is_too_dear(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 0);
	assert_true(budget_load(&b, 1e6) <= 1);
	budget_spend(&b, 7, 2048);
	assert_int_equal(b.next_us, 7);
}

/* One worker and three analyzers; ten and twenty; a thousand and twenty. */
static void what_redis_affords_depends_on_how_many_ask(void **state)
{
	struct budget one = priced(187, 2), ten = priced(2280, 51), thousand = priced(228000, 5100);

	(void)state;
	assert_true(budget_load(&one, 0.1) <= 1); /* 100 000 packets a second */
	assert_true(budget_load(&ten, 0.01) <= 1);
	assert_true(budget_load(&ten, 0.1) > 1);
	assert_true(budget_load(&thousand, 4e-6) <= 1);
	assert_true(budget_load(&thousand, 1e-5) > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_next_call_waits_for_what_the_last_one_cost),
		cmocka_unit_test(no_packet_waits_longer_than_it_may),
		cmocka_unit_test(before_prices_are_known_nothing_is_too_dear),
		cmocka_unit_test(what_redis_affords_depends_on_how_many_ask),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
