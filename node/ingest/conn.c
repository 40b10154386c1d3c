/*
 *   socket -> scratch -> exchange_feed -> packet -> on_packet        (reading)
 *   exchange done -> queue head -> exchange_render -> socket         (writing)
 *
 * A function that may close the connection is the last thing its caller does with it, or returns
 * false when it did.
 */
#include "node/ingest/conn.h"

#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/tls/tls_stream.h"
#include "node/ingest/conn_io.h"
#include "node/ingest/conn_tls.h"
#include "node/ingest/exchange_h2.h"
#include "node/node_metrics.h"

#define READS_PER_TURN 4           /* then the other connections' turn */
#define BULKY_HEAD_BYTES 2048      /* read of a request whose body is expected to be large */
#define MAX_RENDER_KEPT (1u << 20) /* of memory, once answers have been written */
/* Thrown away after the last answer, besides a body of the largest size. Then a reset. */
#define LINGER_EXTRA_BYTES (4 << 20)

/* Takes bytes of a connection that speaks HTTP/2. nghttp2 keeps what is not whole. */
static bool take_frames(struct conn *c, const char *data, size_t len)
{
	if (!exchange_h2_feed(c->h2, data, len)) {
		conn_close(c, c->requests.close_reason);
		return false;
	}
	conn_update_state(c);
	return true;
}

/* The client speaks HTTP/2: these are its first bytes. */
static bool begin_http2(struct conn *c, const char *data, size_t len)
{
	buf_deinit(&c->in);
	c->requests.no_more = false;
	c->h2 = exchange_h2_new(&c->requests);
	if (!c->h2 || !conn_recharge(c)) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	return take_frames(c, data, len);
}

/*
 * Takes bytes that were read. Kept are those of a header section that is not whole, and requests
 * for which there is no room in the queue. False: closed.
 */
static bool conn_take(struct conn *c, const char *data, size_t len)
{
	ssize_t n;

	if (c->h2)
		return take_frames(c, data, len);
	n = exchange_feed(&c->requests, data, len);
	if (n < 0) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	if (c->requests.no_more && !c->requests.reading) {
		if (c->requests.is_http2)
			return begin_http2(c, data + n, len - (size_t)n);
		n = (ssize_t)len;
	}
	c->is_held = (size_t)n < len && !exchange_may_read(&c->requests);
	if ((size_t)n == len) {
		buf_deinit(&c->in);
	} else {
		buf_clear(&c->in);
		buf_append(&c->in, data + n, len - (size_t)n);
	}
	if (c->in.failed || !conn_recharge(c)) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	conn_update_state(c);
	return true;
}

/* Nothing more is read: the refusal is the last answer. */
static void refuse_and_end(struct conn *c, enum refusal refusal, enum conn_close reason)
{
	buf_deinit(&c->in);
	if (exchange_refuse_and_end(&c->requests, refusal, reason) == 0)
		conn_arm(c);
	else
		conn_close(c, CLOSE_NO_MEMORY);
}

static void on_eof(struct conn *c)
{
	c->at_eof = true;
	if (c->state == CONN_LINGER) {
		conn_close(c, c->requests.close_reason);
	} else if (c->h2) {
		if (exchange_h2_end_input(c->h2))
			conn_arm(c);
		else
			conn_close(c, c->requests.close_reason);
	} else if (c->requests.reading || c->in.len) {
		refuse_and_end(c, REFUSAL_INCOMPLETE, CLOSE_ABORTED);
	} else if (!c->requests.first && !conn_n_unsent(c)) {
		conn_close(c, CLOSE_BY_CLIENT);
	} else { /* half-closed: it still wants its answers */
		c->requests.no_more = true;
		c->requests.close_reason = CLOSE_BY_CLIENT;
		conn_arm(c);
	}
}

/* A large body goes right to its place; everything else through the scratch. For all of a large
 * body but its beginning to go there, the first read of its request must not bring it along. */
static bool reads_in_place(const struct conn *c)
{
	const struct packet *p = c->requests.packet;

	return p && c->requests.reader.state == HTTP_BODY && p->len < p->capacity &&
	       p->capacity - p->len >= 4096 && c->in.len == 0;
}

static size_t scratch_room(const struct conn *c)
{
	return c->requests.is_bulky && !c->requests.reading && !c->in.len
		       ? BULKY_HEAD_BYTES
		       : CONN_SCRATCH_BYTES - c->in.len;
}

/* *n_wantedp: so much was asked for. */
static ssize_t read_some(struct conn *c, char **datap, size_t *n_wantedp)
{
	char *scratch = c->shared->scratch;
	size_t n_kept = c->in.len;
	ssize_t n;

	if (reads_in_place(c)) {
		struct packet *p = c->requests.packet;
		size_t room = p->capacity - p->len;
		uint64_t n_left = c->requests.reader.n_left;

		*datap = p->body + p->len;
		*n_wantedp = room < n_left ? room : (size_t)n_left;
		return conn_io_read(c, *datap, *n_wantedp);
	}
	assert(!c->requests.packet || c->requests.reading);
	assert(n_kept < CONN_SCRATCH_BYTES);
	if (n_kept)
		memcpy(scratch, c->in.data, n_kept);
	*datap = scratch;
	*n_wantedp = scratch_room(c);
	n = conn_io_read(c, scratch + n_kept, *n_wantedp);
	return n > 0 ? n + (ssize_t)n_kept : n;
}

