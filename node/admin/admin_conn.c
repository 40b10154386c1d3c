#include "node/admin/admin_conn.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/http/refusal.h"
#include "node/node_metrics.h"

#define REQUEST_US (10 * US_PER_S)  /* for a whole request, from the start of the connection */
#define PROGRESS_US (10 * US_PER_S) /* for some bytes of an answer to be taken */
#define ANSWER_US (60 * US_PER_S)   /* for a whole answer to be taken */
#define LINGER_US (2 * US_PER_S)    /* for the other side to close too */
#define MAX_DISCARDED_BYTES (4 << 20)
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

const char *const admin_close_names[] = {
	"answered", "by_client", "reset", "timeout", "no_room", "no_memory", "stopped",
};
static_assert(ARRAY_LEN(admin_close_names) == ADMIN_CLOSES, "every reason has a name");

static void on_event(evutil_socket_t fd, short what, void *arg);
static void on_job(struct admin_job *job);

static void set_state(struct admin_conn *c, enum admin_conn_state state)
{
	static const unsigned legal_next[] = {
		[ADMIN_READING] = 1 << ADMIN_WORKING | 1 << ADMIN_WRITING | 1 << ADMIN_STREAMING,
		[ADMIN_WORKING] = 1 << ADMIN_WRITING,
		[ADMIN_WRITING] = 1 << ADMIN_LINGERING,
		[ADMIN_STREAMING] = 0,
		[ADMIN_LINGERING] = 0,
	};

	assert(legal_next[c->state] & 1U << state);
	TAILQ_REMOVE(&c->all->lists[c->state], c, entry);
	c->state = state;
	c->since_us = c->all->now_us;
	TAILQ_INSERT_TAIL(&c->all->lists[state], c, entry);
}

/* The one place that says what the socket is waited for. */
static void arm(struct admin_conn *c)
{
	bool has_unsent = c->n_sent < c->rq.out.len;
	short want = 0;

	if (c->state == ADMIN_READING || c->state == ADMIN_LINGERING || c->state == ADMIN_STREAMING)
		want |= EV_READ;
	if (c->state == ADMIN_WRITING || (c->state == ADMIN_STREAMING && has_unsent))
		want |= EV_WRITE;
	if (want == c->armed)
		return;
	if (c->armed)
		event_del(&c->event);
	c->armed = want;
	if (!want)
		return;
	event_assign(&c->event, c->all->base, c->fd, want | EV_PERSIST, on_event, c);
	if (event_add(&c->event, NULL) != 0)
		log_error("admin", "cannot watch a connection", "error=%s", strerror(errno));
}

void admin_conn_close(struct admin_conn *c, enum admin_close reason)
{
	if (c->armed)
		event_del(&c->event);
	TAILQ_REMOVE(&c->all->lists[c->state], c, entry);
	c->all->n--;
	c->all->n_streams -= c->state == ADMIN_STREAMING;
	metrics_add(c->all->metrics, M_ADMIN_CLOSED, reason, 1);
	metrics_set(c->all->metrics, M_ADMIN_CONNECTIONS, 0, c->all->n);
	close(c->fd);
	admin_stream_end(&c->stream);
	admin_request_deinit(&c->rq);
	buf_deinit(&c->in);
	free(c);
}

/* ---- answers ---- */

/* Sends what it can of rq.out. False: closed. */
static bool flush(struct admin_conn *c)
{
	struct buf *out = &c->rq.out;
	ssize_t n = 0;

	if (out->failed) {
		admin_conn_close(c, ADMIN_CLOSE_NO_MEMORY);
		return false;
	}
	if (c->n_sent < out->len)
		n = send(c->fd, out->data + c->n_sent, out->len - c->n_sent, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		admin_conn_close(c, ADMIN_CLOSE_RESET);
		return false;
	}
	if (n > 0) {
		c->n_sent += (size_t)n;
		c->since_us = c->all->now_us;
		TAILQ_REMOVE(&c->all->lists[c->state], c, entry); /* its list is by time */
		TAILQ_INSERT_TAIL(&c->all->lists[c->state], c, entry);
	}
	return true;
}

/* So that no reset swallows the answer, the other side closes first. */
static void write_answer(struct admin_conn *c)
{
	if (!flush(c))
		return;
	if (c->n_sent == c->rq.out.len) {
		shutdown(c->fd, SHUT_WR);
		buf_deinit(&c->rq.out);
		c->n_sent = 0;
		set_state(c, ADMIN_LINGERING);
	}
	arm(c);
}

void admin_conn_answer(struct admin_conn *c)
{
	set_state(c, ADMIN_WRITING);
	c->began_us = c->all->now_us;
	buf_deinit(&c->in);
	write_answer(c);
}

static void refuse(struct admin_conn *c, int status, const char *code, const char *detail)
{
	struct web_answer answer = { .status = status, .retry_after_s = status == 503 };

	admin_send_problem(&c->rq, &answer, code, detail);
	admin_conn_answer(c);
}

