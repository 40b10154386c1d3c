#ifndef WEIR_NODE_HEAP_H
#define WEIR_NODE_HEAP_H
/*
 * What malloc keeps of the memory that packets gave back. The next packets take it again without
 * the kernel, whose pages cost more than all else that is done with a large packet. Once few have
 * come for a while, the kernel gets what is not at the end of a thread's heap.
 */
#include <stdbool.h>
#include <stdint.h>

/* Each thread has a heap of its own. */
#define HEAP_HELD_MIN (1u << 20)
#define HEAP_HELD_MAX (16u << 20)

struct heap {
	uint64_t came_bytes;    /* of packets, until the last look */
	uint64_t calm_since_us; /* 0: many come, or some are still here */
	bool is_large;          /* many came since the last time that memory was given back */
};

/* How many bytes at its end each of n_workers heaps may keep free, where packets may hold packet_bytes. */
uint64_t heap_held(uint64_t packet_bytes, unsigned n_workers);
/* Before other threads start. */
void heap_hold(uint64_t held_bytes);
/*
 * To be called about once a second by one thread: with how many bytes of packets have come so far,
 * and how many are still here. True: it is time for heap_release.
 */
bool heap_is_idle(struct heap *h, uint64_t came_bytes, uint64_t here_bytes, uint64_t now_us);
/* Gives the kernel what no thread uses. It takes milliseconds. */
void heap_release(struct heap *h);

#endif
