#include "loadgen/client.h"

#include <stdio.h>
#include <string.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/http/http_conn.h"
#include "common/log.h"
#include "loadgen/wire.h"

#define REST_BASE_MS 100
#define REST_CAP_MS 2000

const char *const client_outcome_names[] = {
	[CLIENT_ANSWERED] = "answered",   [CLIENT_CONNECT_FAILED] = "connect",
	[CLIENT_CLOSED_EARLY] = "closed", [CLIENT_BAD_ANSWER] = "bad_answer",
	[CLIENT_TIMED_OUT] = "timeout",   [CLIENT_ABORTED] = "aborted",
};
static_assert(ARRAY_LEN(client_outcome_names) == CLIENT_OUTCOMES, "a name for each outcome");

struct client {
	struct http_conn_owner owner;
	struct http_conn conn;
	struct wire wire; /* instead, for a target without HTTP */
	const struct target *target;
	struct client_counts *counts;
	client_done_fn done_fn;
	void *arg;

	bool was_connected; /* ever: the next connect is a reconnect */
	struct backoff backoff;
	uint64_t rest_until_us; /* 0: it does not rest */

	bool in_flight;        /* a request is, from client_send to done_fn */
	bool resent;           /* it was sent a second time */
	struct iovec parts[2]; /* of the request, after the target's head: length, body; borrowed */
	char length[32];       /* "123\r\n\r\n" */
	uint64_t started_us;   /* client_send */
	uint64_t first_byte_us; /* see client_result */
};

static void on_done(struct http_conn *conn, enum http_conn_outcome outcome);
static void on_idle_close(struct http_conn *conn);
static void on_connected(struct http_conn *conn);
static void on_wire_done(struct wire *wire, enum wire_outcome outcome);
static void on_wire_connected(struct wire *wire);

/* ---- life ---- */

struct client *client_new(struct event_base *base, const struct target *target,
			  struct client_counts *counts, client_done_fn done_fn, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->owner = (struct http_conn_owner){ .base = base,
					     .on_done = on_done,
					     .on_idle_close = on_idle_close,
					     .on_connected = on_connected };
	http_conn_init(&c->conn, &c->owner);
	wire_init(&c->wire, base, target);
	c->wire.on_done = on_wire_done;
	c->wire.on_connected = on_wire_connected;
	if (target->is_tls)
		http_conn_use_tls(&c->conn, target->tls, target->host);
	c->target = target;
	c->counts = counts;
	c->done_fn = done_fn;
	c->arg = arg;
	backoff_init(&c->backoff, REST_BASE_MS, REST_CAP_MS, 0);
	return c;
}

struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	http_conn_deinit(&c->conn);
	wire_deinit(&c->wire);
	free(c);
	return NULL;
}

static void on_idle_close(struct http_conn *conn UNUSED)
{
}

static void note_connect(struct client *c)
{
	backoff_reset(&c->backoff);
	c->counts->n_connects++;
	c->counts->n_reconnects += c->was_connected;
	c->was_connected = true;
}

static void on_connected(struct http_conn *conn)
{
	note_connect(CONTAINER_OF(conn, struct client, conn));
}

static void on_wire_connected(struct wire *wire)
{
	note_connect(CONTAINER_OF(wire, struct client, wire));
}

static bool is_http(const struct client *c)
{
	return c->target->transport == TARGET_HTTP;
}

/* ---- a request ---- */

bool client_is_available(const struct client *c)
{
	return !c->in_flight && !c->rest_until_us;
}

static void client_start(struct client *c)
{
	const struct http_request request = { .head = { c->target->head.data, c->target->head.len },
					      .parts = c->parts,
					      .n_parts = ARRAY_LEN(c->parts) };

	http_conn_send(&c->conn, &c->target->addr, &request);
}

void client_send(struct client *c, const char *id, const char *body, size_t len, uint64_t now_us)
{
	int n = snprintf(c->length, sizeof(c->length), "%zu\r\n\r\n", len);

	assert(client_is_available(c));
	c->parts[0] = (struct iovec){ c->length, (size_t)n };
	c->parts[1] = (struct iovec){ (char *)body, len };
	c->in_flight = true;
	c->resent = false;
	c->started_us = now_us;
	c->first_byte_us = 0;
	if (is_http(c))
		client_start(c);
	else
		wire_send(&c->wire, id, body, len);
}

