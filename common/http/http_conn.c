#include "common/http/http_conn.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/tls/tls_stream.h"

#define READ_BYTES 16384
#define MAX_IOV 1024 /* of one sendmsg: what Linux takes */
static_assert(MAX_IOV <= IOV_MAX, "sendmsg takes them all");

static const char *const state_names[] = {
	[HTTP_CONN_CLOSED] = "closed",   [HTTP_CONN_CONNECTING] = "connecting",
	[HTTP_CONN_SENDING] = "sending", [HTTP_CONN_WAITING] = "waiting",
	[HTTP_CONN_READY] = "ready",
};
static_assert(ARRAY_LEN(state_names) == HTTP_CONN_STATES, "a name for each state");

#define TO(state) (1u << HTTP_CONN_##state)
static const unsigned legal_next[HTTP_CONN_STATES] = {
	[HTTP_CONN_CLOSED] = TO(CONNECTING),
	[HTTP_CONN_CONNECTING] = TO(SENDING) | TO(WAITING) | TO(CLOSED),
	[HTTP_CONN_SENDING] = TO(WAITING) | TO(CLOSED),
	[HTTP_CONN_WAITING] = TO(READY) | TO(CLOSED),
	[HTTP_CONN_READY] = TO(SENDING) | TO(WAITING) | TO(CLOSED),
};

