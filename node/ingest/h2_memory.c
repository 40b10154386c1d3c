#include "node/ingest/h2_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Charges what the allocator gave, or gives it back. */
static void *charge(struct memory *m, void *p)
{
	if (!p || memory_take(m, malloc_usable_size(p)))
		return p;
	free(p);
	return NULL;
}

static void *on_malloc(size_t size, void *memory)
{
	return charge(memory, malloc(size));
}

static void *on_calloc(size_t n, size_t size, void *memory)
{
	return charge(memory, calloc(n, size));
}

static void on_free(void *p, void *memory)
{
	if (p)
		memory_give(memory, malloc_usable_size(p));
	free(p);
}

/* The old bytes stay charged until the new ones are there. */
static void *on_realloc(void *p, size_t size, void *memory)
{
	size_t n_old = p ? malloc_usable_size(p) : 0;
	void *grown = on_malloc(size, memory);

	if (!grown)
		return NULL;
	if (p)
		memcpy(grown, p, n_old < size ? n_old : size);
	on_free(p, memory);
	return grown;
}

nghttp2_mem h2_memory(struct memory *memory)
{
	return (nghttp2_mem){ .mem_user_data = memory,
			      .malloc = on_malloc,
			      .free = on_free,
			      .calloc = on_calloc,
			      .realloc = on_realloc };
}
