#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/rng.h"
#include "node/ingest/address_bound.h"

static struct net_addr addr_of(const char *text)
{
	struct net_addr addr;

	assert_int_equal(net_addr_numeric(&addr, text, 1), 0);
	return addr;
}

static bool take(struct address_bound *b, const char *text)
{
	struct net_addr addr = addr_of(text);

	return address_bound_take(b, &addr);
}

static void give(struct address_bound *b, const char *text)
{
	struct net_addr addr = addr_of(text);

	address_bound_give(b, &addr);
}

static void an_address_has_no_more_than_the_bound(void **state)
{
	struct address_bound b;
	(void)state;

	assert_int_equal(address_bound_init(&b, 100, 2), 0);
	assert_true(take(&b, "192.0.2.1"));
	assert_true(take(&b, "::ffff:192.0.2.1"));
	assert_false(take(&b, "192.0.2.1"));
	assert_true(take(&b, "192.0.2.2"));
	give(&b, "192.0.2.1");
	assert_true(take(&b, "192.0.2.1"));
	assert_true(take(&b, "2001:db8::1"));
	assert_true(take(&b, "2001:db8::ffff:1"));
	assert_false(take(&b, "2001:db8::2"));
	assert_true(take(&b, "2001:db8:0:1::1"));
	address_bound_deinit(&b);
}

/* Held against a plain array, with few places, so that addresses meet. */
static void counts_stay_right_whatever_the_order(void **state)
{
	enum { N_ADDRS = 60, MOST = 3 };
	unsigned counts[N_ADDRS] = { 0 }, n_all = 0;
	struct address_bound b;
	struct rng rng;
	(void)state;

	rng_init(&rng, 7);
	assert_int_equal(address_bound_init(&b, 60, MOST), 0);
	for (int i = 0; i < 100000; i++) {
		unsigned at = (unsigned)rng_range(&rng, 0, N_ADDRS - 1);
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%u", at);
		if (counts[at] > 0 && rng_range(&rng, 0, 1) == 0) {
			give(&b, text);
			counts[at]--;
			n_all--;
		} else if (n_all < 60) {
			assert_int_equal(take(&b, text), counts[at] < MOST);
			n_all += counts[at] < MOST;
			counts[at] += counts[at] < MOST;
		}
	}
	for (unsigned at = 0; at < N_ADDRS; at++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%u", at);
		while (counts[at]-- > 0)
			give(&b, text);
	}
	for (size_t i = 0; i < b.n_places; i++)
		assert_int_equal(b.counts[i].n, 0);
	address_bound_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_no_more_than_the_bound),
		cmocka_unit_test(counts_stay_right_whatever_the_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/address_bound", tests, NULL, NULL);
}
