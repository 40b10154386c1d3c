#ifndef WEIR_NODE_SHARED_H
#define WEIR_NODE_SHARED_H
/*
 * What the threads of a node share: set before they start, or atomic.
 */
#include <stdio.h>

#include "common/http/token_book.h"
#include "common/http/token_guard.h"
#include "common/metrics/metrics.h"
#include "common/net/net_allow.h"
#include "node/config.h"
#include "node/discover/header_book.h"
#include "node/health.h"
#include "node/ingest/address_bound.h"
#include "node/ingest/conn_shared.h"
#include "node/ingest/refused.h"
#include "node/node_tls.h"
#include "node/packet/memory.h"
#include "node/send/failures.h"
#include "node/send/sender.h"
#include "registry/identity.h"
#include "registry/keys.h"
#include "registry/redis/redis_seen.h"
#include "registry/redis/redis_url.h"
#include "registry/roster.h"

static_assert(FAILURES_SLOTS == ROSTER_MAX_SLOTS, "each analyzer has a place for its failure");
#define NODE_WORKERS_MOST 256 /* as the option workers has it */
#define PROBE_WORDS (ROSTER_MAX_SLOTS / 64)

struct node_shared {
	const struct node_config *config;
	struct identity identity;
	char first_token[33]; /* of this run of the first worker, with which the id was claimed */
	struct redis_url redis;
	struct registry_keys keys;
	/* Where spill and dead letters are: another server with --spill-redis, else the same two. */
	struct redis_url *store;
	const struct registry_keys *store_keys;
	struct redis_url spill_redis; /* with --spill-redis; store points to them then */
	struct registry_keys spill_keys;
	struct node_tls tls;
	uint8_t client_slots[NODE_TLS_NAMES_MOST]; /* of tls-client-names */
	struct conn_clients clients;               /* whose certificates stand for tokens */
	struct net_allow *allow;                   /* where analyzers may live */
	struct net_allow *proxies;                 /* trusted; NULL: none */
	struct metrics *metrics;
	struct health health;
	struct redis_seen redis_seen;
	struct failures failures; /* of deliveries and probes */
	struct token_book ingest_tokens;
	struct token_guard ingest_guard;
	struct header_book analyzer_headers; /* of analyzers that this node lists */
	struct memory_pool memory;
	uint64_t memory_bytes;      /* of the pool */
	unsigned max_connections;   /* of agents, as the limit of descriptors allows */
	unsigned n_own_descriptors; /* kept from agents */
	struct address_bound address_bound;
	_Atomic unsigned n_connections;
	_Atomic uint64_t n_registry_losses;       /* how often Redis had lost what belongs there */
	_Atomic uint64_t probe_down[PROBE_WORDS]; /* bits by slot; written by the control thread */
	struct refused *refused[NODE_WORKERS_MOST]; /* of the workers; NULL: there is none */
	int refresh_fd;                             /* eventfd: somebody needs a newer roster */
};

/* Whether spill and dead letters are on a server of their own. */
static inline bool node_shared_has_store(const struct node_shared *shared)
{
	return shared->store == &shared->spill_redis;
}

/* By which a worker is known to Redis and in logs: node/index. */
static inline void node_shared_worker_name(const struct node_shared *shared, unsigned index,
					   char out[WORKER_NAME_SIZE])
{
	snprintf(out, WORKER_NAME_SIZE, "%s/%u", shared->config->node_id, index);
}

#endif