/* When its first byte was written, the first time it was sent. */
static void note_first_byte(struct client *c)
{
	if (!c->first_byte_us)
		c->first_byte_us = is_http(c) ? c->conn.first_byte_us : c->wire.first_byte_us;
}

static void client_finish_as(struct client *c, enum client_outcome outcome, int status,
			     int64_t retry_after_s)
{
	struct client_result result;

	note_first_byte(c);
	result = (struct client_result){
		.outcome = outcome,
		.status = status,
		.retry_after_s = retry_after_s,
		.first_byte_us = c->first_byte_us,
		.end_us = clock_mono_us(),
	};
	c->in_flight = false;
	c->done_fn(c->arg, &result);
}

static void client_finish(struct client *c, enum client_outcome outcome)
{
	const struct http_response *response = &c->conn.response;

	if (outcome != CLIENT_ANSWERED)
		client_finish_as(c, outcome, 0, -1);
	else if (is_http(c))
		client_finish_as(c, outcome, response->status, response->retry_after_s);
	else
		client_finish_as(c, outcome, 200, -1);
}

static void client_rest(struct client *c)
{
	log_debug("client", "connect failed", "error=%s",
		  strerror(is_http(c) ? c->conn.error : c->wire.error));
	c->rest_until_us = clock_mono_us() + backoff_next_ms(&c->backoff) * US_PER_MS;
}

static void client_resend(struct client *c)
{
	note_first_byte(c);
	c->resent = true;
	c->counts->n_resent++;
	client_start(c);
}

static void on_done(struct http_conn *conn, enum http_conn_outcome outcome)
{
	static const enum client_outcome outcomes[] = {
		[HTTP_CONN_ANSWERED] = CLIENT_ANSWERED,
		[HTTP_CONN_CONNECT_FAILED] = CLIENT_CONNECT_FAILED,
		[HTTP_CONN_STALE] = CLIENT_CLOSED_EARLY,
		[HTTP_CONN_CLOSED_EARLY] = CLIENT_CLOSED_EARLY,
		[HTTP_CONN_BAD_ANSWER] = CLIENT_BAD_ANSWER,
	};
	static_assert(ARRAY_LEN(outcomes) == HTTP_CONN_OUTCOMES, "each outcome has one here");
	struct client *c = CONTAINER_OF(conn, struct client, conn);

	if (outcome == HTTP_CONN_STALE && !c->resent) {
		client_resend(c);
		return;
	}
	if (outcome == HTTP_CONN_CONNECT_FAILED && http_conn_problem(conn))
		log_warn("loadgen", "TLS handshake failed", "host=%s reason=%s", c->target->host,
			 http_conn_problem(conn));
	if (outcome == HTTP_CONN_CONNECT_FAILED)
		client_rest(c);
	client_finish(c, outcomes[outcome]);
}

static void on_wire_done(struct wire *wire, enum wire_outcome outcome)
{
	static const enum client_outcome outcomes[] = {
		[WIRE_SENT] = CLIENT_ANSWERED,
		[WIRE_CONNECT_FAILED] = CLIENT_CONNECT_FAILED,
		[WIRE_CLOSED_EARLY] = CLIENT_CLOSED_EARLY,
		[WIRE_BAD_ANSWER] = CLIENT_BAD_ANSWER,
	};
	static_assert(ARRAY_LEN(outcomes) == WIRE_OUTCOMES, "each outcome has one here");
	struct client *c = CONTAINER_OF(wire, struct client, wire);

	if (outcome == WIRE_CONNECT_FAILED)
		client_rest(c);
	client_finish(c, outcomes[outcome]);
}

static void client_close(struct client *c, const char *reason)
{
	if (is_http(c)) {
		http_conn_close(&c->conn, reason);
		return;
	}
	note_first_byte(c);
	wire_close(&c->wire);
}

void client_sweep(struct client *c, uint64_t now_us, uint64_t timeout_us)
{
	if (c->in_flight && now_us > c->started_us && now_us - c->started_us >= timeout_us) {
		client_close(c, "timeout");
		client_finish(c, CLIENT_TIMED_OUT);
	} else if (c->rest_until_us && now_us >= c->rest_until_us) {
		c->rest_until_us = 0;
	}
}

void client_abort(struct client *c)
{
	if (!c->in_flight)
		return;
	client_close(c, "aborted");
	client_finish(c, CLIENT_ABORTED);
}
