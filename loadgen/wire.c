#include "loadgen/wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "loadgen/forward_talk.h"
#include "loadgen/framing.h"

#define SAYS_MOST 4096 /* bytes that a node says at once */

static void on_read(evutil_socket_t fd, short what, void *arg);
static void on_write(evutil_socket_t fd, short what, void *arg);
static void on_failed(evutil_socket_t fd, short what, void *arg);
static void wire_connect(struct wire *w);
static void wire_write(struct wire *w);
static void wire_hear(struct wire *w);
static void wire_finish(struct wire *w, enum wire_outcome outcome);

/* ---- life ---- */

void wire_init(struct wire *w, struct event_base *base, const struct target *target)
{
	*w = (struct wire){ .base = base, .target = target, .fd = -1 };
	event_assign(&w->failed_event, base, -1, 0, on_failed, w);
}

void wire_close(struct wire *w)
{
	event_del(&w->failed_event);
	w->state = WIRE_CLOSED;
	w->data = NULL;
	buf_deinit(&w->in);
	if (w->fd < 0)
		return;
	event_del(&w->read_event);
	event_del(&w->write_event);
	close(w->fd);
	w->fd = -1;
}

void wire_deinit(struct wire *w)
{
	wire_close(w);
}

static bool is_in_flight(const struct wire *w)
{
	return w->data != NULL;
}

static void wire_finish(struct wire *w, enum wire_outcome outcome)
{
	w->data = NULL;
	w->on_done(w, outcome);
}

static void wire_break(struct wire *w, enum wire_outcome outcome)
{
	bool was_in_flight = is_in_flight(w);

	wire_close(w);
	if (was_in_flight)
		wire_finish(w, outcome);
}

/* ---- connecting ---- */

static int connect_udp(const struct net_addr *addr, int *fdp)
{
	int fd = socket(addr->sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr->sa, addr->len)) {
		r = -errno;
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

static void wire_connect(struct wire *w)
{
	const struct target *target = w->target;
	int r = target->transport == TARGET_UDP ? connect_udp(&target->addr, &w->fd)
						: net_connect(&target->addr, &w->fd);

	w->state = WIRE_CONNECTING;
	if (r) {
		w->fd = -1;
		w->error = -r;
		event_active(&w->failed_event, EV_TIMEOUT, 0);
		return;
	}
	event_assign(&w->read_event, w->base, w->fd, EV_READ | EV_PERSIST, on_read, w);
	event_assign(&w->write_event, w->base, w->fd, EV_WRITE, on_write, w);
	event_add(&w->write_event, NULL);
}

static void on_failed(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	wire_break(arg, WIRE_CONNECT_FAILED);
}

static void wire_begin_to_hear(struct wire *w)
{
	buf_clear(&w->in);
	msgpack_stream_init(&w->end);
}

static void on_connect(struct wire *w)
{
	socklen_t n = sizeof(w->error);

	w->error = 0;
	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &w->error, &n))
		w->error = errno;
	if (w->error) {
		wire_break(w, WIRE_CONNECT_FAILED);
		return;
	}
	event_add(&w->read_event, NULL);
	wire_begin_to_hear(w);
	w->has_pinged = false;
	w->state = w->target->key ? WIRE_GREETING : WIRE_SENDING;
	w->on_connected(w);
	if (w->state == WIRE_SENDING)
		wire_write(w);
}

/* ---- sending ---- */

void wire_send(struct wire *w, const char *id, const char *data, size_t len)
{
	assert(!is_in_flight(w) && data);
	w->id = id;
	w->data = data;
	w->len = len;
	w->at = 0;
	w->first_byte_us = 0;
	if (w->state == WIRE_CLOSED) {
		wire_connect(w);
		return;
	}
	w->state = WIRE_SENDING;
	event_add(&w->write_event, NULL);
}

/* A stream takes what it can; of datagrams one goes out. */
static ssize_t write_some(struct wire *w)
{
	const char *data = w->data + w->at;
	size_t n = w->len - w->at;
	ssize_t n_sent;

	if (w->target->transport != TARGET_UDP)
		return send(w->fd, data, n, MSG_NOSIGNAL);
	if (!framing_next_datagram(w->data + w->at, w->len - w->at, &data, &n))
		return (ssize_t)n;
	n_sent = send(w->fd, data, n, MSG_NOSIGNAL);
	return n_sent < 0 ? n_sent : n_sent + (data - (w->data + w->at));
}

static void wire_write(struct wire *w)
{
	ssize_t n;

	while (w->at < w->len) {
		n = write_some(w);
		if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)) {
			event_add(&w->write_event, NULL);
			return;
		}
		if (n < 0) {
			w->error = errno;
			wire_break(w, WIRE_CLOSED_EARLY);
			return;
		}
		if (!w->first_byte_us)
			w->first_byte_us = clock_mono_us();
		w->at += (size_t)n;
	}
	if (w->target->format == FORMAT_FORWARD) {
		w->state = WIRE_WAITING;
		return;
	}
	w->state = WIRE_READY;
	wire_finish(w, WIRE_SENT);
}

static void on_write(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct wire *w = arg;

	if (w->state == WIRE_CONNECTING)
		on_connect(w);
	else if (w->state == WIRE_SENDING)
		wire_write(w);
}

/* ---- hearing ---- */

/* The PING is short, and first: the socket has room for it. */
static void wire_greet(struct wire *w, size_t n)
{
	struct buf ping = { 0 };
	bool is_sent;

	if (w->has_pinged) {
		if (!forward_talk_is_welcome(w->in.data, n)) {
			wire_break(w, WIRE_BAD_ANSWER);
			return;
		}
		wire_begin_to_hear(w);
		w->state = WIRE_SENDING;
		wire_write(w);
		return;
	}
	is_sent = forward_talk_answer_hello(w->in.data, n, w->target->key, &ping) == 0 &&
		  send(w->fd, ping.data, ping.len, MSG_NOSIGNAL) == (ssize_t)ping.len;
	buf_deinit(&ping);
	w->has_pinged = true;
	wire_begin_to_hear(w);
	if (!is_sent)
		wire_break(w, WIRE_BAD_ANSWER);
}

/* Looks at what the node said, if that is whole. One thing is awaited at a time. */
static void wire_hear(struct wire *w)
{
	int r = msgpack_stream_read(&w->end, w->in.data, w->in.len, SAYS_MOST);

	if (r == MSGPACK_STREAM_E_PARTIAL)
		return;
	if (r == 0 && w->end.n_bytes == w->in.len && w->state == WIRE_GREETING) {
		wire_greet(w, w->in.len);
	} else if (r == 0 && w->state == WIRE_WAITING &&
		   forward_talk_is_ack(w->in.data, w->in.len, w->id) &&
		   w->end.n_bytes == w->in.len) {
		wire_begin_to_hear(w);
		w->state = WIRE_READY;
		wire_finish(w, WIRE_SENT);
	} else {
		wire_break(w, WIRE_BAD_ANSWER);
	}
}

static void on_read(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct wire *w = arg;
	ssize_t n;

	if (buf_reserve(&w->in, SAYS_MOST)) {
		wire_break(w, WIRE_BAD_ANSWER);
		return;
	}
	n = recv(w->fd, w->in.data + w->in.len, SAYS_MOST, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		w->error = n < 0 ? errno : 0;
		wire_break(w, WIRE_CLOSED_EARLY);
		return;
	}
	w->in.len += (size_t)n;
	if (w->target->format == FORMAT_FORWARD)
		wire_hear(w);
	else
		buf_clear(&w->in); /* nobody answers these protocols */
}
