#include "node/packet.h"

#include <stdlib.h>

#include "node/json_count.h"

#define TRIED_WORDS (ROSTER_MAX_SLOTS / 64)

struct packet *packet_new(size_t expected_bytes)
{
	size_t capacity = expected_bytes < PACKET_FIRST_BYTES ? expected_bytes : PACKET_FIRST_BYTES;
	struct packet *p = malloc(sizeof(*p) + capacity + json_count_padding);

	if (!p)
		return NULL;
	*p = (struct packet){ .slot = SLOT_NONE, .capacity = capacity };
	return p;
}

void packet_free(struct packet *p)
{
	if (!p)
		return;
	free(p->tried);
	free(p);
}

int packet_reserve(struct packet **pp, size_t n_more, size_t max_bytes)
{
	struct packet *p = *pp;
	size_t capacity = p->capacity < 1024 ? 1024 : p->capacity;

	if (n_more > max_bytes || p->len > max_bytes - n_more)
		return -EMSGSIZE;
	if (p->len + n_more <= p->capacity)
		return 0;
	while (capacity < p->len + n_more)
		capacity *= 2;
	if (capacity > max_bytes)
		capacity = max_bytes;
	p = realloc(p, sizeof(*p) + capacity + json_count_padding);
	if (!p)
		return -ENOMEM;
	p->capacity = capacity;
	*pp = p;
	return 0;
}

int packet_mark_tried(struct packet *p, unsigned slot)
{
	if (!p->tried)
		p->tried = calloc(TRIED_WORDS, sizeof(*p->tried));
	if (!p->tried)
		return -ENOMEM;
	p->tried[slot / 64] |= 1ULL << (slot % 64);
	return 0;
}

bool packet_was_tried(const struct packet *p, unsigned slot)
{
	return p->tried && (p->tried[slot / 64] >> (slot % 64) & 1);
}

void packet_queue_init(struct packet_queue *q)
{
	*q = (struct packet_queue){ .tailp = &q->head };
}

void packet_queue_push(struct packet_queue *q, struct packet *p)
{
	p->next = NULL;
	*q->tailp = p;
	q->tailp = &p->next;
	q->n_packets++;
	q->n_bytes += p->len;
}

struct packet *packet_queue_pop(struct packet_queue *q)
{
	struct packet *p = q->head;

	if (!p)
		return NULL;
	q->head = p->next;
	if (!q->head)
		q->tailp = &q->head;
	q->n_packets--;
	q->n_bytes -= p->len;
	p->next = NULL;
	return p;
}
