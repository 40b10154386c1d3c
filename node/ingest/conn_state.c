#include "node/ingest/conn_state.h"

#include <assert.h>
#include <unistd.h>

#include "common/log.h"
#include "common/tls/tls_stream.h"
#include "node/ingest/address_bound.h"
#include "node/ingest/exchange_h2.h"
#include "node/node_metrics.h"

/* operating.md says what an idle connection costs. */
static_assert(sizeof(struct conn) <= 600, "an idle connection costs more than it should");

#define MAX_UNSENT_BYTES (64 << 10) /* of answers, before the connection is not read any more */

static void unlink_conn(struct conn_list *list, struct conn *c)
{
	*(c->prev ? &c->prev->next : &list->first) = c->next;
	*(c->next ? &c->next->prev : &list->last) = c->prev;
	c->prev = c->next = NULL;
	list->n--;
}

static void push_conn(struct conn_list *list, struct conn *c)
{
	c->prev = list->last;
	c->next = NULL;
	*(list->last ? &list->last->next : &list->first) = c;
	list->last = c;
	list->n++;
}

static bool is_legal(enum conn_state from, enum conn_state to)
{
	return to != CONN_GREETING && (from != CONN_LINGER || to == CONN_LINGER);
}

/* The time that the state may last begins anew. */
static void enter_state(struct conn *c, enum conn_state state)
{
	assert(is_legal(c->state, state));
	unlink_conn(&c->shared->lists[c->state], c);
	c->state = state;
	c->since_us = c->shared->now_us;
	push_conn(&c->shared->lists[state], c);
}

void conn_set_state(struct conn *c, enum conn_state state)
{
	if (c->state != state)
		enter_state(c, state);
}

void conn_note_bytes(struct conn *c)
{
	assert(c->state == CONN_LINGER);
	enter_state(c, CONN_LINGER);
}

void conn_arm(struct conn *c)
{
	short want = 0;

	if (!c->at_eof && (c->state == CONN_LINGER || (exchange_may_read(&c->requests) &&
						       conn_n_unsent(c) <= MAX_UNSENT_BYTES)))
		want |= EV_READ;
	if (conn_n_unsent(c) || (want & EV_READ && c->tls && tls_stream_wants_write(c->tls)) ||
	    (c->h2 && exchange_h2_wants_write(c->h2)))
		want |= EV_WRITE;
	if (want == c->armed)
		return;
	if (c->armed)
		event_del(&c->event);
	c->armed = want;
	if (want) {
		event_assign(&c->event, c->shared->config.base, c->fd, want | EV_PERSIST,
			     event_get_callback(&c->event), c);
		if (event_add(&c->event, NULL) != 0)
			log_error("ingest", "cannot watch a connection", "error=%s",
				  strerror(errno));
	}
	conn_recall(c);
}

void conn_recall(struct conn *c)
{
	if (c->tls && (c->armed & EV_READ) && tls_stream_has_more(c->tls))
		event_active(&c->event, EV_READ, 0);
}

struct conn *conn_open(struct conn_shared *shared, int fd, const struct net_addr *peer,
		       enum conn_state first, event_callback_fn on_event)
{
	struct conn *c = calloc(1, sizeof(*c));

	assert(first == CONN_IDLE || first == CONN_GREETING);
	if (!c || !memory_take(shared->config.memory, sizeof(*c))) {
		free(c);
		return NULL;
	}
	c->n_charged_bytes = sizeof(*c);
	c->shared = shared;
	c->fd = fd;
	c->since_us = shared->now_us;
	c->expires_us = shared->now_us +
			shared->config.limits.max_age_us / 100 * rng_range(&shared->rng, 90, 110);
	exchange_init(&c->requests, shared, peer);
	event_assign(&c->event, shared->config.base, fd, 0, on_event, c);
	c->state = first;
	push_conn(&shared->lists[first], c);
	conn_arm(c);
	return c;
}

void conn_close(struct conn *c, enum conn_close reason)
{
	struct conn_shared *shared = c->shared;

	assert(c->fd >= 0 && shared->lists[c->state].n > 0);
	if (c->armed)
		event_del(&c->event);
	unlink_conn(&shared->lists[c->state], c);
	exchange_h2_free(c->h2);
	exchange_abandon_all(&c->requests);
	if (c->is_bounded)
		address_bound_give(shared->config.bound, &c->requests.peer);
	if (c->tls)
		tls_stream_end(c->tls);
	tls_stream_free(c->tls);
	close(c->fd);
	metrics_add(shared->config.metrics, M_CONNECTIONS_CLOSED, reason, 1);
	atomic_fetch_sub_explicit(shared->config.n_connections, 1, memory_order_relaxed);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	memory_give(shared->config.memory, c->n_charged_bytes);
	free(c);
}

bool conn_recharge(struct conn *c)
{
	size_t n = sizeof(*c) + c->in.capacity + c->out.capacity +
		   c->requests.n_exchanges * sizeof(struct exchange) +
		   (c->tls ? CONN_TLS_BYTES : 0);

	if (n > c->n_charged_bytes &&
	    !memory_take(c->shared->config.memory, n - c->n_charged_bytes))
		return false;
	if (n < c->n_charged_bytes)
		memory_give(c->shared->config.memory, c->n_charged_bytes - n);
	c->n_charged_bytes = n;
	return true;
}

static enum conn_state state_of(const struct conn *c)
{
	const struct requests *rs = &c->requests;

	if (conn_n_unsent(c))
		return CONN_WRITING;
	if (c->h2)
		return exchange_h2_state(c->h2);
	if (rs->delayed)
		return CONN_DELAYED;
	if (rs->reading)
		return CONN_BODY;
	if (c->in.len && !rs->no_more && !c->is_held)
		return CONN_HEAD;
	return rs->first || c->is_held ? CONN_WAITING : CONN_IDLE;
}

void conn_update_state(struct conn *c)
{
	enum conn_state state = state_of(c);

	if (c->state == CONN_LINGER)
		return;
	if (c->state != state || c->n_begun != c->requests.n_begun)
		enter_state(c, state);
	c->n_begun = c->requests.n_begun;
}
