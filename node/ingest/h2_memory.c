#include "node/ingest/h2_memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* Charges what the allocator gave, or gives it back. */
static void *charge(struct h2_memory *m, void *p)
{
	size_t n = p ? malloc_usable_size(p) : 0;

	if (m->is_sending)
		memory_overdraw(m->memory, n);
	if (m->is_sending || memory_take(m->memory, n))
		return p;
	free(p);
	return NULL;
}

static void *on_malloc(size_t size, void *arg)
{
	return charge(arg, malloc(size));
}

static void *on_calloc(size_t n, size_t size, void *arg)
{
	return charge(arg, calloc(n, size));
}

static void on_free(void *p, void *arg)
{
	struct h2_memory *m = arg;

	if (p)
		memory_give(m->memory, malloc_usable_size(p));
	free(p);
}

/* The old bytes stay charged until the new ones are there. */
static void *on_realloc(void *p, size_t size, void *arg)
{
	size_t n_old = p ? malloc_usable_size(p) : 0;
	void *grown = on_malloc(size, arg);

	if (!grown)
		return NULL;
	if (p)
		memcpy(grown, p, n_old < size ? n_old : size);
	on_free(p, arg);
	return grown;
}

nghttp2_mem h2_memory(struct h2_memory *m)
{
	return (nghttp2_mem){ .mem_user_data = m,
			      .malloc = on_malloc,
			      .free = on_free,
			      .calloc = on_calloc,
			      .realloc = on_realloc };
}
