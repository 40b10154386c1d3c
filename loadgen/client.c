#include "loadgen/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "loadgen/response.h"

#define REST_BASE_MS 100
#define REST_CAP_MS 2000
#define READ_BYTES 16384

const char *const client_outcome_names[] = {
	[CLIENT_ANSWERED] = "answered",   [CLIENT_CONNECT_FAILED] = "connect",
	[CLIENT_CLOSED_EARLY] = "closed", [CLIENT_BAD_ANSWER] = "bad_answer",
	[CLIENT_TIMED_OUT] = "timeout",   [CLIENT_ABORTED] = "aborted",
};
static_assert(ARRAY_LEN(client_outcome_names) == CLIENT_OUTCOMES, "a name for each outcome");

enum client_state {
	CLIENT_CLOSED,     /* no socket; available */
	CLIENT_CONNECTING, /* a request waits for the connection */
	CLIENT_SENDING,    /* part of the request is written */
	CLIENT_WAITING,    /* the request is written as far as it goes, the answer is not whole */
	CLIENT_READY,      /* connected, no request; available */
	CLIENT_RESTING,    /* no socket, until rest_until_us */
	CLIENT_STATES
};

static const char *const state_names[] = {
	[CLIENT_CLOSED] = "closed",   [CLIENT_CONNECTING] = "connecting",
	[CLIENT_SENDING] = "sending", [CLIENT_WAITING] = "waiting",
	[CLIENT_READY] = "ready",     [CLIENT_RESTING] = "resting",
};
static_assert(ARRAY_LEN(state_names) == CLIENT_STATES, "a name for each state");

#define TO(state) (1u << CLIENT_##state)
static const unsigned legal_next[CLIENT_STATES] = {
	[CLIENT_CLOSED] = TO(CONNECTING) | TO(RESTING),
	[CLIENT_CONNECTING] = TO(SENDING) | TO(WAITING) | TO(CLOSED),
	[CLIENT_SENDING] = TO(WAITING) | TO(CLOSED),
	[CLIENT_WAITING] = TO(READY) | TO(CLOSED),
	[CLIENT_READY] = TO(SENDING) | TO(WAITING) | TO(CLOSED),
	[CLIENT_RESTING] = TO(CLOSED),
};

struct client {
	struct event_base *base;
	const struct target *target;
	struct client_counts *counts;
	client_done_fn done_fn;
	void *arg;

	enum client_state state;
	int fd;                   /* -1: no socket */
	struct event *read_event; /* of fd; NULL with it */
	struct event *write_event;
	struct event *failed_event; /* a connect that failed at once is told from the loop */
	bool write_wanted;          /* write_event is added */
	uint64_t n_answers;         /* on this connection */
	bool was_connected;         /* ever: the next connect is a reconnect */
	struct backoff backoff;
	uint64_t rest_until_us;

	bool in_flight;         /* a request is, from client_send to done_fn */
	bool resent;            /* it was sent a second time */
	struct iovec parts[3];  /* of the request: target's head, length, body; borrowed */
	char length[32];        /* "123\r\n\r\n" */
	size_t n_written;       /* of the request, on this connection */
	uint64_t started_us;    /* client_send */
	uint64_t first_byte_us; /* see client_result */
	struct response response;
};

