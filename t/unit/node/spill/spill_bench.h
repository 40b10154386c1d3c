#ifndef WEIR_T_UNIT_NODE_SPILL_BENCH_H
#define WEIR_T_UNIT_NODE_SPILL_BENCH_H
/*
 * What both ways of the spill need around them: a real Redis, a link to it, and a loop. Its
 * functions fail the running test where something does not work.
 */
#include "common/clock.h"
#include "common/metrics/metrics.h"
#include "node/packet/memory.h"
#include "node/packet/packet.h"
#include "registry/redis/link.h"
#include "t/unit/redis_pool.h"

#define STALL_MS 2500 /* of the link: more than a busy machine takes for some MiB */
#define WAIT_US (20 * US_PER_S)

struct spill_bench {
	struct redis_pool pool; /* on TCP */
	struct event_base *base;
	struct event *tick; /* so that the loop never sleeps for long */
	struct metrics *metrics;
	struct metrics_shard shard;
	struct link *link; /* NULL: freed by the test */
	struct memory_pool memory_pool;
	struct memory memory;
};

/* Once for all tests: Redis. */
int spill_bench_start(struct spill_bench *b) MUST_CHECK;
void spill_bench_stop(struct spill_bench *b);
/* Per test: an empty Redis, and the link up. */
void spill_bench_setup(struct spill_bench *b);
void spill_bench_teardown(struct spill_bench *b);

/* After redis_server_kill. */
void spill_bench_restart_redis(struct spill_bench *b);

/* Its body is {"id":"pN","n":N}, followed by as many spaces as it takes. Of bench->memory. */
struct packet *spill_bench_packet(struct spill_bench *b, unsigned number, size_t min_bytes);
/* The N of a body. */
unsigned spill_bench_number(const char *body, size_t len);

/* Replies of Redis, as numbers: those of INFO by their name. */
uint64_t spill_bench_length(struct spill_bench *b); /* XLEN of the spill */
uint64_t spill_bench_info(struct spill_bench *b, const char *section, const char *name);
uint64_t spill_bench_calls(struct spill_bench *b); /* scripts called since the last reset */
void spill_bench_reset_calls(struct spill_bench *b);

#define TURN_UNTIL(b, turn, condition)                                                             \
	do {                                                                                       \
		uint64_t give_up_us = clock_mono_us() + WAIT_US;                                   \
                                                                                                   \
		while (!(condition) && clock_mono_us() < give_up_us)                               \
			turn(b);                                                                   \
		assert_true(condition);                                                            \
	} while (0)

#endif
