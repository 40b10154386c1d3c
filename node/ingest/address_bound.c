#include "node/ingest/address_bound.h"

#include <string.h>

#include "common/net/net_allow.h"

int address_bound_init(struct address_bound *b, unsigned max_connections, unsigned most)
{
	*b = (struct address_bound){ .most = most, .n_places = 64 };
	pthread_mutex_init(&b->lock, NULL);
	while (b->n_places < 2 * (size_t)max_connections)
		b->n_places *= 2;
	b->counts = calloc(b->n_places, sizeof(*b->counts));
	return b->counts ? 0 : -ENOMEM;
}

void address_bound_deinit(struct address_bound *b)
{
	free(b->counts);
	b->counts = NULL;
	pthread_mutex_destroy(&b->lock);
}

static size_t home_of(const struct address_bound *b, const uint8_t *key)
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < NET_ADDR_KEY_BYTES; i++)
		hash = (hash ^ key[i]) * 1099511628211u;
	return (hash >> 20) & (b->n_places - 1);
}

/* The place of the key, or the free one where it would be. Half of all places are free. */
static size_t find(const struct address_bound *b, const uint8_t *key)
{
	size_t at = home_of(b, key);

	while (b->counts[at].n > 0 && memcmp(b->counts[at].key, key, NET_ADDR_KEY_BYTES) != 0)
		at = (at + 1) & (b->n_places - 1);
	return at;
}

/* Those behind a place that became free move up, so that they are still found. */
static void close_gap(struct address_bound *b, size_t gap)
{
	size_t mask = b->n_places - 1;

	for (size_t at = (gap + 1) & mask; b->counts[at].n > 0; at = (at + 1) & mask) {
		size_t home = home_of(b, b->counts[at].key);

		if (((at - home) & mask) < ((at - gap) & mask))
			continue;
		b->counts[gap] = b->counts[at];
		b->counts[at].n = 0;
		gap = at;
	}
}

bool address_bound_counts(const struct net_allow *proxies, const struct net_addr *addr)
{
	return !proxies || net_allow_refuses(proxies, "", addr);
}

bool address_bound_take(struct address_bound *b, const struct net_addr *addr)
{
	uint8_t key[NET_ADDR_KEY_BYTES];
	struct address_count *count;
	bool is_within;

	net_addr_key(addr, key);
	pthread_mutex_lock(&b->lock);
	count = &b->counts[find(b, key)];
	is_within = count->n < b->most;
	if (is_within) {
		memcpy(count->key, key, sizeof(key));
		count->n++;
	}
	pthread_mutex_unlock(&b->lock);
	return is_within;
}

void address_bound_give(struct address_bound *b, const struct net_addr *addr)
{
	uint8_t key[NET_ADDR_KEY_BYTES];
	size_t at;

	net_addr_key(addr, key);
	pthread_mutex_lock(&b->lock);
	at = find(b, key);
	assert(b->counts[at].n > 0);
	if (--b->counts[at].n == 0)
		close_gap(b, at);
	pthread_mutex_unlock(&b->lock);
}