static void client_connect(struct client *c);
static void on_connect_failed(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void on_readable(evutil_socket_t fd, short what, void *arg);
static void client_write(struct client *c);
static void client_read(struct client *c);
static void client_lost(struct client *c, bool orderly);
static void client_close(struct client *c, const char *reason);
static void client_finish(struct client *c, enum client_outcome outcome);

/* ---- life ---- */

struct client *client_new(struct event_base *base, const struct target *target,
			  struct client_counts *counts, client_done_fn done_fn, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->base = base;
	c->target = target;
	c->counts = counts;
	c->done_fn = done_fn;
	c->arg = arg;
	c->fd = -1;
	backoff_init(&c->backoff, REST_BASE_MS, REST_CAP_MS, 0);
	c->failed_event = event_new(base, -1, 0, on_connect_failed, c);
	if (!c->failed_event) {
		free(c);
		return NULL;
	}
	return c;
}

static void client_drop_socket(struct client *c)
{
	if (c->read_event)
		event_free(c->read_event);
	if (c->write_event)
		event_free(c->write_event);
	c->read_event = c->write_event = NULL;
	c->write_wanted = false;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	client_drop_socket(c);
	event_free(c->failed_event);
	free(c);
	return NULL;
}

/* The one place that arms the write event. The read event stays for the socket's life: it also
 * tells that the server closed an idle connection. */
static void client_arm(struct client *c)
{
	bool wanted = c->state == CLIENT_CONNECTING || c->state == CLIENT_SENDING;

	if (!c->write_event || wanted == c->write_wanted)
		return;
	c->write_wanted = wanted;
	if (wanted ? event_add(c->write_event, NULL) : event_del(c->write_event))
		log_error("client", "event not changed", "state", "%s", state_names[c->state]);
}

static void client_set_state(struct client *c, enum client_state next)
{
	if (c->state == next)
		return;
	assert(legal_next[c->state] & (1u << next));
	log_debug("client", "state", "from", "%s", state_names[c->state], "to", "%s",
		  state_names[next]);
	c->state = next;
	client_arm(c);
}

/* ---- a request ---- */

bool client_is_available(const struct client *c)
{
	return !c->in_flight && (c->state == CLIENT_CLOSED || c->state == CLIENT_READY);
}

void client_send(struct client *c, const char *body, size_t len, uint64_t now_us)
{
	int n = snprintf(c->length, sizeof(c->length), "%zu\r\n\r\n", len);

	assert(client_is_available(c));
	c->parts[0] = (struct iovec){ c->target->head.data, c->target->head.len };
	c->parts[1] = (struct iovec){ c->length, (size_t)n };
	c->parts[2] = (struct iovec){ (char *)body, len };
	c->in_flight = true;
	c->resent = false;
	c->started_us = now_us;
	c->first_byte_us = 0;
	c->n_written = 0;
	response_init(&c->response);
	if (c->state == CLIENT_READY)
		client_write(c);
	else
		client_connect(c);
}

static int client_open_socket(struct client *c)
{
	int r = net_connect(&c->target->addr, &c->fd);

	if (r)
		return r;
	c->read_event = event_new(c->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->write_event = event_new(c->base, c->fd, EV_WRITE | EV_PERSIST, on_writable, c);
	if (!c->read_event || !c->write_event)
		return -ENOMEM;
	return 0;
}

static void client_connect(struct client *c)
{
	int r = client_open_socket(c);

	c->n_answers = 0;
	c->n_written = 0;
	client_set_state(c, CLIENT_CONNECTING);
	if (r) {
		log_debug("client", "connect failed", "error", "%s", strerror(-r));
		client_drop_socket(c);
		event_active(c->failed_event, 0, 0);
	}
}

static void client_connect_failed(struct client *c)
{
	client_close(c, "connect");
	c->rest_until_us = clock_mono_us() + backoff_next_ms(&c->backoff) * US_PER_MS;
	client_set_state(c, CLIENT_RESTING);
	client_finish(c, CLIENT_CONNECT_FAILED);
}

static void on_connect_failed(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct client *c = arg;

	if (c->in_flight && c->state == CLIENT_CONNECTING && c->fd < 0)
		client_connect_failed(c);
}

static void on_writable(evutil_socket_t fd, short what UNUSED, void *arg)
{
	struct client *c = arg;
	int err = 0;
	socklen_t len = sizeof(err);

	if (c->state == CLIENT_SENDING) {
		client_write(c);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) || err ||
	    event_add(c->read_event, NULL)) {
		client_connect_failed(c);
		return;
	}
	backoff_reset(&c->backoff);
	c->counts->n_connects++;
	c->counts->n_reconnects += c->was_connected;
	c->was_connected = true;
	client_write(c);
}

/* What is not written yet. */
static int client_rest_of_request(const struct client *c, struct iovec rest[3])
{
	size_t skip = c->n_written;
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(c->parts); i++) {
		size_t from = skip < c->parts[i].iov_len ? skip : c->parts[i].iov_len;

		skip -= from;
		if (from < c->parts[i].iov_len)
			rest[n++] = (struct iovec){ (char *)c->parts[i].iov_base + from,
						    c->parts[i].iov_len - from };
	}
	return n;
}

