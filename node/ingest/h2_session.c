#include "node/ingest/h2_session.h"

#include <assert.h>

#include "common/log.h"

static struct exchange_h2 *of_server(struct h2_server *server)
{
	return (struct exchange_h2 *)((char *)server - offsetof(struct exchange_h2, server));
}

void h2_session_mark_due(struct exchange_h2 *h)
{
	struct conn_shared *shared = h2_session_shared(h);

	if (h->due.is_listed)
		return;
	h->due = (struct conn_dirty){ shared->due, true };
	shared->due = &h->due;
}

static void on_due(struct h2_server *server)
{
	h2_session_mark_due(of_server(server));
}

/* ---- what ends it ---- */

void h2_session_give_reason(struct exchange_h2 *h, enum conn_close reason)
{
	if (h->streams.connection->close_reason == CLOSE_BY_CLIENT)
		h->streams.connection->close_reason = reason;
}

void h2_session_end(struct exchange_h2 *h, enum conn_close reason, uint32_t code)
{
	h2_session_give_reason(h, reason);
	h2_server_end(&h->server, code);
}

void h2_session_stop(struct exchange_h2 *h)
{
	if (h2_server_stop(&h->server))
		h2_session_give_reason(h, CLOSE_ANSWERED);
}

static void on_failure(struct h2_server *server, enum h2_failure failure, const char *frame)
{
	static const enum conn_close reasons[] = { [H2_NO_MEMORY] = CLOSE_NO_MEMORY,
						   [H2_FLOOD] = CLOSE_FLOOD,
						   [H2_NOT_HTTP2] = CLOSE_REFUSED };
	struct requests *connection = of_server(server)->streams.connection;
	char peer[NET_ADDR_STRLEN];

	assert(failure < ARRAY_LEN(reasons));
	connection->close_reason = reasons[failure];
	if (failure != H2_FLOOD)
		return;
	net_addr_format(&connection->peer, peer);
	log_warn("ingest", "HTTP/2 client floods", "client=%s frame=%s", peer, frame);
}

/* ---- requests ---- */

void h2_session_give_up(struct exchange_h2 *h, struct h2_stream *s, uint32_t code)
{
	if (!s->is_given_up)
		h2_server_reset(&h->server, s->id, code);
	s->is_given_up = true;
}

void h2_session_follow(struct exchange_h2 *h, struct h2_stream *s, int result)
{
	if (result < 0) { /* its packet was not handed on, so the client may send it again */
		h2_session_give_up(h, s, NGHTTP2_REFUSED_STREAM);
		return;
	}
	if (!s->requests.delayed || h->delayed == s)
		return;
	h->delayed = s; /* guesses on this connection shall not follow at full speed */
	h2_session_stop(h);
	h->streams.connection->close_reason = CLOSE_REFUSED;
}

static void *on_begin(struct h2_server *server, int32_t id)
{
	return h2_stream_new(&of_server(server)->streams, id);
}

static void on_head(struct h2_server *server, void *stream, bool has_body)
{
	struct exchange_h2 *h = of_server(server);

	h->streams.connection->n_begun++;
	h2_session_follow(h, stream, h2_stream_take_head(stream, &server->head, has_body));
}

static void on_body(struct h2_server *server, void *stream, const char *data, size_t len)
{
	h2_session_follow(of_server(server), stream, h2_stream_take_body(stream, data, len));
}

static void on_end(struct h2_server *server, void *stream)
{
	h2_session_follow(of_server(server), stream, h2_stream_take_end(stream));
}

static void on_answered_early(struct h2_server *server, void *stream)
{
	(void)server;
	h2_stream_linger(stream);
}

static void on_close(struct h2_server *server, void *stream)
{
	struct exchange_h2 *h = of_server(server);

	if (h->delayed == stream)
		h->delayed = NULL;
	h2_stream_free(stream);
}

static bool on_charge(struct h2_server *server, size_t n_bytes)
{
	struct memory *memory = of_server(server)->memory.memory;

	if (server->n_head_bytes + n_bytes > H2_SHORT_HEAD_BYTES)
		return memory_take(memory, n_bytes);
	memory_overdraw(memory, n_bytes);
	return true;
}

static void on_discharge(struct h2_server *server, size_t n_bytes)
{
	memory_give(of_server(server)->memory.memory, n_bytes);
}

int h2_session_start(struct exchange_h2 *h)
{
	static const struct h2_server_ops ops = { .on_begin = on_begin,
						  .on_head = on_head,
						  .on_body = on_body,
						  .on_end = on_end,
						  .on_answered_early = on_answered_early,
						  .on_close = on_close,
						  .on_charge = on_charge,
						  .on_discharge = on_discharge,
						  .on_due = on_due,
						  .on_failure = on_failure };
	const struct conn_shared *shared = h2_session_shared(h);
	nghttp2_mem mem = h2_memory(&h->memory);

	h->server = (struct h2_server){ .ops = &ops,
					.now_us = &shared->now_us,
					.max_head_bytes = shared->config.limits.max_head_bytes };
	return h2_server_start(&h->server, &mem);
}
