#ifndef WEIR_T_UNIT_NODE_OUT_BENCH_H
#define WEIR_T_UNIT_NODE_OUT_BENCH_H
/* A spill_out on a real Redis, and the packets that came out of it. */
#include "node/spill/spill_out.h"
#include "t/unit/node/spill/spill_bench.h"

#define MANY 700
#define ME "n1/0"

struct out_bench {
	struct spill_bench env;
	struct spill_out out;
	bool has_room;
	bool at_once; /* packets meet their fate as soon as they come */
	unsigned n_taken, n_held, max_held;
	unsigned first;               /* of those held */
	struct packet *packets[MANY]; /* by the order in which they came; NULL: not held any more */
	unsigned times[MANY];         /* each number has come */
	unsigned numbers[MANY];       /* the same order */
};

/* Redis, once for all tests of a program; and what each test has for itself. */
int out_bench_start(void **state);
int out_bench_stop(void **state);
int out_bench_setup(void **state);
int out_bench_teardown(void **state);
#define OUT_TEST(name) cmocka_unit_test_setup_teardown(name, out_bench_setup, out_bench_teardown)

void out_begin(struct out_bench *b);
void out_turn(struct out_bench *b);
void out_turn_for(struct out_bench *b, uint64_t us);
/* Packets `from`, `from` + 1, ... */
void out_fill(struct out_bench *b, unsigned from, unsigned n, size_t size);
/* Another worker takes what there is; it lives, or has not called for a minute. */
void out_take_as(struct out_bench *b, const char *worker, bool is_alive);
/* All that are held. */
void out_end_held(struct out_bench *b, void (*how)(struct spill_out *, struct packet *));
uint64_t out_n_pending(struct out_bench *b);
/* Entries that workers have left to others. */
uint64_t out_n_given_up(struct out_bench *b);
/* Each of the first n has come once, and is out of the stream. */
void out_assert_all_done(struct out_bench *b, unsigned n);

#endif
