#include "node/send/origin_pool.h"

#include <assert.h>
#include <stdlib.h>

static void unlink_idle(struct pooled_conn *c)
{
	assert(c->pool->n_idle > 0 && !c->transfer);
	TAILQ_REMOVE(&c->origin->idle, c, in_origin);
	TAILQ_REMOVE(&c->pool->idle, c, in_pool);
	c->pool->n_idle--;
}

static void close_oldest(struct origin_pool *p)
{
	struct pooled_conn *c = TAILQ_FIRST(&p->idle);

	unlink_idle(c);
	origin_pool_conn_free(c);
}

static void on_idle_close(struct http_conn *http)
{
	struct pooled_conn *c = CONTAINER_OF(http, struct pooled_conn, http);

	unlink_idle(c);
	origin_pool_conn_free(c);
}

void origin_pool_init(struct origin_pool *p, struct event_base *base, struct tls_context *tls,
		      void (*on_done)(struct http_conn *, enum http_conn_outcome),
		      void (*on_connected)(struct http_conn *))
{
	*p = (struct origin_pool){ .owner = { .base = base,
					      .on_done = on_done,
					      .on_idle_close = on_idle_close,
					      .on_connected = on_connected,
					      .keeps_json = true },
				   .tls = tls };
	TAILQ_INIT(&p->idle);
}

void origin_pool_deinit(struct origin_pool *p)
{
	while (p->n_idle)
		close_oldest(p);
	assert(TAILQ_EMPTY(&p->idle));
}

struct pooled_conn *origin_pool_conn_new(struct origin_pool *p, struct origin *o)
{
	struct pooled_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	http_conn_init(&c->http, &p->owner);
	if (p->tls)
		http_conn_use_tls(&c->http, p->tls, o->host);
	c->pool = p;
	c->origin = o;
	o->n_conns++;
	return c;
}

void origin_pool_conn_free(struct pooled_conn *c)
{
	assert(c->origin->n_conns > 0);
	assert(!c->is_waiting); /* else it is still in origin->waiting */
	c->origin->n_conns--;
	http_conn_deinit(&c->http);
	buf_deinit(&c->head);
	free(c);
}

struct pooled_conn *origin_pool_take(struct origin *o)
{
	struct pooled_conn *c = TAILQ_FIRST(&o->idle);

	if (c)
		unlink_idle(c);
	return c;
}

void origin_pool_give(struct pooled_conn *c, uint64_t now_us)
{
	struct origin_pool *p = c->pool;

	c->transfer = NULL;
	if (c->http.state != HTTP_CONN_READY) {
		origin_pool_conn_free(c);
		return;
	}
	c->idle_since_us = now_us;
	TAILQ_INSERT_HEAD(&c->origin->idle, c, in_origin);
	TAILQ_INSERT_TAIL(&p->idle, c, in_pool);
	if (++p->n_idle > POOL_MAX_IDLE)
		close_oldest(p);
	assert(p->n_idle <= POOL_MAX_IDLE);
}

uint64_t origin_pool_sweep(struct origin_pool *p, uint64_t now_us)
{
	struct pooled_conn *c;

	while ((c = TAILQ_FIRST(&p->idle)) && now_us >= c->idle_since_us + POOL_IDLE_US)
		close_oldest(p);
	return c ? c->idle_since_us + POOL_IDLE_US : UINT64_MAX;
}
