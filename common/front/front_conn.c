#include "common/front/front_conn.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/front/front_answer.h"
#include "common/front/front_h2.h"
#include "common/front/front_room.h"
#include "common/front/front_tls.h"
#include "common/log.h"
#include "common/net/forwarded.h"
#include "common/net/proxy_header.h"

#define ANSWER_US (60 * US_PER_S)     /* for a whole answer to be taken */
#define LINGER_US (2 * US_PER_S)      /* for the other side to close, or to send more */
#define LINGER_EXTRA_BYTES (20 << 20) /* thrown away, besides a body of the largest size */
#define READS_PER_TURN 8              /* then the other connections' turn */
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* ---- requests ---- */

static void on_job(struct front_job *job, unsigned thread)
{
	struct front_conn *c = CONTAINER_OF(job, struct front_conn, job);
	struct front_crowd *crowd = c->crowd;

	crowd->config->ops->serve(crowd->config->arg, &c->rq, thread);
	front_job_done(crowd, job);
}

static void on_job_done(struct front_job *job)
{
	front_answer(CONTAINER_OF(job, struct front_conn, job));
}

static bool may_keep(const struct front_conn *c)
{
	return c->crowd->config->idle_us > 0 && c->head.keep_alive &&
	       c->reader.state == HTTP_DONE && !atomic_load(&c->crowd->is_draining);
}

/* The request is whole. */
static void dispatch(struct front_conn *c)
{
	bool is_first = c->way == WAY_FIRST;

	if (c->way == WAY_STREAM) {
		front_stream_begin(c);
		return;
	}
	c->rq.must_close = !may_keep(c);
	front_set_state(c, FRONT_WORKING); /* the job may be done before push returns */
	front_arm(c);
	c->job.run = on_job;
	c->job.on_done = on_job_done;
	if (front_pool_push(c->crowd->pool, &c->job, is_first ? RANK_FIRST : RANK_OTHER) != 0)
		front_refuse(c, 503, "busy", "Too many requests wait here. Try again.");
}

/* False: it is answered or closed, and c may be gone. */
static bool on_head(struct front_conn *c, size_t len)
{
	const struct front_config *config = c->crowd->config;
	const struct http_head *head = &c->head;
	struct net_addr client = c->peer;

	if (front_request_init(&c->rq, head, c->in.data, len) != 0) {
		front_close(c, FRONT_CLOSE_NO_MEMORY);
		return false;
	}
	if (c->is_proxied && !c->has_proxy_header) {
		forwarded_read(config->proxies, head->forwarded_for.data, head->forwarded_for.len,
			       &client);
		front_set_client(c, &client);
		front_bound_client(c);
	}
	buf_consume(&c->in, len);
	c->rq.must_close = !may_keep(c);
	c->way = config->ops->decide(config->arg, &c->rq);
	if (c->way == WAY_ANSWERED) {
		front_answer(c);
		return false;
	}
	if (head->expect_continue && c->reader.state != HTTP_DONE)
		(void)!front_tls_write(c, CONTINUE, strlen(CONTINUE));
	return true;
}

/* Its first bytes are those of HTTP/2. */
static bool begins_h2(const struct front_conn *c)
{
	return c->reader.refusal == HTTP_SPOKE_HTTP2 && c->crowd->config->speaks_h2 &&
	       c->began_us == 0;
}

static void on_refused(struct front_conn *c)
{
	const struct front_config *config = c->crowd->config;
	const struct http_refusal_info *info = &http_refusals[c->reader.refusal];
	char detail[64];

	log_warn(config->name, "request refused", "client=%s status=%d reason=%s", c->rq.client,
		 info->status, info->name);
	if (config->ops->on_refused)
		config->ops->on_refused(config->arg, c->reader.refusal);
	snprintf(detail, sizeof(detail), "The body may have %llu KiB.",
		 (unsigned long long)config->max_body_bytes >> 10);
	front_refuse(c, info->status, info->name, info->status == 413 ? detail : info->detail);
}

/* False: it is answered or closed. */
static bool on_body(struct front_conn *c, const struct http_slice *slice)
{
	buf_append(&c->rq.body, slice->data, slice->len);
	if (c->rq.body.failed) {
		front_close(c, FRONT_CLOSE_NO_MEMORY);
		return false;
	}
	front_hold(c, c->rq.body.len);
	if (front_make_room_for_body(c))
		return true;
	front_refuse(c, 503, "no_memory", "There is no room for this body now. Try again.");
	return false;
}