/*
 * A write that fails is not told here: the server may have answered before it closed. The socket
 * is readable then, and client_read finds the answer or the end.
 */
static void client_write(struct client *c)
{
	struct iovec rest[3];
	struct msghdr msg = { .msg_iov = rest };
	uint64_t now_us;
	ssize_t n;

	msg.msg_iovlen = (size_t)client_rest_of_request(c, rest);
	now_us = clock_mono_us();
	n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
	if (n < 0) {
		bool again = errno == EAGAIN || errno == EINTR;

		client_set_state(c, again ? CLIENT_SENDING : CLIENT_WAITING);
		return;
	}
	if (!c->first_byte_us)
		c->first_byte_us = now_us;
	c->n_written += (size_t)n;
	client_set_state(c, client_rest_of_request(c, rest) ? CLIENT_SENDING : CLIENT_WAITING);
}

static void on_readable(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	client_read(arg);
}

static bool client_request_is_written(const struct client *c)
{
	struct iovec rest[3];

	return client_rest_of_request(c, rest) == 0;
}

/* A whole answer. What follows it, or an answer before the request's end, spoils the connection. */
static void client_answered(struct client *c, bool has_more)
{
	c->n_answers++;
	if (!client_request_is_written(c))
		client_close(c, "early_answer");
	else if (!c->response.keep_alive || has_more)
		client_close(c, has_more ? "unasked_bytes" : "server_said_close");
	else
		client_set_state(c, CLIENT_READY);
	client_finish(c, CLIENT_ANSWERED);
}

static void client_read(struct client *c)
{
	char data[READ_BYTES];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);
	size_t used;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_lost(c, n == 0);
		return;
	}
	if (!c->in_flight) {
		client_close(c, "unasked_bytes");
		return;
	}
	used = response_feed(&c->response, data, (size_t)n);
	if (c->response.state == RESPONSE_DONE) {
		client_answered(c, used < (size_t)n);
	} else if (c->response.state == RESPONSE_BAD) {
		client_close(c, "bad_answer");
		client_finish(c, CLIENT_BAD_ANSWER);
	}
}

/* The server closed (orderly) or reset the connection. */
static void client_lost(struct client *c, bool orderly)
{
	bool used = c->n_answers > 0;

	client_close(c, "server_closed");
	if (!c->in_flight)
		return;
	if (used && !c->response.any && !c->resent) {
		c->resent = true;
		c->counts->n_resent++;
		client_connect(c);
		return;
	}
	if (orderly)
		response_end(&c->response);
	client_finish(c,
		      c->response.state == RESPONSE_DONE ? CLIENT_ANSWERED : CLIENT_CLOSED_EARLY);
}

static void client_close(struct client *c, const char *reason)
{
	log_debug("client", "connection closed", "reason", "%s", reason);
	client_drop_socket(c);
	client_set_state(c, CLIENT_CLOSED);
}

static void client_finish(struct client *c, enum client_outcome outcome)
{
	bool answered = outcome == CLIENT_ANSWERED;
	struct client_result result = {
		.outcome = outcome,
		.status = answered ? c->response.status : 0,
		.retry_after_s = answered ? c->response.retry_after_s : -1,
		.first_byte_us = c->first_byte_us,
		.end_us = clock_mono_us(),
	};

	c->in_flight = false;
	c->done_fn(c->arg, &result);
}

void client_sweep(struct client *c, uint64_t now_us, uint64_t timeout_us)
{
	if (c->in_flight && now_us > c->started_us && now_us - c->started_us >= timeout_us) {
		client_close(c, "timeout");
		client_finish(c, CLIENT_TIMED_OUT);
	} else if (c->state == CLIENT_RESTING && now_us >= c->rest_until_us) {
		client_set_state(c, CLIENT_CLOSED);
	}
}

void client_abort(struct client *c)
{
	if (!c->in_flight)
		return;
	client_close(c, "aborted");
	client_finish(c, CLIENT_ABORTED);
}
