#include "node/admin/admin_pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#define STACK_BYTES (1 << 20) /* cJSON recurses, up to JSON_MAX_DEPTH; sanitizers need most */

struct queue {
	struct admin_job *first;
	struct admin_job **tailp;
	unsigned n;
};

struct member {
	struct admin_pool *pool;
	pthread_t thread;
	unsigned index;
};

struct admin_pool {
	pthread_mutex_t lock; /* of all that follows but the members */
	pthread_cond_t pushed;
	struct queue queues[ADMIN_RANKS];
	bool must_stop;
	struct member members[ADMIN_POOL_THREADS];
	unsigned n_members;
};

static struct admin_job *pop(struct queue *q)
{
	struct admin_job *job = q->first;

	if (!job)
		return NULL;
	assert(q->n > 0);
	q->first = job->next;
	if (!q->first)
		q->tailp = &q->first;
	q->n--;
	return job;
}

/* Under the lock. */
static struct admin_job *pop_for(struct admin_pool *pool, const struct member *m)
{
	struct admin_job *job = pop(&pool->queues[RANK_FIRST]);

	return job || m->index < ADMIN_POOL_RESERVED ? job : pop(&pool->queues[RANK_OTHER]);
}

/* The next job, NULL: the pool ends. */
static struct admin_job *await(struct admin_pool *pool, const struct member *m)
{
	struct admin_job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	while (!pool->must_stop && !(job = pop_for(pool, m)))
		pthread_cond_wait(&pool->pushed, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *run(void *arg)
{
	struct member *m = arg;
	struct admin_job *job;
	char name[16];

	snprintf(name, sizeof(name), "admin-%u", m->index);
	pthread_setname_np(pthread_self(), name);
	while ((job = await(m->pool, m)))
		job->run(job);
	return NULL;
}

static int start_members(struct admin_pool *pool)
{
	pthread_attr_t attr;
	int r = -pthread_attr_init(&attr);

	if (r == 0)
		r = -pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (r == 0 && pool->n_members < ADMIN_POOL_THREADS) {
		struct member *m = &pool->members[pool->n_members];

		*m = (struct member){ .pool = pool, .index = pool->n_members };
		r = -pthread_create(&m->thread, &attr, run, m);
		pool->n_members += r == 0;
	}
	pthread_attr_destroy(&attr);
	return r;
}

int admin_pool_new(struct admin_pool **poolp)
{
	struct admin_pool *pool = calloc(1, sizeof(*pool));
	int r;

	if (!pool)
		return -ENOMEM;
	for (unsigned i = 0; i < ADMIN_RANKS; i++)
		pool->queues[i].tailp = &pool->queues[i].first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->pushed, NULL);
	r = start_members(pool);
	if (r != 0)
		admin_pool_free(pool);
	else
		*poolp = pool;
	return r;
}

int admin_pool_push(struct admin_pool *pool, struct admin_job *job, enum admin_rank rank)
{
	struct queue *q = &pool->queues[rank];
	int r = 0;

	assert(rank < ADMIN_RANKS && job->run);

	pthread_mutex_lock(&pool->lock);
	if (q->n == ADMIN_POOL_QUEUE) {
		r = -EBUSY;
	} else {
		job->next = NULL;
		*q->tailp = job;
		q->tailp = &job->next;
		q->n++;
		pthread_cond_broadcast(&pool->pushed);
	}
	pthread_mutex_unlock(&pool->lock);
	return r;
}

void admin_pool_free(struct admin_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->must_stop = true;
	pthread_cond_broadcast(&pool->pushed);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n_members; i++)
		pthread_join(pool->members[i].thread, NULL);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->pushed);
	free(pool);
}
