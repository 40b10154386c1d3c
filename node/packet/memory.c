#include "node/packet/memory.h"

#include <assert.h>

#define STEP_BYTES (256 << 10)

void memory_init(struct memory *m, struct memory_pool *pool)
{
	*m = (struct memory){ .pool = pool };
}

static bool draw(struct memory *m, int64_t n_bytes)
{
	_Atomic int64_t *left = &m->pool->left_bytes;

	if (atomic_fetch_sub_explicit(left, n_bytes, memory_order_relaxed) < n_bytes) {
		atomic_fetch_add_explicit(left, n_bytes, memory_order_relaxed);
		return false;
	}
	m->slack_bytes += n_bytes;
	return true;
}

bool memory_take(struct memory *m, size_t n_bytes)
{
	int64_t n = (int64_t)n_bytes;

	if (n > m->slack_bytes && !draw(m, n - m->slack_bytes + STEP_BYTES) &&
	    !draw(m, n - m->slack_bytes))
		return false;
	assert(m->slack_bytes >= n);
	m->slack_bytes -= n;
	m->used_bytes += n_bytes;
	return true;
}

void memory_overdraw(struct memory *m, size_t n_bytes)
{
	if (memory_take(m, n_bytes))
		return;
	atomic_fetch_sub_explicit(&m->pool->left_bytes, (int64_t)n_bytes, memory_order_relaxed);
	m->used_bytes += n_bytes;
}

void memory_give(struct memory *m, size_t n_bytes)
{
	int64_t excess;

	assert(m->used_bytes >= n_bytes);
	m->used_bytes -= n_bytes;
	m->slack_bytes += (int64_t)n_bytes;
	excess = m->slack_bytes - STEP_BYTES;
	if (excess < STEP_BYTES)
		return;
	m->slack_bytes = STEP_BYTES;
	atomic_fetch_add_explicit(&m->pool->left_bytes, excess, memory_order_relaxed);
}

uint64_t memory_left(const struct memory *m)
{
	int64_t left = atomic_load_explicit(&m->pool->left_bytes, memory_order_relaxed);

	left += m->slack_bytes;
	return left > 0 ? (uint64_t)left : 0;
}