/* ---- streams ---- */

static void begin_stream(struct admin_conn *c)
{
	struct admin_conns *all = c->all;

	if (all->n_streams >= ADMIN_STREAMS) {
		refuse(c, 503, "too_many_streams",
		       "This node serves no more streams: read /v1/overview now and then instead.");
		return;
	}
	set_state(c, ADMIN_STREAMING);
	all->n_streams++;
	c->began_us = all->now_us;
	admin_stream_begin(&c->stream, all->watch, &c->rq, all->now_us);
	if (flush(c))
		arm(c);
}

/* Whoever does not read what was sent gets nothing new, and in the end is closed. */
static void continue_stream(struct admin_conn *c)
{
	struct buf *out = &c->rq.out;

	if (c->n_sent < out->len) {
		if (c->all->now_us - c->since_us > PROGRESS_US)
			admin_conn_close(c, ADMIN_CLOSE_TIMEOUT);
		return;
	}
	buf_clear(out);
	c->n_sent = 0;
	admin_stream_continue(&c->stream, c->all->now_us, out);
	if (flush(c))
		arm(c);
}

/* ---- requests ---- */

static void on_job(struct admin_job *job)
{
	struct admin_conn *c = CONTAINER_OF(job, struct admin_conn, job);
	struct admin_conns *all = c->all;

	all->serve(all->arg, &c->rq);
	pthread_mutex_lock(&all->done_lock);
	job->next = all->done;
	all->done = job;
	pthread_mutex_unlock(&all->done_lock);
	if (eventfd_write(all->done_fd, 1) != 0)
		log_error("admin", "cannot wake the front", "error=%s", strerror(errno));
}

/* The request is whole. */
static void dispatch(struct admin_conn *c)
{
	if (c->way == WAY_STREAM) {
		begin_stream(c);
		return;
	}
	set_state(c, ADMIN_WORKING); /* the job may be done before push returns */
	arm(c);
	c->job.run = on_job;
	if (admin_pool_push(c->all->pool, &c->job, c->way == WAY_FIRST ? RANK_FIRST : RANK_OTHER) !=
	    0)
		refuse(c, 503, "busy", "Too many requests wait here. Try again.");
}

/* False: it is answered or closed, and c may be gone. */
static bool on_head(struct admin_conn *c, size_t len)
{
	if (admin_request_init(&c->rq, &c->reader.head, c->in.data, len) != 0) {
		admin_conn_close(c, ADMIN_CLOSE_NO_MEMORY);
		return false;
	}
	c->way = c->all->decide(c->all->arg, &c->rq);
	if (c->way == WAY_ANSWERED) {
		admin_conn_answer(c);
		return false;
	}
	if (c->reader.head.expect_continue && c->reader.state != HTTP_DONE)
		(void)!send(c->fd, CONTINUE, strlen(CONTINUE), MSG_NOSIGNAL);
	return true;
}

static void on_refused(struct admin_conn *c)
{
	const struct http_refusal_info *info = refusal_info((enum refusal)c->reader.refusal);

	log_warn("admin", "request refused", "client=%s status=%d reason=%s", c->rq.client,
		 info->status, info->name);
	refuse(c, info->status, info->name,
	       info->status == 413 ? "The body may have 64 KiB." : info->detail);
}

/* One event of the reader. False: there is nothing more to do; the connection may be closed. */
static bool feed_once(struct admin_conn *c)
{
	struct http_slice slice;
	size_t n;

	switch (http_reader_feed(&c->reader, c->in.data, c->in.len, &n, &slice)) {
	case HTTP_HEAD_DONE:
		if (!on_head(c, n))
			return false;
		break;
	case HTTP_BODY_DATA:
		buf_append(&c->rq.body, slice.data, slice.len);
		break;
	case HTTP_MESSAGE_DONE:
		dispatch(c);
		return false;
	case HTTP_REFUSED:
		on_refused(c);
		return false;
	default:
		buf_consume(&c->in, n);
		return false;
	}
	buf_consume(&c->in, n);
	return true;
}

static void on_bytes(struct admin_conn *c, size_t len)
{
	buf_append(&c->in, c->all->scratch, len);
	if (c->in.failed || c->rq.body.failed) {
		admin_conn_close(c, ADMIN_CLOSE_NO_MEMORY);
		return;
	}
	while (feed_once(c))
		;
}

