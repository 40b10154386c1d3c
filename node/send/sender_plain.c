/*
 * A transfer under way has a deadline, and a connection from its start, on which its head is
 * written:
 *
 *   it waits for a lookup   CLOSED, in origin->waiting
 *   it is sent              CONNECTING, SENDING, WAITING
 *   none                    it failed at once; its result is in it, and its deadline has come
 */
#include "node/send/sender_plain.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/send/deadlines.h"
#include "node/send/failures.h"
#include "node/send/origin_pool.h"

#define KNOWN_US (300 * US_PER_S) /* that a host speaks HTTP/1.1 alone; then it is asked again */

struct sender_plain {
	struct origin_pool pool;
	struct origins origins;
	struct deadlines deadlines; /* of all that are under way */
	bool is_ending;
};

static void begin(struct sender_plain *s, struct transfer *t, struct origin *o, uint64_t now_us);
static void on_looked_up(struct origin *o);
static void on_connected(struct http_conn *http);
static void on_done(struct http_conn *http, enum http_conn_outcome outcome);
static void on_due(void *arg, struct transfer *t, uint64_t now_us);
static uint64_t on_sweep(void *arg, uint64_t now_us);

static struct sender_plain *sender_of(const struct pooled_conn *c)
{
	return CONTAINER_OF(c->pool, struct sender_plain, pool);
}

/* ---- life ---- */

struct sender_plain *sender_plain_new(struct event_base *base, const struct net_allow *allow,
				      struct tls_context *tls)
{
	struct sender_plain *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	origin_pool_init(&s->pool, base, tls, on_done, on_connected);
	origins_init(&s->origins, base, allow, tls != NULL, on_looked_up, s);
	deadlines_init(&s->deadlines, base);
	s->deadlines.on_due = on_due;
	s->deadlines.on_sweep = on_sweep;
	s->deadlines.arg = s;
	return s;
}

/* ---- ends ---- */

static uint64_t end_of(const struct transfer *t)
{
	return t->started_us + t->timeout_ms * US_PER_MS;
}

static uint64_t connect_by(const struct transfer *t, uint64_t from_us)
{
	uint64_t by_us = from_us + t->connect_ms * US_PER_MS;

	return by_us < end_of(t) ? by_us : end_of(t);
}

static void finish(struct sender_plain *s, struct transfer *t, enum transfer_result result,
		   const char *error)
{
	deadlines_remove(&s->deadlines, t);
	t->conn = NULL;
	transfer_end(t, result, error);
}

/* The timer ends it, but not a sweep that is at it: so no on_done can keep a sweep going. */
static void end_soon(struct sender_plain *s, struct transfer *t, uint64_t now_us)
{
	deadlines_move(&s->deadlines, t, now_us + 1, now_us);
}

static void stop_waiting(struct pooled_conn *c)
{
	if (c->is_waiting)
		TAILQ_REMOVE(&c->origin->waiting, c, in_origin);
	c->is_waiting = false;
}

/* What came of its body is not all that it asks for. */
static bool is_cut(const struct pooled_conn *c)
{
	const struct http_response *r = &c->http.response;

	return c->transfer->keep_max && r->status < 300 &&
	       (r->is_cut || r->is_keep_cut || c->http.kept.failed);
}