static void open_socket(struct http_conn *c, const struct net_addr *addr);
static void on_connect_failed(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_readable(evutil_socket_t fd, short what, void *arg);
static void write_some(struct http_conn *c);
static void read_some(struct http_conn *c);
static void lost(struct http_conn *c, bool is_closed);
static void finish(struct http_conn *c, enum http_conn_outcome outcome);

/* ---- life ---- */

void http_conn_init(struct http_conn *c, const struct http_conn_owner *owner)
{
	*c = (struct http_conn){ .owner = owner, .fd = -1 };
	event_assign(&c->failed_event, owner->base, -1, 0, on_connect_failed, c);
}

void http_conn_use_tls(struct http_conn *c, struct tls_context *context, const char *host)
{
	c->tls_context = context;
	c->tls_host = host;
}

static void drop_socket(struct http_conn *c)
{
	event_del(&c->failed_event);
	if (c->fd < 0)
		return;
	event_del(&c->read_event);
	event_del(&c->write_event);
	c->write_wanted = false;
	if (c->tls)
		tls_stream_end(c->tls);
	tls_stream_free(c->tls);
	c->tls = NULL;
	c->is_greeting = false;
	close(c->fd);
	c->fd = -1;
}

static void forget_problem(struct http_conn *c)
{
	free(c->tls_problem);
	c->tls_problem = NULL;
}

/* Without memory for the words it is told of by errno alone. */
static void note_problem(struct http_conn *c)
{
	forget_problem(c);
	c->tls_problem = strdup(tls_stream_why(c->tls));
}

const char *http_conn_problem(const struct http_conn *c)
{
	return c->tls_problem;
}

void http_conn_deinit(struct http_conn *c)
{
	drop_socket(c);
	forget_problem(c);
	buf_deinit(&c->kept);
}

/* The one place that arms the write event. The read event stays for the socket's life: it also
 * tells that the server closed an idle connection. */
static void arm(struct http_conn *c)
{
	bool wanted = (c->state == HTTP_CONN_CONNECTING && !c->is_greeting) ||
		      c->state == HTTP_CONN_SENDING;

	if (c->tls && tls_stream_wants_write(c->tls))
		wanted = true;

	if (c->fd < 0 || wanted == c->write_wanted)
		return;
	c->write_wanted = wanted;
	if (wanted ? event_add(&c->write_event, NULL) : event_del(&c->write_event))
		log_error("http", "event not changed", "state=%s", state_names[c->state]);
}

static void set_state(struct http_conn *c, enum http_conn_state next)
{
	if (c->state == next)
		return;
	assert(legal_next[c->state] & (1u << next));
	log_debug("http", "connection state", "from=%s to=%s", state_names[c->state],
		  state_names[next]);
	c->state = next;
	arm(c);
}

void http_conn_close(struct http_conn *c, const char *reason)
{
	log_debug("http", "connection closed", "reason=%s", reason);
	drop_socket(c);
	set_state(c, HTTP_CONN_CLOSED);
	c->in_flight = false;
}

/* ---- a request ---- */

void http_conn_send(struct http_conn *c, const struct net_addr *addr,
		    const struct http_request *request)
{
	assert(!c->in_flight && (c->state == HTTP_CONN_CLOSED || c->state == HTTP_CONN_READY));
	c->request = *request;
	c->part = c->part_offset = 0;
	c->in_flight = true;
	c->first_byte_us = 0;
	c->n_answer_bytes = 0;
	http_response_init(&c->response);
	if (c->owner->keeps_json)
		http_response_keep(&c->response, &c->kept);
	if (c->owner->keeps_json && request->keep_max)
		http_response_keep_all(&c->response, request->keep_max);
	if (c->state == HTTP_CONN_READY)
		write_some(c);
	else
		open_socket(c, addr);
}

static void open_socket(struct http_conn *c, const struct net_addr *addr)
{
	struct event_base *base = c->owner->base;
	int r = net_connect(addr, &c->fd);

	c->n_answers = 0;
	c->error = -r;
	forget_problem(c);
	if (r == 0) {
		event_assign(&c->read_event, base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
		event_assign(&c->write_event, base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	}
	set_state(c, HTTP_CONN_CONNECTING);
	if (r != 0)
		event_active(&c->failed_event, 0, 0);
}

static void connect_failed(struct http_conn *c, int error)
{
	c->error = error;
	http_conn_close(c, "connect");
	finish(c, HTTP_CONN_CONNECT_FAILED);
}

static void on_connect_failed(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http_conn *c = arg;

	connect_failed(c, c->error);
}

static void connected(struct http_conn *c)
{
	if (c->owner->on_connected)
		c->owner->on_connected(c);
	write_some(c);
}

/* The TLS handshake goes on. */
static void greet(struct http_conn *c)
{
	int r = tls_stream_greet(c->tls);

	if (r == TLS_STREAM_FAILED) {
		note_problem(c);
		connect_failed(c, EPROTO);
	} else if (r != 0) {
		arm(c);
	} else {
		c->is_greeting = false;
		connected(c);
	}
}

static void begin_to_greet(struct http_conn *c)
{
	c->tls = tls_stream_connect(c->tls_context, c->fd, c->tls_host);
	if (!c->tls) {
		connect_failed(c, ENOMEM);
		return;
	}
	c->is_greeting = true;
	greet(c);
}

static void on_writable(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct http_conn *c = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	if (c->is_greeting) {
		greet(c);
		return;
	}
	if (c->state == HTTP_CONN_SENDING) {
		write_some(c);
		return;
	}
	if (c->state != HTTP_CONN_CONNECTING) { /* what was to be read waited for that */
		read_some(c);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	else if (!error && event_add(&c->read_event, NULL))
		error = ENOMEM;
	if (error) {
		connect_failed(c, error);
		return;
	}
	if (c->tls_context)
		begin_to_greet(c);
	else
		connected(c);
}

/* ---- what goes out ---- */

static const struct iovec *part_at(const struct http_conn *c, size_t at)
{
	return at ? &c->request.parts[at - 1] : &c->request.head;
}

static bool is_written(const struct http_conn *c)
{
	return c->part > c->request.n_parts;
}

/* What is not written yet, as much as one sendmsg takes. */
static size_t gather(const struct http_conn *c, struct iovec out[MAX_IOV], size_t *n_bytesp)
{
	size_t skip = c->part_offset, n = 0, n_bytes = 0;

	for (size_t at = c->part; at <= c->request.n_parts && n < MAX_IOV; at++) {
		const struct iovec *part = part_at(c, at);

		out[n].iov_base = (char *)part->iov_base + skip;
		out[n].iov_len = part->iov_len - skip;
		n_bytes += out[n++].iov_len;
		skip = 0;
	}
	*n_bytesp = n_bytes;
	return n;
}

static void advance(struct http_conn *c, size_t n_bytes)
{
	while (!is_written(c)) {
		size_t left = part_at(c, c->part)->iov_len - c->part_offset;

		if (n_bytes < left) {
			c->part_offset += n_bytes;
			return;
		}
		n_bytes -= left;
		c->part++;
		c->part_offset = 0;
	}
}

/* False: the socket takes no more, or it is at its end. */
static bool write_once(struct http_conn *c, enum http_conn_state *nextp)
{
	struct iovec rest[MAX_IOV];
	struct msghdr msg = { .msg_iov = rest };
	size_t n_bytes;
	ssize_t n;

	msg.msg_iovlen = gather(c, rest, &n_bytes);
	n = c->tls ? tls_stream_writev(c->tls, rest, msg.msg_iovlen)
		   : sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	if (n < 0) {
		*nextp = errno == EAGAIN || errno == EINTR ? HTTP_CONN_SENDING : HTTP_CONN_WAITING;
		return false;
	}
	advance(c, (size_t)n);
	*nextp = is_written(c) ? HTTP_CONN_WAITING : HTTP_CONN_SENDING;
	return c->tls || (size_t)n == n_bytes;
}

/*
 * A write that fails is not told here: the server may have answered before it closed. The socket is
 * readable then, and read_some finds the answer or the end.
 */
static void write_some(struct http_conn *c)
{
	enum http_conn_state next;

	if (!c->first_byte_us)
		c->first_byte_us = clock_mono_us();
	while (write_once(c, &next) && next == HTTP_CONN_SENDING)
		;
	if (!c->part && !c->part_offset)
		c->first_byte_us = 0;
	set_state(c, next);
}

/* ---- what comes back ---- */

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct http_conn *c = arg;

	if (c->is_greeting)
		greet(c);
	else
		read_some(c);
}

/* Nobody can have taken what was not sent, whatever the answer says. */
static bool is_early(const struct http_conn *c)
{
	return !is_written(c) && c->response.status < 300;
}

/* A whole answer. What follows it, or an answer before the request's end, spoils the connection. */
static void answered(struct http_conn *c, bool has_more)
{
	c->n_answers++;
	if (!is_written(c))
		http_conn_close(c, "early_answer");
	else if (!c->response.keep_alive || has_more)
		http_conn_close(c, has_more ? "unasked_bytes" : "server_said_close");
	else
		set_state(c, HTTP_CONN_READY);
	finish(c, is_early(c) ? HTTP_CONN_CLOSED_EARLY : HTTP_CONN_ANSWERED);
}

enum http_conn_outcome http_conn_give_up(struct http_conn *c, const char *reason,
					 enum http_conn_outcome if_undecided)
{
	http_conn_close(c, reason);
	http_response_cut(&c->response);
	if (c->response.state != HTTP_RESPONSE_DONE)
		return if_undecided;
	return is_early(c) ? HTTP_CONN_CLOSED_EARLY : HTTP_CONN_ANSWERED;
}

static void take(struct http_conn *c, const char *data, size_t n)
{
	size_t used = http_response_feed(&c->response, data, n);

	c->n_answer_bytes += n;
	if (c->response.state == HTTP_RESPONSE_DONE) {
		answered(c, used < n);
	} else if (c->response.state == HTTP_RESPONSE_BAD) {
		http_conn_close(c, "bad_answer");
		finish(c, HTTP_CONN_BAD_ANSWER);
	} else if (c->n_answer_bytes > HTTP_CONN_MAX_ANSWER) {
		c->response.is_keep_cut = true;
		finish(c, http_conn_give_up(c, "endless_answer", HTTP_CONN_BAD_ANSWER));
	}
}

static void read_some(struct http_conn *c)
{
	char data[READ_BYTES];
	ssize_t n = c->tls ? tls_stream_read(c->tls, data, sizeof(data))
			   : recv(c->fd, data, sizeof(data), 0);

	if (c->tls && tls_stream_has_more(c->tls)) /* of which the socket does not tell */
		event_active(&c->read_event, EV_READ, 0);
	if (c->tls)
		arm(c);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 && c->tls && errno == EPROTO)
		note_problem(c);
	if (!c->in_flight) {
		http_conn_close(c, n > 0 ? "unasked_bytes" : "server_closed");
		c->owner->on_idle_close(c);
	} else if (n <= 0) {
		lost(c, n == 0);
	} else {
		take(c, data, (size_t)n);
	}
}

/* The server closed the connection, or it broke. */
static void lost(struct http_conn *c, bool is_closed)
{
	bool is_stale = c->n_answers > 0 && !c->response.any;

	if (is_closed)
		http_response_end(&c->response);
	finish(c, http_conn_give_up(c, "server_closed",
				    is_stale ? HTTP_CONN_STALE : HTTP_CONN_CLOSED_EARLY));
}

/* The last thing that is done with c: its owner may free it. */
static void finish(struct http_conn *c, enum http_conn_outcome outcome)
{
	c->in_flight = false;
	c->owner->on_done(c, outcome);
}
