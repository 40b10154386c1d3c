#ifndef WEIR_T_UNIT_NODE_IN_BENCH_H
#define WEIR_T_UNIT_NODE_IN_BENCH_H
/* A spill_in on a real Redis, and what became of the packets that it was given. */
#include "node/spill/spill_in.h"
#include "t/unit/node/spill/spill_bench.h"

#define AFTER_US 300000
#define TIMEOUT_US 300000        /* where it is about that; else a busy machine is waited for */
#define NEVER_US (60 * US_PER_S) /* longer than TURN_UNTIL waits */
#define MANY 200
#define MIB (1u << 20)
#define COST(body) ((body) + 128 + 40) /* of a packet in the spill, about */

struct in_bench {
	struct spill_bench env;
	struct spill_in in;
	bool can_place;
	unsigned n_again, n_stored, n_refused, next_number;
	enum refusal refusal;   /* the last one */
	unsigned numbers[MANY]; /* of those stored, in the order they were told */
};

/* Redis, once for all tests of a program; and what each test has for itself. */
int in_bench_start(void **state);
int in_bench_stop(void **state);
int in_bench_setup(void **state);
int in_bench_teardown(void **state);
#define IN_TEST(name) cmocka_unit_test_setup_teardown(name, in_bench_setup, in_bench_teardown)

void in_begin(struct in_bench *b, uint64_t after_us, uint64_t max_bytes, unsigned min_replicas);
void in_end(struct in_bench *b);
void in_turn(struct in_bench *b);
unsigned in_n_fates(const struct in_bench *b);
void in_add_large(struct in_bench *b, bool is_acknowledged, size_t n_bytes);
void in_add(struct in_bench *b);
/* One more packet; what became of it is told, but not sooner than min_us. */
void in_add_and_wait(struct in_bench *b, uint64_t min_us);
/* It is on its way to Redis in the same turn, and stored. */
void in_add_and_do_not_wait(struct in_bench *b);
/* From inside the call. */
void in_assert_refused_at_once(struct in_bench *b, enum refusal refusal);

#endif
