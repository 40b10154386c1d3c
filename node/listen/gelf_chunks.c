#include "node/listen/gelf_chunks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES 12
#define ID_BYTES 8

struct chunk {
	char *data; /* owned; NULL: it has not come */
	size_t len;
};

struct gelf_message {
	struct gelf_message *prev, *next;
	char id[ID_BYTES];
	uint8_t key[NET_ADDR_KEY_BYTES]; /* of its sender */
	uint64_t since_us;
	size_t n_bytes;
	unsigned n_chunks, n_come;
	struct chunk chunks[];
};

void gelf_chunks_init(struct gelf_chunks *c, struct memory *memory, size_t max_bytes,
		      size_t most_bytes)
{
	*c = (struct gelf_chunks){ .memory = memory,
				   .max_bytes = max_bytes,
				   .most_bytes = most_bytes };
}

static size_t cost(unsigned n_chunks)
{
	return sizeof(struct gelf_message) + n_chunks * sizeof(struct chunk);
}

static void drop(struct gelf_chunks *c, struct gelf_message *m)
{
	*(m->prev ? &m->prev->next : &c->first) = m->next;
	*(m->next ? &m->next->prev : &c->last) = m->prev;
	for (unsigned i = 0; i < m->n_chunks; i++)
		free(m->chunks[i].data);
	memory_give(c->memory, cost(m->n_chunks) + m->n_bytes);
	assert(c->n_messages > 0 && c->n_bytes >= m->n_bytes);
	c->n_messages--;
	c->n_bytes -= m->n_bytes;
	free(m);
}

static void give_up(struct gelf_chunks *c, struct gelf_message *m)
{
	c->n_given_up++;
	drop(c, m);
}

void gelf_chunks_deinit(struct gelf_chunks *c)
{
	while (c->first)
		give_up(c, c->first);
	assert(c->n_messages == 0 && c->n_bytes == 0);
}

void gelf_chunks_sweep(struct gelf_chunks *c, uint64_t now_us)
{
	while (c->first && now_us - c->first->since_us > GELF_CHUNK_US)
		give_up(c, c->first);
}

bool gelf_chunk_is_one(const char *data, size_t len)
{
	return len >= 2 && data[0] == 0x1e && data[1] == 0x0f;
}

static struct gelf_message *find(struct gelf_chunks *c, const char *id, const uint8_t *key)
{
	struct gelf_message *m = c->last;

	while (m &&
	       (memcmp(m->id, id, ID_BYTES) != 0 || memcmp(m->key, key, NET_ADDR_KEY_BYTES) != 0))
		m = m->prev;
	return m;
}

static struct gelf_message *begin(struct gelf_chunks *c, const char *id, const uint8_t *key,
				  unsigned n_chunks, uint64_t now_us)
{
	struct gelf_message *m;

	while (c->n_messages >= GELF_MESSAGES_MOST)
		give_up(c, c->first);
	if (!memory_take(c->memory, cost(n_chunks)))
		return NULL;
	m = calloc(1, cost(n_chunks));
	if (!m) {
		memory_give(c->memory, cost(n_chunks));
		return NULL;
	}
	m->since_us = now_us;
	m->n_chunks = n_chunks;
	memcpy(m->id, id, ID_BYTES);
	memcpy(m->key, key, NET_ADDR_KEY_BYTES);
	m->prev = c->last;
	*(c->last ? &c->last->next : &c->first) = m;
	c->last = m;
	c->n_messages++;
	return m;
}

/* The message itself may have to go: then false. */
static bool keep(struct gelf_chunks *c, struct gelf_message *m, struct chunk *chunk,
		 const char *data, size_t len)
{
	while (c->n_bytes + len > c->most_bytes && c->first != m)
		give_up(c, c->first);
	if (c->n_bytes + len > c->most_bytes || !memory_take(c->memory, len))
		return false;
	chunk->data = malloc(len ? len : 1);
	if (!chunk->data) {
		memory_give(c->memory, len);
		return false;
	}
	memcpy(chunk->data, data, len);
	chunk->len = len;
	m->n_bytes += len;
	c->n_bytes += len;
	m->n_come++;
	return true;
}

static enum gelf_chunk_result join(struct gelf_chunks *c, struct gelf_message *m,
				   struct gelf_whole *whole)
{
	size_t n = 0;

	assert(m->n_come == m->n_chunks); /* each of them has data */
	if (memory_take(c->memory, m->n_bytes))
		whole->data = malloc(m->n_bytes ? m->n_bytes : 1);
	else
		whole->data = NULL;
	if (!whole->data) {
		drop(c, m);
		return GELF_CHUNK_NO_ROOM;
	}
	for (unsigned i = 0; i < m->n_chunks; i++) {
		memcpy(whole->data + n, m->chunks[i].data, m->chunks[i].len);
		n += m->chunks[i].len;
	}
	whole->len = n;
	drop(c, m);
	return GELF_CHUNK_WHOLE;
}

void gelf_whole_free(struct gelf_chunks *c, struct gelf_whole *whole)
{
	memory_give(c->memory, whole->len);
	free(whole->data);
	whole->data = NULL;
}

enum gelf_chunk_result gelf_chunks_add(struct gelf_chunks *c, const struct net_addr *peer,
				       const char *data, size_t len, uint64_t now_us,
				       struct gelf_whole *whole)
{
	unsigned number, n_chunks;
	uint8_t key[NET_ADDR_KEY_BYTES];
	struct gelf_message *m;

	if (len <= HEAD_BYTES)
		return GELF_CHUNK_BAD;
	number = (unsigned char)data[HEAD_BYTES - 2];
	n_chunks = (unsigned char)data[HEAD_BYTES - 1];
	if (n_chunks == 0 || n_chunks > GELF_CHUNKS_MOST || number >= n_chunks)
		return GELF_CHUNK_BAD;
	net_addr_key(peer, key);
	m = find(c, data + 2, key);
	if (m && m->n_chunks != n_chunks)
		return GELF_CHUNK_BAD;
	if (!m)
		m = begin(c, data + 2, key, n_chunks, now_us);
	if (!m)
		return GELF_CHUNK_NO_ROOM;
	if (m->chunks[number].data)
		return GELF_CHUNK_KEPT;
	if (m->n_bytes + len - HEAD_BYTES > c->max_bytes) {
		drop(c, m);
		return GELF_CHUNK_LONG;
	}
	if (!keep(c, m, &m->chunks[number], data + HEAD_BYTES, len - HEAD_BYTES)) {
		drop(c, m);
		return GELF_CHUNK_NO_ROOM;
	}
	return m->n_come < m->n_chunks ? GELF_CHUNK_KEPT : join(c, m, whole);
}
