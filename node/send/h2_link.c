#include "node/send/h2_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/tls/tls_stream.h"

#define READ_BYTES 16384
#define WRITE_BYTES (64u << 10)

static void settle(struct h2_link *link);

/* ---- what nghttp2 tells ---- */

static struct h2_request *find(struct h2_link *link, int32_t id)
{
	struct h2_request *r;

	for (r = TAILQ_FIRST(&link->requests); r; r = TAILQ_NEXT(r, link)) {
		if (r->id == id)
			return r;
	}
	return NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags UNUSED,
		     void *arg)
{
	struct h2_request *r = find(arg, frame->hd.stream_id);

	if (!r || h2_request_take_field(r, name, n_name, value, n_value))
		return 0;
	nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_ENHANCE_YOUR_CALM);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_data(nghttp2_session *session, uint8_t flags UNUSED, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct h2_request *r = find(arg, id);

	if (r && r->transfer && !answer_body_add(&r->body, r->transfer, data, len))
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
					  NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static void end(struct h2_link *link, struct h2_request *r, enum h2_end how)
{
	r->end = how;
	TAILQ_REMOVE(&link->requests, r, link);
	TAILQ_INSERT_TAIL(&link->ended, r, link);
	link->n_requests--;
}

static int on_close(nghttp2_session *session UNUSED, int32_t id, uint32_t error_code, void *arg)
{
	struct h2_link *link = arg;
	struct h2_request *r = find(link, id);

	if (!r)
		return 0;
	r->error_code = error_code;
	end(link, r, error_code == NGHTTP2_REFUSED_STREAM ? H2_END_REFUSED : H2_END_WHOLE);
	return 0;
}

static int on_frame(nghttp2_session *session UNUSED, const nghttp2_frame *frame, void *arg)
{
	struct h2_link *link = arg;

	link->is_going |= frame->hd.type == NGHTTP2_GOAWAY;
	return 0;
}

/* ---- the socket ---- */

static void close_socket(struct h2_link *link)
{
	event_del(&link->readable);
	event_del(&link->writable);
	event_del(&link->late);
	if (link->tls)
		tls_stream_end(link->tls);
	tls_stream_free(link->tls);
	link->tls = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* Why a read or write failed, or, without errno, a handshake. */
static const char *problem_of(struct h2_link *link, int error)
{
	if (!link->tls || (error && error != EPROTO))
		return strerror(error);
	snprintf(link->tls_problem, sizeof(link->tls_problem), "TLS: %s",
		 tls_stream_why(link->tls));
	return link->tls_problem;
}

static void lose(struct h2_link *link, const char *error)
{
	struct h2_request *r;

	close_socket(link);
	link->error = error;
	link->is_going = true;
	link->state = H2_LINK_LOST;
	while ((r = TAILQ_FIRST(&link->requests)))
		end(link, r, H2_END_LOST);
}

/* The server may have said why before it closed: that is read first, and the end then. */
static void on_unsent(struct h2_link *link, int error)
{
	if (error != ECONNRESET && error != EPIPE)
		lose(link, problem_of(link, error));
}

/* As much as the socket takes. */
static void pump(struct h2_link *link)
{
	const uint8_t *data;
	ssize_t n = 1, n_sent;

	for (;;) {
		while (link->out.len < WRITE_BYTES &&
		       (n = nghttp2_session_mem_send(link->session, &data)) > 0)
			buf_append(&link->out, data, (size_t)n);
		if (n < 0 || link->out.failed) {
			lose(link, "out of memory");
			return;
		}
		if (link->out.len == 0)
			return;
		n_sent = link->tls ? tls_stream_write(link->tls, link->out.data, link->out.len)
				   : send(link->fd, link->out.data, link->out.len, MSG_NOSIGNAL);
		if (n_sent < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n_sent < 0) {
			on_unsent(link, errno);
			return;
		}
		buf_consume(&link->out, (size_t)n_sent);
	}
	if (event_add(&link->writable, NULL) != 0)
		lose(link, "out of memory");
}

/* The socket does not tell of bytes that OpenSSL has, nor of those that it has to write first. */
static ssize_t receive_tls(struct h2_link *link, void *to, size_t size)
{
	ssize_t n = tls_stream_read(link->tls, to, size);
	int error = errno;

	if (tls_stream_has_more(link->tls))
		event_active(&link->readable, EV_READ, 0);
	if (tls_stream_wants_write(link->tls) && event_add(&link->writable, NULL) != 0) {
		errno = ENOMEM;
		return -1;
	}
	errno = error;
	return n;
}

static void receive(struct h2_link *link)
{
	uint8_t bytes[READ_BYTES];
	ssize_t n_read, n = link->tls ? receive_tls(link, bytes, sizeof(bytes))
				      : recv(link->fd, bytes, sizeof(bytes), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose(link, n == 0 ? "closed before its answer ended" : problem_of(link, errno));
		return;
	}
	n_read = nghttp2_session_mem_recv(link->session, bytes, (size_t)n);
	if (n_read < 0)
		lose(link, nghttp2_strerror((int)n_read));
	else if (!nghttp2_session_want_read(link->session) &&
		 !nghttp2_session_want_write(link->session))
		lose(link, "the server ended the connection");
}

/* ---- its begin ---- */

static void refuse(struct h2_link *link, const char *error)
{
	lose(link, error);
	link->owner->on_refused(link, link->error);
}

static void open_up(struct h2_link *link)
{
	event_del(&link->late);
	link->state = H2_LINK_OPEN;
	link->idle_since_us = clock_mono_us();
	if (link->tls && tls_stream_has_more(link->tls))
		event_active(&link->readable, EV_READ, 0);
	link->owner->on_open(link);
	event_active(&link->flush, 0, 0);
}

/* The TLS handshake goes on. */
static void greet(struct h2_link *link)
{
	int r = tls_stream_greet(link->tls);

	if (r == TLS_STREAM_FAILED) {
		refuse(link, problem_of(link, 0));
	} else if (r != 0) {
		if (tls_stream_wants_write(link->tls) && event_add(&link->writable, NULL) != 0)
			refuse(link, "out of memory");
	} else if (strcmp(tls_stream_protocol(link->tls), "h2") != 0) {
		lose(link, "its handshake does not agree to HTTP/2");
		link->owner->on_other(link);
	} else {
		open_up(link);
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
	link->tls = tls_stream_connect(owner->tls, link->fd, link->host);
	if (link->tls && tls_stream_offer(link->tls, owner->protocols))
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
	int error = 0;
	socklen_t len = sizeof(error);

	if (link->state == H2_LINK_OPEN) { /* what was to be read may have waited for that, too */
		if (link->tls && tls_stream_wants_write(link->tls))
			on_readable(fd, what, arg);
		else
			on_flush(fd, what, arg);
		return;
	}
	if (link->state == H2_LINK_GREETING) {
		greet(link);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error)
		refuse(link, strerror(error));
	else
		connected(link);
}

/* Tells what has ended. That is last, as the owner may free the link. */
static void settle(struct h2_link *link)
{
	struct h2_request *r;

	while ((r = TAILQ_FIRST(&link->ended))) {
		TAILQ_REMOVE(&link->ended, r, link);
		link->n_served++;
		if (link->n_requests == 0)
			link->idle_since_us = clock_mono_us();
		link->owner->on_done(link, r);
	}
	if (link->state == H2_LINK_OPEN && link->is_going && link->n_requests == 0)
		lose(link, "");
	if (link->state == H2_LINK_LOST)
		link->owner->on_lost(link);
}

/* ---- life ---- */

static int make_session(struct h2_link *link)
{
	static const nghttp2_settings_entry no_push = { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	nghttp2_session_callbacks *callbacks;
	int r = nghttp2_session_callbacks_new(&callbacks);

	if (r != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	r = nghttp2_session_client_new(&link->session, callbacks, link);
	nghttp2_session_callbacks_del(callbacks);
	if (r == 0)
		r = nghttp2_submit_settings(link->session, NGHTTP2_FLAG_NONE, &no_push, 1);
	return r == 0 ? 0 : -ENOMEM;
}

struct h2_link *h2_link_new(const struct h2_link_owner *owner)
{
	struct h2_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->owner = owner;
	link->fd = -1;
	TAILQ_INIT(&link->requests);
	TAILQ_INIT(&link->ended);
	TAILQ_INIT(&link->waiting);
	event_assign(&link->readable, owner->base, -1, EV_READ, on_readable, link);
	event_assign(&link->writable, owner->base, -1, EV_WRITE, on_writable, link);
	event_assign(&link->flush, owner->base, -1, 0, on_flush, link);
	evtimer_assign(&link->late, owner->base, on_late, link);
	if (make_session(link) != 0) {
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
	assert(TAILQ_EMPTY(&link->requests) && TAILQ_EMPTY(&link->ended));
	close_socket(link);
	event_del(&link->flush);
	nghttp2_session_del(link->session);
	buf_deinit(&link->out);
	free(link);
}

int h2_link_connect(struct h2_link *link, const struct net_addr *addr, uint64_t within_us)
{
	struct timeval within = clock_timeval(within_us);
	int r = net_connect(addr, &link->fd);

	if (r != 0) {
		link->fd = -1;
		return r;
	}
	link->state = H2_LINK_CONNECTING;
	link->is_going = false;
	event_assign(&link->readable, link->owner->base, link->fd, EV_READ | EV_PERSIST,
		     on_readable, link);
	event_assign(&link->writable, link->owner->base, link->fd, EV_WRITE, on_writable, link);
	if (event_add(&link->writable, NULL) == 0 && evtimer_add(&link->late, &within) == 0)
		return 0;
	close_socket(link);
	return -ENOMEM;
}

unsigned h2_link_room(const struct h2_link *link)
{
	uint32_t most = nghttp2_session_get_remote_settings(
		link->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	unsigned n_now = link->n_requests + link->n_waiting;

	if (most > H2_LINK_STREAMS)
		most = H2_LINK_STREAMS;
	return link->is_going || n_now >= most ? 0 : most - n_now;
}

int h2_link_send(struct h2_link *link, struct h2_request *r, const char *authority,
		 const char *path)
{
	int code = h2_request_submit(r, link->session, link->owner->tls ? "https" : "http",
				     authority, path);

	if (code != 0)
		return code;
	r->owner = link;
	r->met_idle = link->n_requests == 0 && link->n_served > 0;
	TAILQ_INSERT_TAIL(&link->requests, r, link);
	link->n_requests++;
	event_active(&link->flush, 0, 0);
	return 0;
}

void h2_link_cancel(struct h2_link *link, const struct h2_request *r)
{
	nghttp2_submit_rst_stream(link->session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_CANCEL);
	event_active(&link->flush, 0, 0);
}

bool h2_link_is_stuck(const struct h2_link *link)
{
	return link->out.len > 0;
}

void h2_link_break(struct h2_link *link, const char *error)
{
	lose(link, error);
	event_active(&link->flush, 0, 0);
}

void h2_link_go(struct h2_link *link)
{
	link->is_going = true;
	event_active(&link->flush, 0, 0);
}