/* One event of the reader. False: there is nothing more to do; the connection may be closed. */
static bool feed_once(struct front_conn *c, bool *mayp)
{
	struct http_slice slice;
	enum http_event event;
	size_t n;

	*mayp = false;
	event = http_reader_feed(&c->reader, c->in.data + c->n_taken, c->in.len - c->n_taken, &n,
				 &slice);
	if (event == HTTP_BODY_DATA) {
		c->n_taken += n; /* of tiny chunks there are many: what is left is moved once */
		return on_body(c, &slice);
	}
	buf_consume(&c->in, c->n_taken);
	c->n_taken = 0;
	switch (event) {
	case HTTP_HEAD_DONE:
		return on_head(c, n);
	case HTTP_MESSAGE_DONE:
		buf_consume(&c->in, n); /* what ends a chunked body */
		dispatch(c);
		return false;
	case HTTP_REFUSED:
		if (begins_h2(c))
			*mayp = front_h2_begin(c);
		else
			on_refused(c);
		return false;
	default:
		buf_consume(&c->in, n);
		*mayp = true;
		return false;
	}
}

/* What a trusted proxy sends before its first request. False: it is answered, or more is needed. */
static bool take_proxy_header(struct front_conn *c)
{
	size_t len = 0;
	enum proxy_header result;

	c->client = c->peer;
	result = proxy_header_read(c->in.data, c->in.len, &len, &c->client);
	if (result == PROXY_HEADER_PARTIAL)
		return false;
	c->awaits_proxy_header = false;
	if (result == PROXY_HEADER_BAD) {
		c->reader.refusal = HTTP_BAD_REQUEST_LINE;
		on_refused(c);
		return false;
	}
	if (result == PROXY_HEADER_NONE)
		return true;
	buf_consume(&c->in, len);
	c->has_proxy_header = true;
	front_set_client(c, &c->client);
	front_bound_client(c);
	return true;
}

/* True: more bytes may be read, and c is still there. */
static bool on_bytes(struct front_conn *c)
{
	bool may_read;

	if (c->in.failed) {
		front_close(c, FRONT_CLOSE_NO_MEMORY);
		return false;
	}
	if (c->awaits_proxy_header && !take_proxy_header(c))
		return false;
	while (feed_once(c, &may_read))
		;
	return may_read;
}

static bool discard(struct front_conn *c, size_t n)
{
	c->n_discarded += n;
	if (c->n_discarded > c->crowd->config->max_body_bytes + LINGER_EXTRA_BYTES) {
		front_close(c, FRONT_CLOSE_ANSWERED);
		return false;
	}
	if (c->state == FRONT_LINGERING)
		front_touch(c);
	return true;
}

/* True: there may be more to read. */
static bool read_once(struct front_conn *c)
{
	ssize_t n = front_tls_read(c, c->crowd->scratch, sizeof(c->crowd->scratch));
	bool has_more = n == sizeof(c->crowd->scratch) || (n > 0 && front_tls_has_more(c));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		front_close(c, n < 0                         ? FRONT_CLOSE_RESET
			       : c->state == FRONT_LINGERING ? FRONT_CLOSE_ANSWERED
							     : FRONT_CLOSE_BY_CLIENT);
		return false;
	}
	c->has_spoken = true;
	if (c->state == FRONT_IDLE)
		front_set_state(c, FRONT_READING);
	if (c->state == FRONT_H2)
		return front_h2_take(c, c->crowd->scratch, (size_t)n) && has_more;
	if (c->state != FRONT_READING)
		return discard(c, (size_t)n) && has_more;
	buf_append(&c->in, c->crowd->scratch, (size_t)n);
	return on_bytes(c) && has_more;
}

static void refuse_plain(struct front_conn *c)
{
	log_warn(c->crowd->config->name, "request refused", "client=%s status=400 reason=%s",
		 c->rq.client, "spoke_plain");
	front_refuse(c, 400, "spoke_plain",
		     "Plain HTTP was spoken to this port, which speaks TLS: use an https:// URL.");
}

