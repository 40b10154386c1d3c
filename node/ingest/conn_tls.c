#include "node/ingest/conn_tls.h"

#include <assert.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/tls/tls_begin.h"
#include "common/tls/tls_name.h"
#include "node/node_metrics.h"

#define TURN_US 2000 /* of handshakes in one turn; one more may begin before it is over */

const char *const conn_tls_result_names[] = { "full", "resumed", "failed", "plain", "timeout" };
static_assert(ARRAY_LEN(conn_tls_result_names) == CONN_TLS_RESULTS, "every result has a name");

static void count(struct conn *c, enum conn_tls_result result)
{
	metrics_add(c->shared->config.metrics, M_TLS_HANDSHAKES, result, 1);
}

/* What the client begins with decides. */
static enum conn_tls_next begin(struct conn *c)
{
	struct requests *rs = &c->requests;
	struct tls_begin_proxy proxy = { .is_awaited = rs->awaits_proxy_header,
					 .has_come = rs->has_proxy_header,
					 .client = rs->peer };
	enum tls_begin begins = tls_begin(c->fd, &proxy);

	rs->awaits_proxy_header = proxy.is_awaited;
	rs->has_proxy_header = proxy.has_come;
	rs->peer = proxy.client;
	switch (begins) {
	case TLS_BEGIN_WAIT:
		return CONN_TLS_WAIT;
	case TLS_BEGIN_PLAIN:
		count(c, CONN_TLS_PLAIN);
		conn_set_state(c, CONN_IDLE);
		return CONN_TLS_REFUSE;
	case TLS_BEGIN_TLS:
		c->tls = tls_stream_accept(c->shared->config.tls, c->fd);
		if (c->tls && conn_recharge(c))
			return CONN_TLS_READ;
		conn_close(c, CLOSE_NO_MEMORY);
		return CONN_TLS_WAIT;
	default:
		conn_close(c, begins == TLS_BEGIN_RESET ? CLOSE_RESET : CLOSE_BY_CLIENT);
		return CONN_TLS_WAIT;
	}
}

/* So that the client gets the alert, which a reset would take from it, what it sends is read. */
static void fail(struct conn *c)
{
	char peer[NET_ADDR_STRLEN];

	count(c, CONN_TLS_FAILED);
	net_addr_format(&c->requests.peer, peer);
	log_warn("ingest", "TLS handshake failed", "client=%s reason=%s", peer,
		 tls_stream_why(c->tls));
	tls_stream_free(c->tls);
	c->tls = NULL;
	c->requests.no_more = true;
	c->requests.close_reason = CLOSE_HANDSHAKE;
	if (shutdown(c->fd, SHUT_WR) != 0 || !conn_recharge(c)) {
		conn_close(c, CLOSE_HANDSHAKE);
		return;
	}
	c->lingers_since_us = c->shared->now_us;
	conn_set_state(c, CONN_LINGER);
	conn_arm(c);
}

/* A name that is listed stands for the token of that name. */
static void note_client(struct conn *c)
{
	const struct conn_clients *clients = &c->shared->config.clients;
	const char *name = tls_stream_peer(c->tls);

	if (!*name)
		return;
	c->requests.client_name = name;
	for (size_t i = 0; i < clients->n; i++) {
		if (!tls_name_is_listed(name, &clients->patterns[i], 1))
			continue;
		c->requests.token = (uint8_t)(clients->slots[i] + 1);
		return;
	}
}

static void greeted(struct conn *c)
{
	count(c, tls_stream_is_resumed(c->tls) ? CONN_TLS_RESUMED : CONN_TLS_FULL);
	note_client(c);
	conn_set_state(c, CONN_IDLE);
	conn_arm(c);
}

int conn_tls_take_turn(struct tls_stream *tls, uint64_t *greeting_usp)
{
	uint64_t began_us;
	int r;

	if (*greeting_usp >= TURN_US)
		return -EBUSY;
	began_us = clock_mono_us();
	r = tls_stream_greet(tls);
	*greeting_usp += clock_mono_us() - began_us;
	return r;
}

enum conn_tls_next conn_tls_greet(struct conn *c)
{
	enum conn_tls_next next;
	int r;

	assert(c->state == CONN_GREETING);
	next = c->tls ? CONN_TLS_READ : begin(c);
	if (next != CONN_TLS_READ)
		return next;
	r = conn_tls_take_turn(c->tls, &c->shared->greeting_us);
	if (r == -EBUSY)
		return CONN_TLS_WAIT;
	if (r == 0)
		greeted(c);
	else if (r == TLS_STREAM_FAILED)
		fail(c);
	else
		conn_arm(c);
	return r == 0 ? CONN_TLS_READ : CONN_TLS_WAIT;
}

void conn_tls_time_out(struct conn *c)
{
	char peer[NET_ADDR_STRLEN];

	count(c, CONN_TLS_TIMEOUT);
	net_addr_format(&c->requests.peer, peer);
	log_warn("ingest", "TLS handshake took too long", "client=%s", peer);
	conn_close(c, CLOSE_HANDSHAKE_TIMEOUT);
}
