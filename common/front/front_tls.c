#include "common/front/front_tls.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/front/front_room.h"
#include "common/log.h"
#include "common/tls/tls_begin.h"
#include "common/tls/tls_stream.h"

#define WHILE_US 10000
#define MOST_US 5000 /* of them, for handshakes */

/* False: handshakes have had their time. The socket stays readable meanwhile. */
static bool may_greet(struct front_crowd *crowd)
{
	if (crowd->now_us - crowd->greeting_since_us >= WHILE_US) {
		crowd->greeting_since_us = crowd->now_us;
		crowd->greeting_us = 0;
	}
	return crowd->greeting_us < MOST_US;
}

/* What it begins with decides. FRONT_TLS_DONE: there is a stream now. */
static enum front_tls begin(struct front_conn *c)
{
	struct tls_begin_proxy proxy = { .is_awaited = c->awaits_proxy_header, .client = c->peer };
	enum tls_begin begins = tls_begin(c->fd, &proxy);

	c->awaits_proxy_header = proxy.is_awaited;
	if (proxy.has_come) {
		c->client = proxy.client;
		c->has_proxy_header = true;
		front_set_client(c, &c->client);
		front_bound_client(c);
	}
	if (begins == TLS_BEGIN_WAIT)
		return FRONT_TLS_WAIT;
	c->is_greeting = begins == TLS_BEGIN_TLS;
	if (begins == TLS_BEGIN_PLAIN)
		return FRONT_TLS_PLAIN;
	if (begins == TLS_BEGIN_TLS)
		c->tls = tls_stream_accept(c->crowd->config->tls, c->fd);
	return c->tls ? FRONT_TLS_DONE : FRONT_TLS_FAILED;
}

static enum front_tls greet(struct front_conn *c)
{
	uint64_t began_us = clock_mono_us();
	int r = tls_stream_greet(c->tls);

	c->crowd->greeting_us += clock_mono_us() - began_us;
	if (r == TLS_STREAM_FAILED) {
		log_warn(c->crowd->config->name, "TLS handshake failed", "client=%s reason=%s",
			 c->rq.client, tls_stream_why(c->tls));
		return FRONT_TLS_FAILED;
	}
	if (r != 0)
		return FRONT_TLS_WAIT;
	c->is_greeting = false;
	front_set_client(c, c->has_proxy_header ? &c->client : &c->peer);
	return FRONT_TLS_DONE;
}

enum front_tls front_tls_greet(struct front_conn *c)
{
	enum front_tls next = c->tls ? FRONT_TLS_DONE : begin(c);

	if (next != FRONT_TLS_DONE)
		return next;
	return may_greet(c->crowd) ? greet(c) : FRONT_TLS_WAIT;
}

bool front_tls_has_more(const struct front_conn *c)
{
	return c->tls && tls_stream_has_more(c->tls);
}

ssize_t front_tls_read(struct front_conn *c, void *to, size_t size)
{
	return c->tls ? tls_stream_read(c->tls, to, size) : read(c->fd, to, size);
}

ssize_t front_tls_write(struct front_conn *c, const void *from, size_t len)
{
	return c->tls ? tls_stream_write(c->tls, from, len) : send(c->fd, from, len, MSG_NOSIGNAL);
}

bool front_tls_wants_write(const struct front_conn *c)
{
	return c->tls && tls_stream_wants_write(c->tls);
}

void front_tls_end(struct front_conn *c)
{
	if (c->tls)
		tls_stream_end(c->tls);
}