/* What is left of its connection goes back to the pool first: on_done may start another one. */
static void finish_on(struct pooled_conn *c, enum transfer_result result, const char *error)
{
	struct sender_plain *s = sender_of(c);
	struct transfer *t = c->transfer;
	uint64_t now_us = clock_mono_us();
	char said[HTTP_RESPONSE_QUOTE_BYTES];
	struct buf json CLEANUP(buf_deinit) = { 0 };

	assert(t);
	stop_waiting(c);
	if (result == TRANSFER_ANSWERED && c->http.response.quote_len) {
		t->said_len = c->http.response.quote_len;
		t->said = memcpy(said, c->http.response.quote, t->said_len);
	}
	t->is_json_cut = result == TRANSFER_ANSWERED && is_cut(c);
	t->is_json_long = t->is_json_cut && c->http.response.is_keep_cut;
	if (result == TRANSFER_ANSWERED && c->http.kept.len && !c->http.kept.failed) {
		json = c->http.kept;
		c->http.kept = (struct buf){ 0 };
		t->json = json.data;
		t->json_len = json.len;
	}
	if (result == TRANSFER_CONNECT)
		c->origin->http1_until_us = 0;
	if (result == TRANSFER_CONNECT && t->was_resent) { /* it was sent before */
		result = TRANSFER_BROKEN;
		error = "closed before it answered, and takes no new connection";
	}
	origin_pool_give(c, now_us);
	deadlines_arm(&s->deadlines, now_us + POOL_IDLE_US, now_us);
	finish(s, t, result, error);
}

static void cut(struct pooled_conn *c, enum transfer_result result, const char *error)
{
	http_conn_close(&c->http, error);
	finish_on(c, result, error);
}

/* It lasts too long. A status line that came is an answer all the same. */
static void give_up(struct pooled_conn *c, enum transfer_result result, const char *error)
{
	if (http_conn_give_up(&c->http, error, HTTP_CONN_OUTCOMES) != HTTP_CONN_ANSWERED) {
		finish_on(c, result, error);
		return;
	}
	transfer_take_answer(c->transfer, c->http.response.status, c->http.response.retry_after_s);
	finish_on(c, TRANSFER_ANSWERED, "");
}

/* ---- a transfer on a connection ---- */

static bool write_head(struct buf *head, const struct origin *o, const struct transfer *t)
{
	size_t path_len;
	const char *path = origin_path(o, t->url, &path_len);

	buf_clear(head);
	buf_append_str(head, !t->parts ? "GET " : t->is_put ? "PUT " : "POST ");
	if (*path != '/')
		buf_append(head, "/", 1);
	buf_append(head, path, path_len);
	buf_append_str(head, " HTTP/1.1\r\nHost: ");
	buf_append(head, o->authority, o->len);
	buf_append(head, "\r\n", 2);
	if (t->headers)
		buf_append_str(head, t->headers);
	if (t->parts)
		buf_printf(head, "Content-Length: %zu\r\n", t->len);
	buf_append(head, "\r\n", 2);
	return !head->failed;
}

static void send_on(struct pooled_conn *c, uint64_t now_us)
{
	struct transfer *t = c->transfer;
	const struct http_request request = { .head = { c->head.data, c->head.len },
					      .parts = t->parts,
					      .n_parts = t->n_parts,
					      .keep_max = t->keep_max };
	uint64_t deadline_us = end_of(t);

	if (c->http.state == HTTP_CONN_CLOSED) { /* each address gets its part of the time */
		deadline_us = now_us;
		if (c->connect_by_us > now_us)
			deadline_us += (c->connect_by_us - now_us) / (c->n_more + 1);
	}
	deadlines_move(&sender_of(c)->deadlines, t, deadline_us, now_us);
	http_conn_send(&c->http, &c->addr, &request);
}

/* The next address, if there is one and time for it. */
static bool try_next(struct pooled_conn *c, uint64_t now_us)
{
	const struct lookup *known = &c->origin->lookup;

	if (!c->n_more || !known->n_addrs || now_us >= c->connect_by_us)
		return false;
	c->n_more--;
	c->addr_at = (c->addr_at + 1) % known->n_addrs;
	assert(c->addr_at < ARRAY_LEN(known->addrs));
	c->addr = known->addrs[c->addr_at];
	send_on(c, now_us);
	return true;
}

static void connect_to_origin(struct pooled_conn *c, uint64_t now_us)
{
	const struct origin *o = c->origin;

	c->addr_at = o->preferred % o->lookup.n_addrs;
	c->addr = o->lookup.addrs[c->addr_at];
	c->n_more = o->lookup.n_addrs - 1;
	send_on(c, now_us);
}

