/* A history as text, and read again: the windows are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "registry/history_store.h"
#include "t/unit/near.h"

#define BEGAN_MS 1763747515000ULL

static struct history history, copy;
static struct analyzer analyzers[2];
static struct roster roster;

static int setup(void **state UNUSED)
{
	analyzers[0] = (struct analyzer){ .slot = 0, .share = 0.75 };
	analyzers[1] = (struct analyzer){ .slot = 2, .share = 0.25 };
	roster = (struct roster){ .now_ms = BEGAN_MS, .n_slots = 3, .n_analyzers = 2 };
	roster.analyzers = analyzers;
	return history_init(&history) == 0 && history_init(&copy) == 0 ? 0 : -1;
}

static int teardown(void **state UNUSED)
{
	history_deinit(&history);
	history_deinit(&copy);
	return 0;
}

static void push(struct history *h, uint64_t at_ms)
{
	static const struct history_extra extra = { .refused = 4 };

	assert_int_equal(history_push(h, &roster, &extra, at_ms), 0);
}

static void pass(uint64_t ms, double a, double b)
{
	roster.now_ms += ms;
	analyzers[0].routed += a;
	analyzers[1].routed += b;
	push(&history, roster.now_ms - BEGAN_MS + 1000);
}

static double error_since(const struct history *h, uint64_t age_ms, unsigned slot)
{
	struct history_amount from = history_of(history_before(h, age_ms), slot);
	struct history_amount to = history_of(history_now(h), slot);

	return (to.routed - from.routed) - (to.due - from.due);
}

static void take_copy(void)
{
	char *text = history_store_text(&history);

	assert_non_null(text);
	assert_int_equal(history_store_read(text, &copy), 0);
	free(text);
}

static void windows_are_the_same_when_it_is_read_again(void **state UNUSED)
{
	for (int i = 0; i < 700; i++)
		pass(1000, i % 100 == 7 ? 70 : 75, 25);
	take_copy();
	for (size_t i = 0; i < 3; i++) {
		uint64_t age_ms = (const uint64_t[]){ 10000, 60000, 600000 }[i];

		assert_near(error_since(&copy, age_ms, 0), error_since(&history, age_ms, 0), 0.01);
		assert_near(error_since(&copy, age_ms, 2), error_since(&history, age_ms, 2), 0.01);
	}
	assert_near(history_now(&copy)->refused, 4, 0);
	assert_int_equal(history_now(&copy)->wall_ms, roster.now_ms);
}

static void who_joins_later_makes_nobody_wrong(void **state UNUSED)
{
	analyzers[1].share = 0;
	analyzers[0].share = 1;
	for (int i = 0; i < 30; i++)
		pass(1000, 100, 0);
	take_copy();
	/* the other one has joined meanwhile, and nothing was routed since the text was made */
	analyzers[0].share = analyzers[1].share = 0.5;
	roster.now_ms += 3000;
	push(&copy, roster.now_ms);
	assert_near(error_since(&copy, 10000, 0), 0, 0.01);
	assert_near(error_since(&copy, 10000, 2), 0, 0.01);
	/* or some was, and nobody knows when it joined */
	analyzers[0].routed += 40;
	analyzers[1].routed += 10;
	roster.now_ms += 1000;
	history_deinit(&copy);
	assert_int_equal(history_init(&copy), 0);
	take_copy();
	history_forgive(&copy, &roster);
	push(&copy, roster.now_ms);
	assert_near(error_since(&copy, 10000, 0), 0, 0.01);
	assert_near(error_since(&copy, 10000, 2), 0, 0.01);
	/* from now on its share is due */
	analyzers[0].routed += 50;
	analyzers[1].routed += 50;
	roster.now_ms += 1000;
	push(&copy, roster.now_ms);
	assert_near(error_since(&copy, 10000, 2), 0, 0.01);
}

static void what_is_no_history_leaves_it_empty(void **state UNUSED)
{
	static const char *const texts[] = {
		"", "no JSON", "[]", "{}", "{\"samples\":3}", "{\"samples\":[]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(history_store_read(texts[i], &copy), 0);
		assert_null(history_now(&copy));
	}
}

static void broken_samples_have_zeros(void **state UNUSED)
{
	assert_int_equal(history_store_read("{\"shares\":[\"x\",0.5],\"former\":[1],\"samples\":["
					    "{\"at\":-4,\"of\":[[1],null,[1,2,3],[1,2,3,4]]},"
					    "{\"at\":1e300,\"routed\":\"many\"}]}",
					    &copy),
			 0);
	assert_non_null(history_now(&copy));
	assert_near(history_of(history_before(&copy, 1u << 30), 2).due, 2, 0);
	assert_near(history_now(&copy)->routed, 0, 0);
	roster.now_ms = 2000000000000000ULL;
	push(&copy, roster.now_ms);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(windows_are_the_same_when_it_is_read_again),
		TEST(who_joins_later_makes_nobody_wrong),
		TEST(what_is_no_history_leaves_it_empty),
		TEST(broken_samples_have_zeros),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("registry/history_store", tests, NULL, NULL);
}
