#ifndef WEIR_NODE_ADDRESS_BOUND_H
#define WEIR_NODE_ADDRESS_BOUND_H
/*
 * How many connections each address (IPv6: each /64) has open at the whole node, so that one address
 * cannot take them all. From any thread; no packet comes here.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/net/net.h"

struct net_allow;

struct address_count {
	uint8_t key[NET_ADDR_KEY_BYTES];
	uint32_t n; /* 0: a free place */
};

struct address_bound {
	pthread_mutex_t lock;
	unsigned most;   /* connections of one address */
	size_t n_places; /* a power of two, at least twice the connections there can be */
	struct address_count *counts;
};

int address_bound_init(struct address_bound *b, unsigned max_connections,
		       unsigned most) MUST_CHECK; /* -ENOMEM */
void address_bound_deinit(struct address_bound *b);

/* The connections of an address count, unless it is a trusted proxy's. NULL: there are none. */
bool address_bound_counts(const struct net_allow *proxies, const struct net_addr *addr);
/* False: the address has as many as it may. Else address_bound_give is called once for it. */
bool address_bound_take(struct address_bound *b, const struct net_addr *addr) MUST_CHECK;
void address_bound_give(struct address_bound *b, const struct net_addr *addr);

#endif
