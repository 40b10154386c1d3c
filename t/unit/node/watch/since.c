/* since.[ch]: since when a cause is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/watch/since.h"

#define T0 1000000u

static struct since since;

static int fresh(void **state)
{
	(void)state;
	since = (struct since){ 0 };
	return 0;
}

/* When a cause is said to have begun, at this time. */
static uint64_t began(enum cause_kind kind, const char *key, uint64_t known_ms, uint64_t now_ms)
{
	struct causes causes = { 0 };

	causes_add(&causes, kind, CAUSE_WARN, key, known_ms);
	since_fill(&since, &causes, now_ms);
	return causes.list[0].since_ms;
}

static void a_cause_began_when_it_was_first_seen(void **state)
{
	(void)state;
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0), T0);
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + 1000), T0);
	assert_int_equal(began(CAUSE_MEMORY, "n1", 0, T0 + 2000), T0 + 2000);
	assert_int_equal(began(CAUSE_MEMORY, "n2", 0, T0 + 3000), T0 + 3000);
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + 4000), T0);
}

static void what_the_figures_know_is_kept(void **state)
{
	(void)state;
	assert_int_equal(began(CAUSE_SPILL, "", 7, T0), 7);
}

static void one_that_was_gone_for_a_moment_is_the_same(void **state)
{
	(void)state;
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0), T0);
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + SINCE_HOLD_MS), T0);
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + 2 * SINCE_HOLD_MS + 1),
			 T0 + 2 * SINCE_HOLD_MS + 1);
}

static void without_room_a_new_one_began_now(void **state)
{
	char key[16];
	(void)state;

	for (unsigned i = 0; i < CAUSES_MOST; i++) {
		snprintf(key, sizeof(key), "n%u", i);
		assert_int_equal(began(CAUSE_MEMORY, key, 0, T0), T0);
	}
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + 1), T0 + 1);
	assert_int_equal(began(CAUSE_SPILL, "", 0, T0 + 2), T0 + 2);
	assert_int_equal(since.n, CAUSES_MOST);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cause_began_when_it_was_first_seen),
		TEST(what_the_figures_know_is_kept),
		TEST(one_that_was_gone_for_a_moment_is_the_same),
		TEST(without_room_a_new_one_began_now),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/watch/since", tests, NULL, NULL);
}