static void conn_read(struct conn *c)
{
	for (int i = 0; i < READS_PER_TURN && (c->armed & EV_READ); i++) {
		char *data;
		size_t n_before = c->in.len, n_wanted;
		ssize_t n = read_some(c, &data, &n_wanted);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			conn_close(c, CLOSE_RESET);
			return;
		}
		if (n == 0) {
			on_eof(c);
			return;
		}
		if (!conn_take(c, data, (size_t)n))
			return;
		conn_arm(c);
		if (data == c->shared->scratch && (size_t)n - n_before < n_wanted / 2)
			break;
	}
	conn_recall(c);
}

/* Many clients write all of a request before they read: a reset would take the answer from them. */
static void discard(struct conn *c)
{
	const struct conn_limits *limits = &c->shared->config.limits;
	ssize_t n = conn_io_read(c, c->shared->scratch, CONN_SCRATCH_BYTES);

	if (n > 0) {
		c->n_discarded_bytes += (size_t)n;
		conn_note_bytes(c);
	}
	if (n == 0 || c->n_discarded_bytes > limits->max_body_bytes + LINGER_EXTRA_BYTES ||
	    c->shared->now_us - c->lingers_since_us > limits->body_us ||
	    (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_close(c, c->requests.close_reason);
}

/* Requests that had to wait until there was room in the queue. */
static void feed_held(struct conn *c)
{
	struct buf held = c->in;

	c->in = (struct buf){ 0 };
	if (conn_take(c, held.data, held.len)) {
		conn_arm(c);
		conn_recall(c); /* what it was recalled for before is still there */
	}
	buf_deinit(&held);
}

static void greet(struct conn *c)
{
	switch (conn_tls_greet(c)) {
	case CONN_TLS_READ:
		conn_read(c);
		break;
	case CONN_TLS_REFUSE:
		refuse_and_end(c, REFUSAL_SPOKE_PLAIN, CLOSE_REFUSED);
		break;
	default:
		break;
	}
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	c->shared->now_us = clock_mono_us();
	if (c->state == CONN_GREETING) {
		greet(c);
		return;
	}
	if (c->armed & EV_READ && c->tls && tls_stream_wants_write(c->tls))
		what |= EV_READ; /* what was to be read waited for that */
	if (what & EV_WRITE)
		conn_shared_mark_dirty(c->shared, &c->requests.dirty);
	if (!(what & EV_READ))
		return;
	if (c->state == CONN_LINGER)
		discard(c);
	else if (c->is_held)
		feed_held(c);
	else
		conn_read(c);
}

struct conn *conn_new(struct conn_shared *shared, int fd, const struct net_addr *peer)
{
	return conn_open(shared, fd, peer, CONN_IDLE, on_event);
}

struct conn *conn_new_tls(struct conn_shared *shared, int fd, const struct net_addr *peer)
{
	return conn_open(shared, fd, peer, CONN_GREETING, on_event);
}

static struct conn *conn_of_requests(struct requests *rs)
{
	return (struct conn *)((char *)rs - offsetof(struct conn, requests));
}

/* The last answer is out. */
static void linger(struct conn *c)
{
	struct requests *rs = &c->requests;

	assert(!conn_n_unsent(c) && !rs->reading);
	if (rs->close_reason == CLOSE_BY_CLIENT && !c->at_eof)
		rs->close_reason = CLOSE_ANSWERED;
	if (c->tls)
		tls_stream_end(c->tls);
	if (c->at_eof || shutdown(c->fd, SHUT_WR) != 0) {
		conn_close(c, rs->close_reason);
		return;
	}
	rs->no_more = true;
	c->lingers_since_us = c->shared->now_us;
	conn_set_state(c, CONN_LINGER);
	conn_arm(c);
}

/* It is told to the client with the next answer. */
static bool is_over(const struct conn *c)
{
	return c->shared->is_draining || c->shared->now_us >= c->expires_us;
}

/* Where answers are written: behind those that wait, else where all connections of the worker write. */
static struct buf *begin_output(struct conn *c)
{
	if (conn_n_unsent(c))
		return &c->out;
	buf_clear(&c->shared->render);
	return &c->shared->render;
}

/* The answers whose turn it is. True: the last of them ends the connection. */
static bool render(struct conn *c, struct buf *out)
{
	struct requests *rs = &c->requests;
	bool ends;

	if (is_over(c) && rs->first && rs->first->is_done)
		rs->no_more = true;
	ends = exchange_render(rs, out);
	rs->no_more |= ends;
	return ends;
}

/* `n` bytes of the output have left. What is kept moves when half of it has: each byte once, on the whole. */
static void keep_rest(struct conn *c, struct buf *out, size_t n)
{
	if (out == &c->out)
		c->n_sent += n;
	else if (n < out->len)
		buf_append(&c->out, out->data + n, out->len - n);
	if (out != &c->out && out->capacity > MAX_RENDER_KEPT)
		buf_deinit(out);
	if (!conn_n_unsent(c)) {
		buf_deinit(&c->out);
		c->n_sent = 0;
	} else if (c->n_sent > c->out.len / 2) {
		buf_consume(&c->out, c->n_sent);
		c->n_sent = 0;
	}
}

/* Keeps what the socket does not take. False: closed. */
static bool write_out(struct conn *c, struct buf *out)
{
	size_t from = out == &c->out ? c->n_sent : 0;
	bool is_whole = !out->failed;
	ssize_t n = out->len > from ? conn_io_write(c, out->data + from, out->len - from) : 0;

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		conn_close(c, CLOSE_RESET);
		return false;
	}
	keep_rest(c, out, n < 0 ? 0 : (size_t)n);
	if (!is_whole || c->out.failed || !conn_recharge(c)) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	return true;
}

static void flush_frames(struct conn *c)
{
	struct buf *out = begin_output(c);
	bool ends = false;

	if (c->state == CONN_LINGER)
		return;
	if (is_over(c))
		exchange_h2_shut_down(c->h2);
	if (!exchange_h2_render(c->h2, out, &ends)) {
		conn_close(c, c->requests.close_reason);
		return;
	}
	if (!write_out(c, out))
		return;
	if (!conn_n_unsent(c) && ends) {
		linger(c);
		return;
	}
	conn_update_state(c);
	conn_arm(c);
}

void conn_flush(struct conn *c)
{
	struct buf *out;
	bool ends;

	if (c->h2) {
		flush_frames(c);
		return;
	}
	out = begin_output(c);
	ends = render(c, out);
	if (!write_out(c, out))
		return;
	if (!conn_n_unsent(c) && (ends || (c->requests.no_more && !c->requests.first))) {
		linger(c);
		return;
	}
	conn_update_state(c);
	conn_arm(c);
	if (c->is_held && (c->armed & EV_READ)) /* at the next turn, as if they had just come */
		event_active(&c->event, EV_READ, 0);
}

static void time_out(struct conn *c, enum refusal refusal, enum conn_close reason)
{
	conn_set_state(c, CONN_WAITING);
	refuse_and_end(c, refusal, reason);
}

/* Of a connection that speaks HTTP/2. */
static void time_out_http2(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		exchange_h2_end(c->h2, CLOSE_IDLE);
		conn_flush(c);
		break;
	case CONN_HEAD:
		exchange_h2_end(c->h2, CLOSE_HEAD_TIMEOUT);
		conn_flush(c);
		break;
	case CONN_DELAYED:
		exchange_h2_release(c->h2);
		conn_update_state(c);
		break;
	default:
		conn_close(c, c->state == CONN_WRITING ? CLOSE_WRITE_TIMEOUT
						       : c->requests.close_reason);
	}
}

