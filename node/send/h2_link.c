#include "node/send/h2_link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define READ_BYTES 16384
#define WRITE_BYTES (64u << 10)

static void settle(struct h2_link *link);

/* ---- the socket ---- */

static void close_socket(struct h2_link *link)
{
	event_del(&link->readable);
	event_del(&link->writable);
	event_del(&link->late);
	h2_socket_close(&link->socket);
}

static void lose(struct h2_link *link, const char *error)
{
	close_socket(link);
	link->error = error;
	link->streams.is_going = true;
	link->state = H2_LINK_LOST;
	h2_streams_lose(&link->streams);
}

/* The server may have said why before it closed: that is read first, and the end then. */
static void on_unsent(struct h2_link *link, int error)
{
	if (error != ECONNRESET && error != EPIPE)
		lose(link, h2_socket_problem(&link->socket, error));
}

/* As much as the socket takes. */
static void pump(struct h2_link *link)
{
	const uint8_t *data;
	ssize_t n = 1, n_sent;

	for (;;) {
		while (link->out.len < WRITE_BYTES &&
		       (n = nghttp2_session_mem_send(link->streams.session, &data)) > 0)
			buf_append(&link->out, data, (size_t)n);
		if (n < 0 || link->out.failed) {
			lose(link, "out of memory");
			return;
		}
		if (link->out.len == 0)
			return;
		n_sent = h2_socket_write(&link->socket, link->out.data, link->out.len);
		if (n_sent < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n_sent < 0) {
			on_unsent(link, errno);
			return;
		}
		link->n_writes++;
		buf_consume(&link->out, (size_t)n_sent);
	}
	if (event_add(&link->writable, NULL) != 0)
		lose(link, "out of memory");
}

/* With TLS, the socket does not tell of bytes that OpenSSL has, nor of those that it has to write first. */
static ssize_t read_some(struct h2_link *link, void *to, size_t size)
{
	ssize_t n = h2_socket_read(&link->socket, to, size);
	int error = errno;

	if (h2_socket_has_more(&link->socket))
		event_active(&link->readable, EV_READ, 0);
	if (h2_socket_wants_write(&link->socket) && event_add(&link->writable, NULL) != 0) {
		errno = ENOMEM;
		return -1;
	}
	errno = error;
	return n;
}

static void receive(struct h2_link *link)
{
	uint8_t bytes[READ_BYTES];
	ssize_t n = read_some(link, bytes, sizeof(bytes)), n_read;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose(link, n == 0 ? "closed before its answer ended"
				  : h2_socket_problem(&link->socket, errno));
		return;
	}
	link->n_reads++;
	n_read = nghttp2_session_mem_recv(link->streams.session, bytes, (size_t)n);
	if (n_read < 0)
		lose(link, nghttp2_strerror((int)n_read));
	else if (!nghttp2_session_want_read(link->streams.session) &&
		 !nghttp2_session_want_write(link->streams.session))
		lose(link, "the server ended the connection");
}

/* ---- its begin ---- */

static void refuse(struct h2_link *link, const char *error)
{
	assert(link->state == H2_LINK_CONNECTING || link->state == H2_LINK_GREETING);
	lose(link, error);
	link->owner->on_refused(link, link->error);
}

static void open_up(struct h2_link *link)
{
	assert(link->state == (link->owner->tls ? H2_LINK_GREETING : H2_LINK_CONNECTING));
	event_del(&link->late);
	link->state = H2_LINK_OPEN;
	link->idle_since_us = clock_mono_us();
	if (h2_socket_has_more(&link->socket))
		event_active(&link->readable, EV_READ, 0);
	link->owner->on_open(link);
	event_active(&link->flush, 0, 0);
}

/* The TLS handshake goes on. */
static void greet(struct h2_link *link)
{
	switch (h2_socket_greet(&link->socket)) {
	case H2_GREETING_DONE:
		open_up(link);
		break;
	case H2_GREETING_AGAIN:
		if (h2_socket_wants_write(&link->socket) && event_add(&link->writable, NULL) != 0)
			refuse(link, "out of memory");
		break;
	case H2_GREETING_OTHER:
		lose(link, "its handshake does not agree to HTTP/2");
		link->owner->on_other(link);
		break;
	default:
		refuse(link, h2_socket_problem(&link->socket, 0));
	}
}

static void connected(struct h2_link *link)
{
	const struct h2_link_owner *owner = link->owner;

	if (event_add(&link->readable, NULL) != 0) {
		refuse(link, "out of memory");
		return;
	}
	if (!owner->tls) {
		open_up(link);
		return;
	}
	link->state = H2_LINK_GREETING;
	if (h2_socket_secure(&link->socket, owner->tls, link->host, owner->protocols))
		greet(link);
	else
		refuse(link, "TLS cannot be set up");
}

static void on_late(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	refuse(arg, "no connection in time");
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct h2_link *link = arg;

	if (link->state == H2_LINK_GREETING) {
		greet(link);
		return;
	}
	receive(link);
	if (link->state == H2_LINK_OPEN)
		pump(link);
	settle(link);
}

static void on_flush(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct h2_link *link = arg;

	if (link->state == H2_LINK_NEW) {
		if (!link->has_begun) {
			link->has_begun = true;
			link->owner->on_begin(link);
		}
		return;
	}
	if (link->state == H2_LINK_OPEN)
		pump(link);
	settle(link);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct h2_link *link = arg;
	int error;

	if (link->state == H2_LINK_OPEN) { /* what was to be read may have waited for that, too */
		if (h2_socket_wants_write(&link->socket))
			on_readable(fd, what, arg);
		else
			on_flush(fd, what, arg);
		return;
	}
	if (link->state == H2_LINK_GREETING) {
		greet(link);
		return;
	}
	error = h2_socket_connected(&link->socket);
	if (error)
		refuse(link, strerror(error));
	else
		connected(link);
}