static void wait_for_address(struct pooled_conn *c, uint64_t now_us)
{
	struct sender_plain *s = sender_of(c);

	TAILQ_INSERT_TAIL(&c->origin->waiting, c, in_origin);
	c->is_waiting = true;
	if (origin_look_up(c->origin, now_us))
		deadlines_move(&s->deadlines, c->transfer, c->connect_by_us, now_us);
	else
		end_soon(s, c->transfer, now_us);
}

/* To an address that may be connected to now, whatever was known before. */
static void send_on_new(struct pooled_conn *c, uint64_t from_us, uint64_t now_us)
{
	c->connect_by_us = connect_by(c->transfer, from_us);
	if (origin_has_address(c->origin, now_us))
		connect_to_origin(c, now_us);
	else
		wait_for_address(c, now_us);
}

static void send_again(struct pooled_conn *c)
{
	uint64_t now_us = clock_mono_us();

	c->transfer->was_resent = true;
	send_on_new(c, now_us, now_us);
}

static void on_connected(struct http_conn *http)
{
	struct pooled_conn *c = CONTAINER_OF(http, struct pooled_conn, http);

	c->origin->preferred = c->addr_at;
	deadlines_move(&sender_of(c)->deadlines, c->transfer, end_of(c->transfer), clock_mono_us());
}

/* What TLS said, else that of the outcome, else that of the connect. Its connection may be gone when it is told. */
static const char *words_of(const struct http_conn *http, const char *of_outcome,
			    char copy[FAILURE_TEXT_SIZE])
{
	const char *problem = http_conn_problem(http);

	if (!problem || (of_outcome && !*of_outcome))
		return of_outcome ? of_outcome : strerror(http->error);
	snprintf(copy, FAILURE_TEXT_SIZE, "TLS: %s", problem);
	return copy;
}

static void on_done(struct http_conn *http, enum http_conn_outcome outcome)
{
	static const struct {
		enum transfer_result result;
		const char *error; /* NULL: what the connection says */
	} ends[] = {
		[HTTP_CONN_ANSWERED] = { TRANSFER_ANSWERED, "" },
		[HTTP_CONN_CONNECT_FAILED] = { TRANSFER_CONNECT, NULL },
		[HTTP_CONN_STALE] = { TRANSFER_BROKEN, "closed before it answered" },
		[HTTP_CONN_CLOSED_EARLY] = { TRANSFER_BROKEN, "closed before its answer ended" },
		[HTTP_CONN_BAD_ANSWER] = { TRANSFER_BROKEN, "its answer is no HTTP, or too long" },
	};
	static_assert(ARRAY_LEN(ends) == HTTP_CONN_OUTCOMES, "each outcome ends a transfer");
	struct pooled_conn *c = CONTAINER_OF(http, struct pooled_conn, http);
	char copy[FAILURE_TEXT_SIZE];

	if (outcome == HTTP_CONN_STALE) { /* a fresh connection does not end so */
		send_again(c);
		return;
	}
	if (outcome == HTTP_CONN_CONNECT_FAILED && try_next(c, clock_mono_us()))
		return;
	if (outcome == HTTP_CONN_ANSWERED)
		transfer_take_answer(c->transfer, http->response.status,
				     http->response.retry_after_s);
	finish_on(c, ends[outcome].result, words_of(http, ends[outcome].error, copy));
}

/* ---- its start ---- */

static void on_looked_up(struct origin *o)
{
	uint64_t now_us = clock_mono_us();
	struct pooled_conn *c, *next;

	for (c = TAILQ_FIRST(&o->waiting); c; c = next) {
		next = TAILQ_NEXT(c, in_origin);
		if (origin_has_address(o, now_us)) {
			stop_waiting(c);
			connect_to_origin(c, now_us);
		} else {
			end_soon(sender_of(c), c->transfer, now_us);
		}
	}
}

