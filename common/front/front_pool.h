#ifndef WEIR_COMMON_FRONT_POOL_H
#define WEIR_COMMON_FRONT_POOL_H
/*
 * Threads that do what may block. Jobs of first rank (whoever has a token) go before all others, and
 * some threads take nothing else: strangers hold up strangers alone.
 */
#include "common/err.h"

enum front_rank { RANK_FIRST, RANK_OTHER, FRONT_RANKS };

/* Embedded in what is to be done; the caller's until `run` is called, and from when it returns. */
struct front_job {
	struct front_job *next;
	void (*run)(struct front_job *job, unsigned thread); /* counted from 0 */
	void (*on_done)(struct front_job *job); /* for the caller: the pool does not call it */
};

struct front_pool;
/* Threads "name-0" and on, n_first of them for the first rank alone; n_queue jobs of each rank may
 * wait. Borrows name. Negative errno. */
int front_pool_new(const char *name, unsigned n_threads, unsigned n_first, unsigned n_queue,
		   struct front_pool **poolp) MUST_CHECK;
/* -EBUSY: the queue is full. */
int front_pool_push(struct front_pool *pool, struct front_job *job,
		    enum front_rank rank) MUST_CHECK;
/* Waits for the jobs that run; those that only wait are dropped. */
void front_pool_free(struct front_pool *pool);

#endif
