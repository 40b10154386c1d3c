#include "loadgen/control/emitter.h"

#include <pthread.h>

struct emitter {
	pthread_mutex_t lock;
	struct emitter_orders orders;
	struct emitter_figures figures;
};

struct emitter *emitter_new(double rate_per_s)
{
	struct emitter *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	pthread_mutex_init(&e->lock, NULL);
	e->orders.rate_per_s = rate_per_s;
	return e;
}

struct emitter *emitter_free(struct emitter *e)
{
	if (!e)
		return NULL;
	pthread_mutex_destroy(&e->lock);
	free(e);
	return NULL;
}

void emitter_run(struct emitter *e, bool is_running)
{
	pthread_mutex_lock(&e->lock);
	e->orders.is_changed |= e->orders.is_running != is_running;
	e->orders.is_running = is_running;
	pthread_mutex_unlock(&e->lock);
}

void emitter_set_rate(struct emitter *e, double rate_per_s)
{
	assert(rate_per_s > 0 && rate_per_s <= EMITTER_MAX_RATE);
	pthread_mutex_lock(&e->lock);
	e->orders.is_changed = true;
	e->orders.rate_per_s = rate_per_s;
	pthread_mutex_unlock(&e->lock);
}

bool emitter_generate(struct emitter *e, uint64_t n_messages)
{
	uint64_t n_waiting;
	bool is_taken;

	pthread_mutex_lock(&e->lock);
	n_waiting = e->orders.n_messages + e->figures.n_waiting;
	is_taken =
		n_waiting <= EMITTER_MAX_MESSAGES && n_messages <= EMITTER_MAX_MESSAGES - n_waiting;
	if (is_taken)
		e->orders.n_messages += n_messages;
	pthread_mutex_unlock(&e->lock);
	return is_taken;
}

void emitter_look(struct emitter *e, struct emitter_orders *orders, struct emitter_figures *figures)
{
	pthread_mutex_lock(&e->lock);
	*orders = e->orders;
	*figures = e->figures;
	pthread_mutex_unlock(&e->lock);
}

/* What was taken is waiting from then on, until the load says otherwise. */
void emitter_take(struct emitter *e, struct emitter_orders *orders)
{
	pthread_mutex_lock(&e->lock);
	*orders = e->orders;
	e->figures.n_waiting += e->orders.n_messages;
	e->orders.n_messages = 0;
	e->orders.is_changed = false;
	pthread_mutex_unlock(&e->lock);
}

void emitter_publish(struct emitter *e, const struct emitter_figures *figures)
{
	pthread_mutex_lock(&e->lock);
	e->figures = *figures;
	pthread_mutex_unlock(&e->lock);
}