static bool has_others(const struct h2_link *link, const struct h2_request *but)
{
	const struct h2_request *r;

	TAILQ_FOREACH(r, &link->streams.requests, link)
	if (r != but && r->transfer)
		return true;
	return false;
}

/*
 * All of its requests have timed out, and could not leave: the server allows no streams, or takes no bytes. What
 * nghttp2 has queued cannot be taken back.
 */
static bool is_for_nobody(const struct h2_link *link)
{
	return link->streams.n_requests > 0 && !has_others(link, NULL);
}

/* Tells what has ended, once all that could leave has. That is last, as the owner may free the link. */
static void settle(struct h2_link *link)
{
	struct h2_request *r;

	if (link->state == H2_LINK_OPEN && is_for_nobody(link))
		lose(link, "");
	while ((r = TAILQ_FIRST(&link->streams.ended))) {
		TAILQ_REMOVE(&link->streams.ended, r, link);
		link->n_served++;
		if (link->streams.n_requests == 0)
			link->idle_since_us = clock_mono_us();
		link->owner->on_done(link, r);
	}
	if (link->state == H2_LINK_OPEN && link->streams.is_going && link->streams.n_requests == 0)
		lose(link, "");
	if (link->state == H2_LINK_LOST)
		link->owner->on_lost(link);
}

/* ---- life ---- */

struct h2_link *h2_link_new(const struct h2_link_owner *owner)
{
	struct h2_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->owner = owner;
	link->socket.fd = -1;
	TAILQ_INIT(&link->waiting);
	event_assign(&link->readable, owner->base, -1, EV_READ, on_readable, link);
	event_assign(&link->writable, owner->base, -1, EV_WRITE, on_writable, link);
	event_assign(&link->flush, owner->base, -1, 0, on_flush, link);
	evtimer_assign(&link->late, owner->base, on_late, link);
	if (h2_streams_init(&link->streams) != 0) {
		h2_link_free(link);
		return NULL;
	}
	event_active(&link->flush, 0, 0);
	return link;
}

void h2_link_free(struct h2_link *link)
{
	if (!link)
		return;
	assert(TAILQ_EMPTY(&link->streams.requests) && TAILQ_EMPTY(&link->streams.ended));
	close_socket(link);
	event_del(&link->flush);
	nghttp2_session_del(link->streams.session);
	buf_deinit(&link->out);
	free(link);
}

int h2_link_connect(struct h2_link *link, const struct net_addr *addr, uint64_t within_us)
{
	struct timeval within = clock_timeval(within_us);
	int r;

	assert(link->socket.fd < 0 && link->streams.n_requests == 0);
	r = h2_socket_connect(&link->socket, addr);
	if (r != 0)
		return r;
	link->state = H2_LINK_CONNECTING;
	link->streams.is_going = false;
	event_assign(&link->readable, link->owner->base, link->socket.fd, EV_READ | EV_PERSIST,
		     on_readable, link);
	event_assign(&link->writable, link->owner->base, link->socket.fd, EV_WRITE, on_writable,
		     link);
	if (event_add(&link->writable, NULL) == 0 && evtimer_add(&link->late, &within) == 0)
		return 0;
	close_socket(link);
	return -ENOMEM;
}

unsigned h2_link_room(const struct h2_link *link)
{
	uint32_t most = nghttp2_session_get_remote_settings(
		link->streams.session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	unsigned n_now = link->streams.n_requests + link->n_waiting;

	if (most > H2_LINK_STREAMS)
		most = H2_LINK_STREAMS;
	return link->streams.is_going || n_now >= most ? 0 : most - n_now;
}

int h2_link_send(struct h2_link *link, struct h2_request *r, const char *authority,
		 const char *path)
{
	int code = h2_request_submit(r, link->streams.session, link->owner->tls ? "https" : "http",
				     authority, path);

	assert(link->state == H2_LINK_OPEN && link->streams.n_requests < H2_LINK_STREAMS);
	if (code != 0)
		return code;
	if (r->id >= H2_LINK_LAST_ID)
		link->streams.is_going = true; /* it ends once this request has */
	r->owner = link;
	r->met_idle = link->streams.n_requests == 0 && link->n_served > 0;
	r->n_reads_before = link->n_reads;
	r->n_writes_before = link->n_writes;
	TAILQ_INSERT_TAIL(&link->streams.requests, r, link);
	link->streams.n_requests++;
	event_active(&link->flush, 0, 0);
	return 0;
}

void h2_link_cancel(struct h2_link *link, const struct h2_request *r)
{
	nghttp2_submit_rst_stream(link->streams.session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_CANCEL);
	event_active(&link->flush, 0, 0);
}

bool h2_link_is_stuck(const struct h2_link *link, const struct h2_request *r)
{
	return link->out.len > 0 && (link->n_writes == r->n_writes_before || !has_others(link, r));
}

bool h2_link_is_silent(const struct h2_link *link, const struct h2_request *r)
{
	return link->n_reads == r->n_reads_before;
}

void h2_link_break(struct h2_link *link, const char *error)
{
	link->is_late = true;
	lose(link, error);
	event_active(&link->flush, 0, 0);
}

void h2_link_go(struct h2_link *link)
{
	link->streams.is_going = true;
	event_active(&link->flush, 0, 0);
}
