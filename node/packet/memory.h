#ifndef WEIR_NODE_MEMORY_H
#define WEIR_NODE_MEMORY_H
/*
 * What a node may spend on packets and connections. All workers draw on one pool, so that one busy
 * worker may use all of it; each draws in steps, so that the pool's word is rarely written.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the whole node. */
struct memory_pool {
	_Atomic int64_t left_bytes;
};

/* Of one worker, for its thread alone. */
struct memory {
	struct memory_pool *pool; /* borrowed */
	int64_t slack_bytes;      /* drawn and not used */
	uint64_t used_bytes;
};

void memory_init(struct memory *m, struct memory_pool *pool);
/* False: there is not so much left. */
bool memory_take(struct memory *m, size_t n_bytes);
/* Takes it whether there is so much left or not, and what is left may be less than nothing. */
void memory_overdraw(struct memory *m, size_t n_bytes);
void memory_give(struct memory *m, size_t n_bytes);
/* Bytes that this worker could still take. */
uint64_t memory_left(const struct memory *m);

#endif