/* False: there is nothing to read yet, or c may be gone. */
static bool greet(struct front_conn *c)
{
	switch (front_tls_greet(c)) {
	case FRONT_TLS_DONE:
		return true;
	case FRONT_TLS_PLAIN:
		refuse_plain(c);
		return false;
	case FRONT_TLS_FAILED:
		front_close(c, FRONT_CLOSE_RESET);
		return false;
	default:
		front_arm(c);
		return false;
	}
}

static void on_readable(struct front_conn *c)
{
	if (c->is_greeting && !greet(c))
		return;
	for (int i = 0; i < READS_PER_TURN; i++)
		if (!read_once(c))
			return;
	front_recall(c);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct front_conn *c = arg;

	(void)fd;
	c->crowd->now_us = clock_mono_us();
	if (c->armed & EV_READ && front_tls_wants_write(c))
		what |= EV_READ; /* what was to be read waited for that */
	if (what & EV_READ && c->state == FRONT_IDLE && c->in.len > 0) {
		front_set_state(c, FRONT_READING);
		if (on_bytes(c))
			front_recall(c);
	} else if (what & EV_READ)
		on_readable(c);
	else if (c->state == FRONT_WRITING)
		front_write(c);
	else if (c->state == FRONT_H2)
		front_h2_flush(c);
	else if (front_flush(c))
		front_arm(c);
}

/* Its bytes are often there already: then it is never counted as one that is waited for. */
void front_conn_open(struct front_crowd *crowd, int fd, const struct net_addr *peer, bool is_tls)
{
	struct front_conn *c;

	crowd->on_event = on_event;
	c = front_open(crowd, fd, peer);
	if (c) {
		c->is_greeting = is_tls;
		on_readable(c);
	}
}

/* ---- deadlines ---- */

/* The first of a list is the one that has waited longest. */
static struct front_conn *overdue(struct front_crowd *crowd, enum front_state state,
				  uint64_t limit_us)
{
	struct front_conn *c = TAILQ_FIRST(&crowd->lists[state]);

	return c && crowd->now_us - c->since_us > limit_us ? c : NULL;
}

static void end_slow_answer(struct front_conn *c)
{
	if (c->crowd->now_us - c->began_us > ANSWER_US)
		front_close(c, FRONT_CLOSE_TIMEOUT);
}

/* Browsers connect before they need it. An answer to nothing could be taken for that to the request that comes
 * at this moment; where the connection ends instead, they send it again. */
static void end_slow(struct front_conn *c, const char *detail)
{
	if (c->has_spoken || c->is_greeting)
		log_warn(c->crowd->config->name, "a request came too slowly", "client=%s",
			 c->rq.client);
	if (c->has_spoken)
		front_refuse(c, 408, "request_timeout", detail);
	else
		front_close(c, FRONT_CLOSE_TIMEOUT);
}

static void end_all_slow(struct front_crowd *crowd)
{
	uint64_t limit_us = crowd->config->request_us;
	struct front_conn *c;
	char detail[64];

	snprintf(detail, sizeof(detail), "The request did not arrive within %llu s.",
		 (unsigned long long)(limit_us / US_PER_S));
	while ((c = overdue(crowd, FRONT_READING, limit_us)))
		end_slow(c, detail);
}

void front_conn_tick(struct front_crowd *crowd)
{
	struct front_conn *c;

	crowd->now_us = clock_mono_us();
	end_all_slow(crowd);
	while ((c = overdue(crowd, FRONT_WRITING, FRONT_PROGRESS_US)))
		front_close(c, FRONT_CLOSE_TIMEOUT);
	while ((c = overdue(crowd, FRONT_LINGERING, LINGER_US)))
		front_close(c, FRONT_CLOSE_ANSWERED);
	while ((c = overdue(crowd, FRONT_IDLE, crowd->config->idle_us)))
		front_close(c, FRONT_CLOSE_TIMEOUT);
	front_for_each(crowd, FRONT_WRITING, end_slow_answer);
	front_for_each(crowd, FRONT_LINGERING, end_slow_answer);
	front_for_each(crowd, FRONT_STREAMING, front_stream_continue);
	front_for_each(crowd, FRONT_H2, front_h2_tick);
}
