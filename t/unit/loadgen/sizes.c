#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loadgen/sizes.h"

static void good_texts_are_read(void **state UNUSED)
{
	static const struct {
		const char *text;
		struct sizes sizes;
	} cases[] = {
		{ "5", { 5, 5, 0 } },
		{ "1-9", { 1, 9, 0 } },
		{ "1000000", { 1000000, 1000000, 0 } },
		{ "pareto:1.1:1000", { 1, 1000, 1.1 } },
	};
	struct sizes s;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(sizes_parse(&s, cases[i].text), 0);
		assert_int_equal(s.lo, cases[i].sizes.lo);
		assert_int_equal(s.hi, cases[i].sizes.hi);
		assert_true(s.alpha == cases[i].sizes.alpha);
	}
}

static void bad_texts_are_refused(void **state UNUSED)
{
	static const char *const texts[] = {
		"",
		"0",
		"-1",
		"+1",
		" 1",
		"1-",
		"-",
		"9-1",
		"0-5",
		"1-9x",
		"1--9",
		"1000001",
		"99999999999999999999",
		"x",
		"pareto",
		"pareto:",
		"pareto:1.1",
		"pareto:1.1:",
		"pareto:0:10",
		"pareto:-1:10",
		"pareto:nan:10",
		"pareto:inf:10",
		"pareto:x:10",
		"pareto:1.1:0",
		"pareto:1.1:10x",
	};
	struct sizes s;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (sizes_parse(&s, texts[i]) != SIZES_E_SYNTAX)
			fail_msg("'%s' was read", texts[i]);
	}
}

static void a_uniform_draw_reaches_both_ends_and_no_farther(void **state UNUSED)
{
	struct sizes s = { 2, 5, 0 };
	unsigned seen[8] = { 0 };
	struct rng rng;

	rng_init(&rng, 7);
	for (int i = 0; i < 4000; i++) {
		uint32_t n = sizes_draw(&s, &rng);

		assert_in_range(n, 2, 5);
		seen[n]++;
	}
	for (int n = 2; n <= 5; n++)
		assert_in_range(seen[n], 900, 1100);
}

/* P(n >= x) = x^-alpha: half are 1 at alpha 1, a tenth reach 10, and the tail is cut at hi. */
static void a_pareto_draw_has_a_heavy_tail_cut_off_at_the_greatest(void **state UNUSED)
{
	struct sizes s = { 1, 1000, 1 };
	int n_one = 0, n_ten = 0, n_greatest = 0;
	struct rng rng;

	rng_init(&rng, 7);
	for (int i = 0; i < 100000; i++) {
		uint32_t n = sizes_draw(&s, &rng);

		assert_in_range(n, 1, 1000);
		n_one += n == 1;
		n_ten += n >= 10;
		n_greatest += n == 1000;
	}
	assert_in_range(n_one, 49000, 51000);
	assert_in_range(n_ten, 9500, 10500);
	assert_in_range(n_greatest, 50, 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_are_read),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(a_uniform_draw_reaches_both_ends_and_no_farther),
		cmocka_unit_test(a_pareto_draw_has_a_heavy_tail_cut_off_at_the_greatest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
