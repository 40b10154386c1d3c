#ifndef WEIR_T_UNIT_NODE_NODE_BENCH_H
#define WEIR_T_UNIT_NODE_NODE_BENCH_H
/*
 * What the threads of a node share, on a private Redis: the fixture of the tests of worker, control
 * and watch. Its functions fail the running test where something does not work.
 */
#include "common/clock.h"
#include "node/shared.h"
#include "t/unit/redis_pool.h"

#define NODE_BENCH_WAIT_US (20 * US_PER_S)

struct node_bench {
	struct redis_pool *pool;
	struct node_config config;
	struct node_shared shared;
};

extern struct node_bench the_node_bench;

/* For cmocka: once for all tests, and for each test, whose *state is the bench. */
int node_bench_group_setup(void **state);
int node_bench_group_teardown(void **state);
int node_bench_setup(void **state);
int node_bench_teardown(void **state);

/* After redis_server_kill. */
void node_bench_restart_redis(struct node_bench *b);

/* The reply's text, the caller's to free; NULL: it has none. */
char *node_bench_text(struct node_bench *b, const char *const *words);
#define NODE_BENCH_TEXT(b, ...) node_bench_text(b, (const char *const[]){ __VA_ARGS__, NULL })

/* Waits without a loop, for what other threads do. */
#define NODE_BENCH_WAIT_UNTIL(condition)                                                           \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + NODE_BENCH_WAIT_US;                        \
		bool is_so;                                                                        \
                                                                                                   \
		while (!(is_so = (condition)) && clock_mono_us() < give_up_us)                     \
			usleep(2000);                                                              \
		assert_true(is_so);                                                                \
	} while (0)

#endif