static void on_readable(struct admin_conn *c)
{
	ssize_t n = read(c->fd, c->all->scratch, sizeof(c->all->scratch));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		admin_conn_close(c, ADMIN_CLOSE_RESET);
	} else if (n == 0) {
		admin_conn_close(c, c->state == ADMIN_LINGERING ? ADMIN_CLOSE_ANSWERED
								: ADMIN_CLOSE_BY_CLIENT);
	} else if (c->state == ADMIN_READING) {
		on_bytes(c, (size_t)n);
	} else {
		c->n_discarded += (size_t)n;
		if (c->n_discarded > MAX_DISCARDED_BYTES)
			admin_conn_close(c, ADMIN_CLOSE_ANSWERED);
	}
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct admin_conn *c = arg;

	(void)fd;
	c->all->now_us = clock_mono_us();
	if (what & EV_READ)
		on_readable(c);
	else if (c->state == ADMIN_WRITING)
		write_answer(c);
	else if (flush(c))
		arm(c);
}

/* ---- all of them ---- */

/* Its bytes are often there already: then it is never counted as one that is waited for. */
void admin_conn_open(struct admin_conns *all, int fd, const struct net_addr *from)
{
	struct admin_conn *c = calloc(1, sizeof(*c));
	char *colon;

	if (!c) {
		close(fd);
		return;
	}
	*c = (struct admin_conn){ .all = all, .fd = fd, .since_us = all->now_us };
	c->rq.from = *from;
	net_addr_format(from, c->rq.client);
	colon = strrchr(c->rq.client, ':');
	if (colon)
		*colon = '\0';
	http_reader_init(&c->reader, ADMIN_MAX_HEAD, ADMIN_MAX_BODY);
	TAILQ_INSERT_TAIL(&all->lists[ADMIN_READING], c, entry);
	metrics_set(all->metrics, M_ADMIN_CONNECTIONS, 0, ++all->n);
	arm(c);
	on_readable(c);
}

/* IPv6 by its /64: that is what one subscriber has. */
static bool is_same_address(const struct net_addr *a, const struct net_addr *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)&a->sa;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)&b->sa;
	const struct in6_addr *a6 = &((const struct sockaddr_in6 *)&a->sa)->sin6_addr;
	const struct in6_addr *b6 = &((const struct sockaddr_in6 *)&b->sa)->sin6_addr;

	if (a->sa.ss_family != b->sa.ss_family)
		return false;
	if (a->sa.ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return memcmp(a6, b6, IN6_IS_ADDR_V4MAPPED(a6) ? 16 : 8) == 0;
}

static const enum admin_conn_state evictable[] = { ADMIN_LINGERING, ADMIN_READING, ADMIN_WRITING };

bool admin_conns_evict(struct admin_conns *all, const struct net_addr *from)
{
	struct admin_conn *c, *oldest = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(evictable); i++) {
		TAILQ_FOREACH(c, &all->lists[evictable[i]], entry)
		if (!from || is_same_address(&c->rq.from, from))
			break;
		if (c && (!oldest || c->since_us < oldest->since_us))
			oldest = c;
	}
	if (!oldest)
		return false;
	log_warn("admin", "connection closed to make room", "client=%s", oldest->rq.client);
	admin_conn_close(oldest, ADMIN_CLOSE_NO_ROOM);
	return true;
}

static unsigned count(const struct admin_conns *all, const struct net_addr *from)
{
	const struct admin_conn *c;
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(evictable); i++)
		TAILQ_FOREACH(c, &all->lists[evictable[i]], entry)
	n += is_same_address(&c->rq.from, from);
	return n;
}

bool admin_conns_make_room(struct admin_conns *all, const struct net_addr *from)
{
	if (count(all, from) >= ADMIN_MAX_PER_ADDRESS)
		return admin_conns_evict(all, from);
	return all->n < ADMIN_MAX_CONNECTIONS || admin_conns_evict(all, NULL);
}

/* The first of a list is the one that has waited longest. */
static struct admin_conn *overdue(struct admin_conns *all, enum admin_conn_state state,
				  uint64_t limit_us)
{
	struct admin_conn *c = TAILQ_FIRST(&all->lists[state]);

	return c && all->now_us - c->since_us > limit_us ? c : NULL;
}

void admin_conns_tick(struct admin_conns *all)
{
	struct admin_conn *c, *next;

	all->now_us = clock_mono_us();
	while ((c = overdue(all, ADMIN_READING, REQUEST_US)))
		refuse(c, 408, "request_timeout", "The request did not arrive within 10 s.");
	while ((c = overdue(all, ADMIN_WRITING, PROGRESS_US)))
		admin_conn_close(c, ADMIN_CLOSE_TIMEOUT);
	while ((c = overdue(all, ADMIN_LINGERING, LINGER_US)))
		admin_conn_close(c, ADMIN_CLOSE_ANSWERED);
	for (c = TAILQ_FIRST(&all->lists[ADMIN_WRITING]); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (all->now_us - c->began_us > ANSWER_US)
			admin_conn_close(c, ADMIN_CLOSE_TIMEOUT);
	}
	for (c = TAILQ_FIRST(&all->lists[ADMIN_STREAMING]); c; c = next) {
		next = TAILQ_NEXT(c, entry);
		continue_stream(c);
	}
}
