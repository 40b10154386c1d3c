#ifndef WEIR_T_UNIT_NODE_INGEST_AGENT_BENCH_H
#define WEIR_T_UNIT_NODE_INGEST_AGENT_BENCH_H
/*
 * What connections share, without a node: packets that come up stay here until the test gives them
 * their fate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/http/token_guard.h"
#include "common/log.h"
#include "node/ingest/exchange.h"
#include "node/node_metrics.h"

#define BENCH_MAX_HEAD 512
#define BENCH_MAX_BODY 1024
#define BENCH_PACKETS 128
#define BENCH_TOKEN "a-token-of-some-length"

struct agent_bench {
	struct metrics *metrics;
	struct metrics_shard shard;
	struct memory_pool pool;
	struct memory memory;
	struct health health;
	struct token_guard guard;
	_Atomic unsigned n_connections;
	struct event_base *base;
	struct conn_shared shared;
	struct packet *packets[BENCH_PACKETS];
	unsigned n_packets;
};

static void bench_on_packet(void *arg, struct packet *p)
{
	struct agent_bench *b = arg;

	assert_true(b->n_packets < BENCH_PACKETS);
	b->packets[b->n_packets++] = p;
}

/* The fate of packet i: taken by "a1", or refused. */
static void bench_accept(struct agent_bench *b, unsigned i)
{
	exchange_accept(&b->shared, b->packets[i], "a1");
	packet_free_within(&b->memory, b->packets[i]);
	b->packets[i] = NULL;
}

static void UNUSED bench_refuse(struct agent_bench *b, unsigned i, enum refusal refusal)
{
	exchange_refuse(&b->shared, b->packets[i]->exchange, refusal);
	packet_free_within(&b->memory, b->packets[i]);
	b->packets[i] = NULL;
}

/* One packet has come up, as it was sent. */
static void UNUSED bench_check_packet(const struct agent_bench *b, const char *bytes,
				      unsigned n_messages)
{
	assert_int_equal(b->n_packets, 1);
	assert_int_equal(b->packets[0]->n_messages, n_messages);
	assert_int_equal(b->packets[0]->len, strlen(bytes));
	assert_memory_equal(b->packets[0]->body, bytes, strlen(bytes));
}

static int bench_setup(void **state)
{
	static struct agent_bench bench;
	struct agent_bench *b = &bench;

	memset(b, 0, sizeof(*b));
	log_init(LOG_ERROR, LOG_FORMAT_LOGFMT, "test");
	b->metrics = node_metrics_new();
	b->pool.left_bytes = 64 << 20;
	b->health.has_roster = true;
	b->base = event_base_new();
	memory_init(&b->memory, &b->pool);
	token_guard_init(&b->guard);
	assert_int_equal(metrics_shard_init(&b->shard, b->metrics), 0);
	struct conn_config config = {
		.base = b->base,
		.limits = { .max_head_bytes = BENCH_MAX_HEAD,
			    .max_body_bytes = BENCH_MAX_BODY,
			    .max_connections = 10,
			    .idle_us = 100 * US_PER_S,
			    .head_us = 100 * US_PER_S,
			    .body_us = 100 * US_PER_S,
			    .write_us = 100 * US_PER_S,
			    .max_age_us = 1000000000 },
		.api = { .health = &b->health, .guard = &b->guard },
		.metrics = &b->shard,
		.n_connections = &b->n_connections,
		.memory = &b->memory,
		.on_packet = bench_on_packet,
		.arg = b,
	};
	assert_int_equal(conn_shared_init(&b->shared, &config), 0);
	*state = b;
	return 0;
}

/* Nothing of what was charged may be left. */
static int UNUSED bench_teardown(void **state)
{
	struct agent_bench *b = *state;

	for (unsigned i = 0; i < b->n_packets; i++)
		if (b->packets[i])
			bench_accept(b, i);
	/* a test that failed leaves connections */
	b->shared.dirty = b->shared.due = NULL;
	b->shared.h2 = NULL;
	conn_shared_deinit(&b->shared);
	event_base_free(b->base);
	metrics_shard_deinit(&b->shard);
	metrics_free(b->metrics);
	token_guard_deinit(&b->guard);
	return b->memory.used_bytes == 0 ? 0 : -1;
}

#define BENCH_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

#endif
