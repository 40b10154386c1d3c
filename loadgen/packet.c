#include "loadgen/packet.h"

static void packet_free(struct packet *packet)
{
	buf_deinit(&packet->body);
	free(packet);
}

struct packet *packet_pool_take(struct packet_pool *pool)
{
	struct packet *packet = pool->first;

	if (!packet)
		return calloc(1, sizeof(*packet));
	pool->first = packet->next;
	packet->next = NULL;
	packet->n_attempts = 0;
	packet->n_messages = 0;
	return packet;
}

void packet_pool_give(struct packet_pool *pool, struct packet *packet)
{
	packet->next = pool->first;
	pool->first = packet;
}

void packet_pool_deinit(struct packet_pool *pool)
{
	struct packet *packet;

	while ((packet = pool->first)) {
		pool->first = packet->next;
		packet_free(packet);
	}
}

static int retry_queue_grow(struct retry_queue *q)
{
	size_t capacity = q->capacity ? 2 * q->capacity : 64;
	struct packet **heap = reallocarray(q->heap, capacity, sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	q->heap = heap;
	q->capacity = capacity;
	return 0;
}

static void swap(struct packet **a, struct packet **b)
{
	struct packet *t = *a;

	*a = *b;
	*b = t;
}

int retry_queue_push(struct retry_queue *q, struct packet *packet)
{
	size_t i = q->n;

	if (q->n == q->capacity && retry_queue_grow(q))
		return -ENOMEM;
	q->heap[q->n++] = packet;
	while (i > 0 && q->heap[i]->retry_us < q->heap[(i - 1) / 2]->retry_us) {
		swap(&q->heap[i], &q->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	return 0;
}

struct packet *retry_queue_peek(const struct retry_queue *q)
{
	return q->n ? q->heap[0] : NULL;
}

struct packet *retry_queue_pop(struct retry_queue *q)
{
	struct packet *first = retry_queue_peek(q);
	size_t i = 0, child;

	if (!first)
		return NULL;
	q->heap[0] = q->heap[--q->n];
	while ((child = 2 * i + 1) < q->n) {
		if (child + 1 < q->n && q->heap[child + 1]->retry_us < q->heap[child]->retry_us)
			child++;
		if (q->heap[i]->retry_us <= q->heap[child]->retry_us)
			break;
		swap(&q->heap[i], &q->heap[child]);
		i = child;
	}
	return first;
}

void retry_queue_deinit(struct retry_queue *q)
{
	for (size_t i = 0; i < q->n; i++)
		packet_free(q->heap[i]);
	free(q->heap);
	*q = (struct retry_queue){ 0 };
}