void conn_look_at_http2(struct conn_shared *shared)
{
	struct exchange_h2 *h, *next;

	for (h = shared->h2; h; h = next) {
		struct conn *c = conn_of_requests(exchange_h2_connection(h));

		next = exchange_h2_next(h);
		if (c->state == CONN_LINGER)
			continue;
		if (is_over(c))
			exchange_h2_shut_down(h);
		if (!exchange_h2_look(h))
			conn_close(c, CLOSE_WRITE_TIMEOUT);
	}
}

void conn_stop(struct conn *c)
{
	if (c->h2) {
		exchange_h2_stop(c->h2);
		conn_flush(c);
	} else {
		conn_close(c, CLOSE_STOPPED);
	}
}

void conn_on_timeout(struct conn *c)
{
	if (c->h2 && c->state != CONN_LINGER) {
		time_out_http2(c);
		return;
	}
	switch (c->state) {
	case CONN_IDLE:
		conn_close(c, CLOSE_IDLE);
		break;
	case CONN_HEAD:
		time_out(c, REFUSAL_HEAD_TIMEOUT, CLOSE_HEAD_TIMEOUT);
		break;
	case CONN_BODY:
		time_out(c, REFUSAL_BODY_TIMEOUT, CLOSE_BODY_TIMEOUT);
		break;
	case CONN_DELAYED:
		exchange_release(&c->requests);
		conn_update_state(c);
		break;
	case CONN_WRITING:
		conn_close(c, CLOSE_WRITE_TIMEOUT);
		break;
	case CONN_GREETING:
		conn_tls_time_out(c);
		break;
	default:
		conn_close(c, c->requests.close_reason);
	}
}

void conn_flush_all(struct conn_shared *shared)
{
	struct conn_dirty *dirty;
	struct requests *rs;

	while ((dirty = conn_shared_pop_dirty(shared))) {
		rs = (struct requests *)((char *)dirty - offsetof(struct requests, dirty));
		if (rs->is_stream)
			exchange_h2_answer(rs);
		else
			conn_flush(conn_of_requests(rs));
	}
	while ((rs = exchange_h2_pop_due(shared)))
		conn_flush(conn_of_requests(rs));
}
