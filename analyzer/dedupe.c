/*
 * A ring of entries in order of arrival, and a node for each id that any of them has. Two hash
 * tables lead there: one from id and digest to the entry, one from the id to its node. So nothing
 * depends on how many packets share an id.
 *
 *   entry_buckets -> entry {digest, node} -> next entry with the same hash
 *   id_buckets    -> node {id, n_entries} -> next node with the same hash
 */
#include "analyzer/dedupe.h"

#include <string.h>

#include "common/rng.h"

#define NONE ((1u << 30) - 1) /* no entry, no node */

enum entry_state {
	ENTRY_FREE,    /* in no chain */
	ENTRY_PENDING, /* chained, not settled */
	ENTRY_KEPT     /* chained, settled */
};

struct entry {
	uint64_t digest;
	uint32_t node;      /* of its id */
	uint32_t next : 30; /* in its chain; NONE: the last */
	uint32_t state : 2; /* enum entry_state */
};

struct id_node {
	uint64_t id;
	uint32_t n_entries; /* that have this id; 0: the node is free */
	uint32_t next;      /* in its chain, or among the free ones; NONE: the last */
};

struct dedupe {
	struct entry *entries;   /* owned, `window` of them, as of the next one */
	struct id_node *nodes;   /* there are never more ids than entries */
	uint32_t *entry_buckets; /* owned; first entry of each chain, or NONE */
	uint32_t *id_buckets;    /* owned; first node of each chain, or NONE */
	size_t window;
	size_t bucket_mask;
	uint32_t free_node;
	uint64_t n_inserted; /* the next insert's number */
	uint64_t salts[2];
};

static_assert(DEDUPE_WINDOW_MAX < NONE, "entries are numbered in 30 bits");
static_assert(sizeof(struct entry) == 16, "dedupe.h says how much memory a packet takes");

static bool allocate(struct dedupe *d, size_t n_buckets)
{
	d->entries = calloc(d->window, sizeof(*d->entries));
	d->nodes = calloc(d->window, sizeof(*d->nodes));
	d->entry_buckets = malloc(n_buckets * sizeof(*d->entry_buckets));
	d->id_buckets = malloc(n_buckets * sizeof(*d->id_buckets));
	return d->entries && d->nodes && d->entry_buckets && d->id_buckets;
}

struct dedupe *dedupe_new(size_t window)
{
	struct dedupe *d = calloc(1, sizeof(*d));
	size_t n_buckets = 1;
	struct rng rng;

	assert(window > 0 && window <= DEDUPE_WINDOW_MAX);
	if (!d)
		return NULL;
	while (n_buckets < window)
		n_buckets *= 2;
	d->window = window;
	d->bucket_mask = n_buckets - 1;
	if (!allocate(d, n_buckets)) {
		dedupe_free(d);
		return NULL;
	}
	for (size_t i = 0; i < n_buckets; i++)
		d->entry_buckets[i] = d->id_buckets[i] = NONE;
	for (size_t i = 0; i < window; i++)
		d->nodes[i].next = i + 1 < window ? (uint32_t)i + 1 : NONE;
	rng_init(&rng, 0);
	d->salts[0] = rng_next(&rng);
	d->salts[1] = rng_next(&rng);
	return d;
}

