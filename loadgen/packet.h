#ifndef WEIR_LOADGEN_PACKET_H
#define WEIR_LOADGEN_PACKET_H
/*
 * A packet from when it is written to its final outcome, and the two places where it can be while
 * no connection has it: the pool (memory to use again, so a steady run allocates nothing) and the
 * retry queue (a heap by time).
 */
#include "common/buf.h"
#include "loadgen/client.h"

#define PACKET_MAX_PREFIX 64
#define PACKET_ID_SIZE (PACKET_MAX_PREFIX + 1 + 20 + 1)

struct packet {
	char id[PACKET_ID_SIZE];
	struct buf body;
	uint32_t n_messages;
	uint32_t n_attempts;         /* sent so often */
	uint64_t due_us;             /* by the schedule */
	uint64_t retry_us;           /* in the retry queue: not before */
	struct client_result result; /* of the last attempt */
	struct packet *next;         /* in the pool */
};

struct packet_pool {
	struct packet *first;
};

/* An empty packet, the caller's; NULL: out of memory. */
struct packet *packet_pool_take(struct packet_pool *pool);
/* Takes the packet. */
void packet_pool_give(struct packet_pool *pool, struct packet *packet);
void packet_pool_deinit(struct packet_pool *pool);

struct retry_queue {
	struct packet **heap; /* owns the packets; the earliest first */
	size_t n, capacity;
};

/* Takes the packet, unless it fails (-ENOMEM). */
int retry_queue_push(struct retry_queue *q, struct packet *packet) MUST_CHECK;
/* The earliest, borrowed; NULL: empty. */
struct packet *retry_queue_peek(const struct retry_queue *q);
/* The earliest, the caller's; NULL: empty. */
struct packet *retry_queue_pop(struct retry_queue *q);
/* Frees the packets too. */
void retry_queue_deinit(struct retry_queue *q);

#endif
