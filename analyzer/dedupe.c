/*
 * A ring of entries in order of arrival; buckets chain those of equal hash, newest first. The
 * oldest is thus at a chain's end, and chains are about one entry long.
 */
#include "analyzer/dedupe.h"

#include <string.h>

#include "common/rng.h"

#define NO_ENTRY UINT32_MAX

enum entry_state {
	ENTRY_FREE,    /* in no chain */
	ENTRY_PENDING, /* chained, not settled */
	ENTRY_KEPT     /* chained, settled */
};

struct entry {
	struct dedupe_key key;
	uint32_t next; /* in its chain, NO_ENTRY: the last */
	enum entry_state state;
};

struct dedupe {
	struct entry *entries; /* owned, `window` of them */
	uint32_t *buckets;     /* owned; first entry of each chain, or NO_ENTRY */
	size_t window;
	size_t bucket_mask;
	uint64_t n_inserted; /* the next insert's number */
	uint64_t salt;
};

static_assert(DEDUPE_WINDOW_MAX < NO_ENTRY, "entries are numbered in 32 bits");

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
	d->entries = calloc(window, sizeof(*d->entries));
	d->buckets = malloc(n_buckets * sizeof(*d->buckets));
	if (!d->entries || !d->buckets) {
		dedupe_free(d);
		return NULL;
	}
	memset(d->buckets, 0xff, n_buckets * sizeof(*d->buckets));
	rng_init(&rng, 0);
	d->salt = rng_next(&rng);
	return d;
}

void dedupe_free(struct dedupe *d)
{
	if (!d)
		return;
	free(d->entries);
	free(d->buckets);
	free(d);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Folded multiplication, 16 bytes a step (the construction of wyhash, Wang Yi). */
static uint64_t hash_bytes(uint64_t salt, const void *data, size_t len)
{
	const char *p = data;
	uint64_t hash = salt ^ 0x9e3779b97f4a7c15ULL, pair[2];

	for (size_t n_left = len; n_left > 0;) {
		size_t n = n_left < sizeof(pair) ? n_left : sizeof(pair);

		pair[0] = pair[1] = 0;
		memcpy(pair, p, n);
		hash = fold(pair[0] ^ 0xa0761d6478bd642fULL, pair[1] ^ hash);
		p += n;
		n_left -= n;
	}
	return fold(hash ^ 0xe7037ed1a0b428dbULL, len ^ 0x8ebc6af09c88c6e3ULL);
}

struct dedupe_key dedupe_key(const struct dedupe *d, const void *id, size_t id_len,
			     const void *packet, size_t len)
{
	return (struct dedupe_key){ .id = hash_bytes(d->salt, id, id_len),
				    .digest = hash_bytes(d->salt, packet, len) };
}

static uint32_t *bucket_of(const struct dedupe *d, uint64_t id)
{
	return &d->buckets[id & d->bucket_mask];
}

enum dedupe_verdict dedupe_look(const struct dedupe *d, struct dedupe_key key)
{
	enum dedupe_verdict verdict = DEDUPE_NEW;

	for (uint32_t i = *bucket_of(d, key.id); i != NO_ENTRY; i = d->entries[i].next) {
		const struct entry *e = &d->entries[i];

		if (e->key.id != key.id)
			continue;
		if (e->key.digest == key.digest)
			return e->state == ENTRY_PENDING ? DEDUPE_PENDING : DEDUPE_DUPLICATE;
		verdict = DEDUPE_CONFLICT;
	}
	return verdict;
}

static void entry_unlink(struct dedupe *d, uint32_t index)
{
	struct entry *e = &d->entries[index];
	uint32_t *link = bucket_of(d, e->key.id);

	while (*link != index)
		link = &d->entries[*link].next;
	*link = e->next;
	e->state = ENTRY_FREE;
}

uint64_t dedupe_insert(struct dedupe *d, struct dedupe_key key)
{
	uint32_t index = (uint32_t)(d->n_inserted % d->window);
	uint32_t *bucket = bucket_of(d, key.id);
	struct entry *e = &d->entries[index];

	if (e->state != ENTRY_FREE)
		entry_unlink(d, index);
	*e = (struct entry){ .key = key, .next = *bucket, .state = ENTRY_PENDING };
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
