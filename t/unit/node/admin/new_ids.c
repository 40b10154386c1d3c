#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/admin/new_ids.h"

#define T0 1000000000u

static struct net_addr address(const char *text)
{
	struct net_addr addr = { 0 };

	assert_int_equal(net_addr_numeric(&addr, text, 1), 0);
	return addr;
}

static void an_address_gets_its_burst_and_then_one_at_a_time(void **state UNUSED)
{
	static struct new_ids ids;
	struct net_addr a = address("10.0.0.1"), b = address("10.0.0.2");

	new_ids_init(&ids);
	for (unsigned i = 0; i < NEW_IDS_BURST; i++)
		assert_int_equal(new_ids_take(&ids, &a, T0), 0);
	assert_int_equal(new_ids_take(&ids, &a, T0), 1);
	assert_int_equal(new_ids_take(&ids, &b, T0), 0);
	assert_int_equal(new_ids_take(&ids, &a, T0 + US_PER_S), 0);
	for (unsigned i = 0; i < NEW_IDS_BURST; i++)
		assert_int_equal(new_ids_take(&ids, &a, T0 + 120 * US_PER_S), 0);
	new_ids_deinit(&ids);
}

static void a_subscriber_of_ipv6_counts_once(void **state UNUSED)
{
	static struct new_ids ids;
	struct net_addr a = address("2001:db8::1"), b = address("2001:db8::2:3"),
			c = address("2001:db8:0:1::1");

	new_ids_init(&ids);
	for (unsigned i = 0; i < NEW_IDS_BURST; i++)
		assert_int_equal(new_ids_take(&ids, i % 2 ? &a : &b, T0), 0);
	assert_int_not_equal(new_ids_take(&ids, &a, T0), 0);
	assert_int_equal(new_ids_take(&ids, &c, T0), 0);
	new_ids_deinit(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_gets_its_burst_and_then_one_at_a_time),
		cmocka_unit_test(a_subscriber_of_ipv6_counts_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