/* `error` is static. */
static void fail_soon(struct sender_plain *s, struct transfer *t, enum transfer_result result,
		      const char *error)
{
	t->result = result;
	t->error = error;
	end_soon(s, t, t->started_us);
}

static void begin(struct sender_plain *s, struct transfer *t, struct origin *o, uint64_t now_us)
{
	struct pooled_conn *c = t->is_fresh ? NULL : origin_pool_take(o);

	if (!c)
		c = origin_pool_conn_new(&s->pool, o);
	if (!c || !write_head(&c->head, o, t)) {
		if (c)
			origin_pool_give(c, now_us);
		fail_soon(s, t, TRANSFER_BROKEN, "out of memory");
		return;
	}
	t->conn = c;
	c->transfer = t;
	if (c->http.state == HTTP_CONN_READY)
		send_on(c, now_us);
	else
		send_on_new(c, t->started_us, now_us);
}

/* found: what origins_find said. */
static void place(struct sender_plain *s, struct transfer *t, int found, struct origin *o,
		  uint64_t now_us)
{
	deadlines_add(&s->deadlines, t, end_of(t), now_us);
	if (found == 0)
		begin(s, t, o, now_us);
	else if (found < 0)
		fail_soon(s, t, TRANSFER_BROKEN, "out of memory");
	else if (found == ORIGIN_E_FULL)
		fail_soon(s, t, TRANSFER_CONNECT, "too many hosts");
	else
		fail_soon(s, t, TRANSFER_CONNECT,
			  s->pool.tls ? "not an https:// URL" : "not an http:// URL");
}

int sender_plain_start(struct sender_plain *s, struct transfer *t)
{
	struct origin *o = NULL;
	int r = s->is_ending ? -ECANCELED : origins_find(&s->origins, t->url, &o);

	if (r < 0)
		return r;
	transfer_begin(t);
	place(s, t, r, o, t->started_us);
	return 0;
}

void sender_plain_take_over(struct sender_plain *s, struct transfer *t)
{
	uint64_t now_us = clock_mono_us();
	struct origin *o = NULL;
	int r = origins_find(&s->origins, t->url, &o);

	if (r == 0)
		o->http1_until_us = now_us + KNOWN_US;
	place(s, t, r, o, now_us);
}

bool sender_plain_is_known(struct sender_plain *s, const char *url)
{
	struct origin *o = NULL;

	return origins_find(&s->origins, url, &o) == 0 && clock_mono_us() < o->http1_until_us;
}

/* ---- time ---- */

static void on_due(void *arg, struct transfer *t, uint64_t now_us)
{
	struct pooled_conn *c = t->conn;

	if (!c) {
		finish(arg, t, t->result, t->error);
	} else if (c->is_waiting) {
		finish_on(c, TRANSFER_CONNECT, origin_problem(c->origin));
	} else if (c->http.state != HTTP_CONN_CONNECTING) {
		give_up(c, TRANSFER_TIMEOUT, "no answer in time");
	} else {
		http_conn_close(&c->http, "connect timeout");
		if (!try_next(c, now_us))
			finish_on(c, TRANSFER_CONNECT, "no connection in time");
	}
}

static uint64_t on_sweep(void *arg, uint64_t now_us)
{
	struct sender_plain *s = arg;

	return origin_pool_sweep(&s->pool, now_us);
}

void sender_plain_free(struct sender_plain *s)
{
	struct transfer *t;

	if (!s)
		return;
	s->is_ending = true;
	while ((t = TAILQ_FIRST(&s->deadlines.list))) {
		if (t->conn)
			cut(t->conn, TRANSFER_BROKEN, "the node ends");
		else
			finish(s, t, TRANSFER_BROKEN, "the node ends");
	}
	origin_pool_deinit(&s->pool);
	origins_deinit(&s->origins);
	deadlines_deinit(&s->deadlines);
	free(s);
}
