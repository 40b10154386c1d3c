#ifndef WEIR_NODE_ADMIN_POOL_H
#define WEIR_NODE_ADMIN_POOL_H
/*
 * Threads that do what may wait for Redis. Jobs of first rank (heartbeats, whoever has a token) go
 * before all others, and some threads take nothing else: strangers hold up strangers alone.
 */
#include "common/err.h"

#define ADMIN_POOL_THREADS 8
#define ADMIN_POOL_RESERVED 2 /* of them, for the first rank */
#define ADMIN_POOL_QUEUE 64   /* jobs that may wait, of each rank */

enum admin_rank { RANK_FIRST, RANK_OTHER, ADMIN_RANKS };

/* Embedded in what is to be done; the caller's until `run` is called, and from when it returns. */
struct admin_job {
	struct admin_job *next;
	void (*run)(struct admin_job *job);
};

struct admin_pool;
int admin_pool_new(struct admin_pool **poolp) MUST_CHECK;
/* -EBUSY: the queue is full. */
int admin_pool_push(struct admin_pool *pool, struct admin_job *job,
		    enum admin_rank rank) MUST_CHECK;
/* Waits for the jobs that run; those that only wait are dropped. */
void admin_pool_free(struct admin_pool *pool);

#endif
