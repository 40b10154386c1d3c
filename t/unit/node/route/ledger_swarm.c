/* The invariant of node/route/ledger.h over random histories, against the model of the pot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/clock.h"
#include "t/unit/node/route/swarm.h"

#define RUNS 60
#define STEPS 3000

/* WEIR_SEED repeats a run. */
static uint64_t first_seed(void)
{
	const char *seed = getenv("WEIR_SEED");

	return seed ? strtoull(seed, NULL, 10) : clock_wall_us();
}

static void run_many(const struct swarm_config *like)
{
	uint64_t seed = first_seed();

	printf("# seeds from %llu\n", (unsigned long long)seed);
	for (unsigned i = 0; i < RUNS; i++) {
		struct swarm_config config = *like;

		config.seed = seed + i;
		config.n_steps = STEPS;
		config.n_workers = 1 + i % SWARM_WORKERS;
		config.n_analyzers = 1 + i % 7;
		swarm_run(&config);
	}
}

static void with_fixed_shares_credit_is_share_times_all_less_routed(void **state)
{
	(void)state;
	run_many(&(struct swarm_config){ .fixed_shares = true, .catchup_max_messages = 1e12 });
}

static void whoever_comes_goes_or_changes_sums_stay_zero_and_nothing_is_lost(void **state)
{
	(void)state;
	run_many(&(struct swarm_config){ .catchup_max_messages = 1e12 });
}

static void forgiving_only_hands_credit_around(void **state)
{
	(void)state;
	run_many(&(struct swarm_config){ .catchup_max_messages = 20 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_fixed_shares_credit_is_share_times_all_less_routed),
		cmocka_unit_test(whoever_comes_goes_or_changes_sums_stay_zero_and_nothing_is_lost),
		cmocka_unit_test(forgiving_only_hands_credit_around),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
