#include "common/front/front_pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#define STACK_BYTES (1 << 20) /* cJSON recurses, up to JSON_MAX_DEPTH; sanitizers need most */

struct queue {
	struct front_job *first;
	struct front_job **tailp;
	unsigned n;
};

struct member {
	struct front_pool *pool;
	pthread_t thread;
	unsigned index;
};

struct front_pool {
	pthread_mutex_t lock;               /* of the queues and must_stop */
	pthread_cond_t pushed[FRONT_RANKS]; /* of the lowest rank that those who wait may take */
	struct queue queues[FRONT_RANKS];
	const char *name;
	unsigned n_threads, n_first, n_queue;
	bool must_stop;
	struct member *members; /* owned */
	unsigned n_members;
};

static struct front_job *pop(struct queue *q)
{
	struct front_job *job = q->first;

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
static struct front_job *pop_for(struct front_pool *pool, const struct member *m)
{
	struct front_job *job = pop(&pool->queues[RANK_FIRST]);

	return job || m->index < m->pool->n_first ? job : pop(&pool->queues[RANK_OTHER]);
}

static enum front_rank lowest_rank(const struct member *m)
{
	return m->index < m->pool->n_first ? RANK_FIRST : RANK_OTHER;
}

/* One thread of those that may take the job, under the lock. Of those for the first rank alone as well,
 * since the others may all be busy. */
static void wake(struct front_pool *pool, enum front_rank rank)
{
	pthread_cond_signal(&pool->pushed[RANK_OTHER]);
	if (rank == RANK_FIRST)
		pthread_cond_signal(&pool->pushed[RANK_FIRST]);
}

/* The next job, NULL: the pool ends. */
static struct front_job *await(struct front_pool *pool, const struct member *m)
{
	struct front_job *job = NULL;

	pthread_mutex_lock(&pool->lock);
	while (!pool->must_stop && !(job = pop_for(pool, m)))
		pthread_cond_wait(&pool->pushed[lowest_rank(m)], &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *run(void *arg)
{
	struct member *m = arg;
	struct front_job *job;
	char name[16];

	snprintf(name, sizeof(name), "%.7s-%u", m->pool->name, m->index);
	pthread_setname_np(pthread_self(), name);
	while ((job = await(m->pool, m)))
		job->run(job, m->index);
	return NULL;
}

static int start_members(struct front_pool *pool)
{
	pthread_attr_t attr;
	int r = -pthread_attr_init(&attr);

	if (r == 0)
		r = -pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (r == 0 && pool->n_members < pool->n_threads) {
		struct member *m = &pool->members[pool->n_members];

		*m = (struct member){ .pool = pool, .index = pool->n_members };
		r = -pthread_create(&m->thread, &attr, run, m);
		pool->n_members += r == 0;
	}
	pthread_attr_destroy(&attr);
	return r;
}

int front_pool_new(const char *name, unsigned n_threads, unsigned n_first, unsigned n_queue,
		   struct front_pool **poolp)
{
	struct front_pool *pool = calloc(1, sizeof(*pool));
	int r;

	if (!pool)
		return -ENOMEM;
	pool->name = name;
	pool->n_threads = n_threads;
	pool->n_first = n_first;
	pool->n_queue = n_queue;
	pool->members = calloc(n_threads, sizeof(*pool->members));
	for (unsigned i = 0; i < FRONT_RANKS; i++) {
		pool->queues[i].tailp = &pool->queues[i].first;
		pthread_cond_init(&pool->pushed[i], NULL);
	}
	pthread_mutex_init(&pool->lock, NULL);
	r = pool->members ? start_members(pool) : -ENOMEM;
	if (r != 0)
		front_pool_free(pool);
	else
		*poolp = pool;
	return r;
}

int front_pool_push(struct front_pool *pool, struct front_job *job, enum front_rank rank)
{
	struct queue *q = &pool->queues[rank];
	int r = 0;

	assert(rank < FRONT_RANKS && job->run);

	pthread_mutex_lock(&pool->lock);
	if (q->n == pool->n_queue) {
		r = -EBUSY;
	} else {
		job->next = NULL;
		*q->tailp = job;
		q->tailp = &job->next;
		q->n++;
		wake(pool, rank);
	}
	pthread_mutex_unlock(&pool->lock);
	return r;
}

void front_pool_free(struct front_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->must_stop = true;
	for (unsigned i = 0; i < FRONT_RANKS; i++)
		pthread_cond_broadcast(&pool->pushed[i]);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->n_members; i++)
		pthread_join(pool->members[i].thread, NULL);
	pthread_mutex_destroy(&pool->lock);
	for (unsigned i = 0; i < FRONT_RANKS; i++)
		pthread_cond_destroy(&pool->pushed[i]);
	free(pool->members);
	free(pool);
}
