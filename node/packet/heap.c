#include "node/packet/heap.h"

#include <malloc.h>

#include "common/clock.h"

#define PARTS 16 /* of the memory for packets, one may be held */
#define MAP_BYTES (2 << 20)
#define CALM_BYTES (1u << 20)
#define CALM_US (10 * US_PER_S)

uint64_t heap_held(uint64_t packet_bytes, unsigned n_workers)
{
	uint64_t held = packet_bytes / PARTS / n_workers;

	return held < HEAP_HELD_MIN ? HEAP_HELD_MIN : held > HEAP_HELD_MAX ? HEAP_HELD_MAX : held;
}

/* The largest blocks have pages of their own, which are the kernel's as soon as they are freed. */
void heap_hold(uint64_t held_bytes)
{
	mallopt(M_MMAP_THRESHOLD, MAP_BYTES);
	mallopt(M_TRIM_THRESHOLD, (int)held_bytes);
}

bool heap_is_idle(struct heap *h, uint64_t came_bytes, uint64_t here_bytes, uint64_t now_us)
{
	uint64_t more = came_bytes - h->came_bytes;

	h->came_bytes = came_bytes;
	if (more > CALM_BYTES || here_bytes > CALM_BYTES) {
		h->is_large = true;
		h->calm_since_us = 0;
	} else if (!h->calm_since_us) {
		h->calm_since_us = now_us;
	}
	return h->is_large && h->calm_since_us && now_us - h->calm_since_us >= CALM_US;
}

void heap_release(struct heap *h)
{
	malloc_trim(0);
	h->is_large = false;
}