void dedupe_free(struct dedupe *d)
{
	if (!d)
		return;
	free(d->entries);
	free(d->nodes);
	free(d->entry_buckets);
	free(d->id_buckets);
	free(d);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/*
 * Folded multiplication, 16 bytes a step (the construction of wyhash, Wang Yi). Both factors depend
 * on a salt: with a constant in one of them, whoever sends that constant makes the product 0.
 */
static uint64_t hash_bytes(const struct dedupe *d, const void *data, size_t len)
{
	const char *p = data;
	uint64_t hash = d->salts[0], pair[2];

	for (size_t n_left = len; n_left > 0;) {
		size_t n = n_left < sizeof(pair) ? n_left : sizeof(pair);

		pair[0] = pair[1] = 0;
		memcpy(pair, p, n);
		hash = fold(pair[0] ^ d->salts[1], pair[1] ^ hash);
		p += n;
		n_left -= n;
	}
	return fold(hash ^ 0xe7037ed1a0b428dbULL, len ^ 0x8ebc6af09c88c6e3ULL);
}

struct dedupe_key dedupe_key(const struct dedupe *d, const void *id, size_t id_len,
			     const void *packet, size_t len)
{
	return (struct dedupe_key){ .id = hash_bytes(d, id, id_len),
				    .digest = hash_bytes(d, packet, len) };
}

static uint32_t *id_bucket(const struct dedupe *d, uint64_t id)
{
	return &d->id_buckets[id & d->bucket_mask];
}

/* Id and digest are hashes with one salt: a packet that is its own id has both alike. */
static uint32_t *entry_bucket(const struct dedupe *d, uint64_t id, uint64_t digest)
{
	return &d->entry_buckets[(id + 3 * digest) & d->bucket_mask];
}

/* NONE: no entry has this id. */
static uint32_t find_node(const struct dedupe *d, uint64_t id)
{
	uint32_t n = *id_bucket(d, id);

	while (n != NONE && d->nodes[n].id != id)
		n = d->nodes[n].next;
	return n;
}

enum dedupe_verdict dedupe_look(const struct dedupe *d, struct dedupe_key key)
{
	uint32_t node = find_node(d, key.id);

	if (node == NONE)
		return DEDUPE_NEW;
	for (uint32_t i = *entry_bucket(d, key.id, key.digest); i != NONE; i = d->entries[i].next) {
		const struct entry *e = &d->entries[i];

		if (e->node == node && e->digest == key.digest)
			return e->state == ENTRY_PENDING ? DEDUPE_PENDING : DEDUPE_DUPLICATE;
	}
	return DEDUPE_CONFLICT;
}

static uint32_t node_ref(struct dedupe *d, uint64_t id)
{
	uint32_t n = find_node(d, id);

	if (n == NONE) {
		n = d->free_node; /* there is one: each entry holds one node at most */
		d->free_node = d->nodes[n].next;
		d->nodes[n] = (struct id_node){ .id = id, .next = *id_bucket(d, id) };
		*id_bucket(d, id) = n;
	}
	d->nodes[n].n_entries++;
	return n;
}

static void node_unref(struct dedupe *d, uint32_t n)
{
	struct id_node *node = &d->nodes[n];
	uint32_t *link = id_bucket(d, node->id);

	if (--node->n_entries > 0)
		return;
	while (*link != n)
		link = &d->nodes[*link].next;
	*link = node->next;
	node->next = d->free_node;
	d->free_node = n;
}

static void entry_unlink(struct dedupe *d, uint32_t index)
{
	struct entry *e = &d->entries[index];
	uint32_t *first = entry_bucket(d, d->nodes[e->node].id, e->digest), before;

	if (*first == index) {
		*first = e->next;
	} else {
		for (before = *first; d->entries[before].next != index;)
			before = d->entries[before].next;
		d->entries[before].next = e->next;
	}
	node_unref(d, e->node);
	e->state = ENTRY_FREE;
}

uint64_t dedupe_insert(struct dedupe *d, struct dedupe_key key)
{
	uint32_t index = (uint32_t)(d->n_inserted % d->window);
	uint32_t *bucket = entry_bucket(d, key.id, key.digest);
	struct entry *e = &d->entries[index];

	if (e->state != ENTRY_FREE)
		entry_unlink(d, index);
	*e = (struct entry){ .digest = key.digest,
			     .node = node_ref(d, key.id),
			     .next = *bucket,
			     .state = ENTRY_PENDING };
	*bucket = index;
	return d->n_inserted++;
}

void dedupe_settle(struct dedupe *d, uint64_t first, size_t n, bool keep)
{
	for (uint64_t number = first; number < first + n; number++) {
		uint32_t index = (uint32_t)(number % d->window);

		if (d->n_inserted - number > d->window)
			continue; /* its place was given to a later one */
		assert(d->entries[index].state == ENTRY_PENDING);
		if (keep)
			d->entries[index].state = ENTRY_KEPT;
		else
			entry_unlink(d, index);
	}
}
