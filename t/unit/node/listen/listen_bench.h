#ifndef WEIR_T_UNIT_NODE_LISTEN_BENCH_H
#define WEIR_T_UNIT_NODE_LISTEN_BENCH_H
/*
 * What the listeners of a worker share, without sockets and threads: for the tests and fuzzers of
 * what reads frames. Each packet is looked at, taken, and its sender is told.
 */
#include <event2/event.h>

#include "node/listen/group.h"
#include "node/node_metrics.h"
#include "node/packet/packet_form.h"

struct listen_bench {
	struct listen_shared shared;
	struct memory_pool pool;
	struct memory memory;
	struct metrics_shard metrics;
	struct metrics *families;
	struct source *source;
	void (*look)(struct listen_bench *b, struct packet *p); /* NULL: nobody does */
	uint64_t n_packets, n_messages;                         /* that were taken */
};

static inline void listen_bench_on_packet(void *arg, struct packet *p)
{
	struct listen_bench *b = arg;
	struct exchange *x = p->exchange;

	if (b->look)
		b->look(b, p);
	b->n_packets++;
	b->n_messages += p->n_messages;
	packet_free_within(&b->memory, p);
	x->on_fate(x, NULL, REFUSAL_NONE);
}

static inline void listen_bench_init(struct listen_bench *b, enum listen_port port,
				     size_t max_body_bytes, uint64_t memory_bytes)
{
	struct listen_config config = { .base = event_base_new(),
					.metrics = &b->metrics,
					.memory = &b->memory,
					.max_body_bytes = max_body_bytes,
					.window_bytes = UINT64_MAX,
					.host = "bench",
					.on_packet = listen_bench_on_packet,
					.arg = b };
	struct net_addr peer;
	int r;

	*b = (struct listen_bench){ .families = node_metrics_new() };
	b->pool.left_bytes = (int64_t)memory_bytes;
	memory_init(&b->memory, &b->pool);
	r = metrics_shard_init(&b->metrics, b->families);
	assert(r == 0 && config.base);
	r = listen_shared_init(&b->shared, &config);
	assert(r == 0);
	b->shared.group_timer = evtimer_new(config.base, group_on_timer, &b->shared);
	r = net_addr_numeric(&peer, "10.0.0.1", 5);
	assert(r == 0 && b->shared.group_timer);
	b->source = source_get(&b->shared, port, &peer);
	assert(b->source);
}

/* All that was taken was given back. */
static inline void listen_bench_check(const struct listen_bench *b)
{
	assert(b->shared.n_parcels == 0 && b->shared.held_bytes == 0 && b->shared.n_sources == 1);
	assert(b->memory.used_bytes == sizeof(*b->source));
}

static inline void listen_bench_deinit(struct listen_bench *b)
{
	struct event_base *base = b->shared.config.base;

	listen_bench_check(b);
	source_put(b->source);
	listen_shared_deinit(&b->shared);
	assert(b->memory.used_bytes == 0);
	metrics_shard_deinit(&b->metrics);
	metrics_free(b->families);
	event_base_free(base);
}

#endif
