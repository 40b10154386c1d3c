/*
 *   socket -> scratch -> http_reader -> packet -> on_packet          (reading)
 *   exchange done -> queue head -> render -> socket                  (writing)
 *
 * A function that may close the connection is the last thing its caller does with it.
 */
#include "node/conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/net.h"
#include "node/ingest.h"
#include "node/node_metrics.h"

#define READS_PER_TURN 4           /* then the other connections' turn */
#define MAX_UNSENT_BYTES (64 << 10) /* of answers, before the connection is not read any more */
#define LINGER_MAX_BYTES (4 << 20)  /* thrown away after the last answer, then reset */

const char *const conn_close_names[] = {
	"by_client", "aborted",	 "reset",    "idle",	 "head_timeout", "body_timeout",
	"write_timeout", "refused", "answered", "too_many", "no_memory",    "stopped",
};
static_assert(ARRAY_LEN(conn_close_names) == CLOSE_REASONS, "every reason has a name");

static void on_event(evutil_socket_t fd, short what, void *arg);
static void conn_read(struct conn *c);

void conn_list_unlink(struct conn_list *list, struct conn *c)
{
	*(c->prev ? &c->prev->next : &list->first) = c->next;
	*(c->next ? &c->next->prev : &list->last) = c->prev;
	c->prev = c->next = NULL;
	list->n--;
}

void conn_list_push(struct conn_list *list, struct conn *c)
{
	c->prev = list->last;
	c->next = NULL;
	*(list->last ? &list->last->next : &list->first) = c;
	list->last = c;
	list->n++;
}

static bool is_legal(enum conn_state from, enum conn_state to)
{
	return from != CONN_LINGER || to == CONN_LINGER;
}

static void conn_set_state(struct conn *c, enum conn_state state)
{
	if (c->state == state)
		return;
	assert(is_legal(c->state, state));
	conn_list_unlink(&c->ingest->lists[c->state], c);
	c->state = state;
	c->since_us = c->ingest->now_us;
	conn_list_push(&c->ingest->lists[state], c);
}

/* A request that was begun is read to its end, whatever comes after it. */
static bool may_read(const struct conn *c)
{
	return c->reading || (!c->no_more && c->n_exchanges < CONN_MAX_PIPELINED);
}

/* The one place that says what the socket is waited for. */
static void conn_arm(struct conn *c)
{
	short want = 0;

	if (!c->at_eof && (c->state == CONN_LINGER || (may_read(c) && c->out.len <= MAX_UNSENT_BYTES)))
		want |= EV_READ;
	if (c->out.len)
		want |= EV_WRITE;
	if (want == c->armed)
		return;
	if (c->armed)
		event_del(&c->event);
	c->armed = want;
	if (want) {
		event_assign(&c->event, c->ingest->config.base, c->fd, want | EV_PERSIST, on_event, c);
		event_add(&c->event, NULL);
	}
}

struct conn *conn_new(struct ingest *in, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->ingest = in;
	c->fd = fd;
	c->since_us = in->now_us;
	c->expires_us = in->now_us + in->config.limits.max_age_us / 100 * rng_range(&in->rng, 90, 110);
	c->tailp = &c->first;
	http_reader_init(&c->reader, in->config.limits.max_head_bytes, in->config.limits.max_body_bytes);
	conn_list_push(&in->lists[CONN_IDLE], c);
	conn_arm(c);
	return c;
}

static void drop_packet(struct conn *c)
{
	if (!c->packet)
		return;
	ingest_release(c->ingest, c->packet->capacity);
	packet_free(c->packet);
	c->packet = NULL;
}

/* Those whose packets are still on their way are freed when the fate is known. */
static void abandon_exchanges(struct conn *c)
{
	struct exchange *x;

	while ((x = c->first)) {
		c->first = x->next;
		if (x->is_done || x == c->reading)
			free(x);
		else
			x->conn = NULL;
	}
}

void conn_close(struct conn *c, enum conn_close reason)
{
	struct ingest *in = c->ingest;

	if (c->armed)
		event_del(&c->event);
	if (c->dirty) {
		struct conn **p = &in->dirty;

		while (*p != c)
			p = &(*p)->next_dirty;
		*p = c->next_dirty;
	}
	conn_list_unlink(&in->lists[c->state], c);
	drop_packet(c);
	abandon_exchanges(c);
	close(c->fd);
	metrics_add(in->config.metrics, M_CONNECTIONS_CLOSED, reason, 1);
	atomic_fetch_sub_explicit(in->config.n_connections, 1, memory_order_relaxed);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	free(c);
}

/* An answer for the request being read, or for none (408). It waits for its turn in the queue. */
static struct exchange *add_exchange(struct conn *c)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->conn = c;
	*c->tailp = x;
	c->tailp = &x->next;
	c->n_exchanges++;
	return x;
}

static void finish_exchange(struct conn *c, struct exchange *x)
{
	x->is_done = true;
	ingest_mark_dirty(c->ingest, c);
}

/* 4xx make agents drop what they sent: each one is logged with its sender. */
static void log_refusal(struct conn *c, enum refusal refusal)
{
	const struct http_refusal_info *info = refusal_info(refusal);
	char peer[NET_ADDR_STRLEN] = "?";
	struct net_addr addr = { .len = sizeof(addr.sa) };

	metrics_add(c->ingest->config.metrics, M_REFUSED, refusal, 1);
	if (info->status >= 500 && info->status != 501)
		return;
	if (getpeername(c->fd, (struct sockaddr *)&addr.sa, &addr.len) == 0)
		net_addr_format(&addr, peer);
	log_warn("ingest", "request refused", "client", "%s", peer, "status", "%d", info->status, "reason", "%s",
		 info->name);
}

static void set_refusal(struct conn *c, struct exchange *x, enum refusal refusal)
{
	x->answer.kind = ANSWER_REFUSED;
	x->answer.refusal = refusal;
	x->answer.retry_after_s = ingest_retry_after_s(c->ingest);
	log_refusal(c, refusal);
}

/* A refusal after which nothing more is read. False: the connection is closed. */
static bool refuse_and_end(struct conn *c, enum refusal refusal)
{
	struct exchange *x = c->reading ? c->reading : add_exchange(c);

	drop_packet(c);
	c->reading = NULL;
	if (!x) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	set_refusal(c, x, refusal);
	x->ends = true;
	c->no_more = true;
	c->close_reason = CLOSE_REFUSED;
	finish_exchange(c, x);
	return true;
}

static bool memory_is_full(const struct ingest *in, size_t n_more)
{
	return in->n_held_bytes + n_more > in->config.limits.memory_max_bytes;
}

/* Room for the body of the packet announced by the header section. */
static enum refusal start_packet(struct conn *c, const struct http_head *head)
{
	struct ingest *in = c->ingest;

	if (memory_is_full(in, head->content_length))
		return REFUSAL_NO_MEMORY;
	c->packet = packet_new(head->content_length);
	if (!c->packet)
		return REFUSAL_NO_MEMORY;
	in->n_held_bytes += c->packet->capacity;
	return REFUSAL_NONE;
}

/* The header section is whole. False: the connection is closed. */
static bool on_head(struct conn *c)
{
	const struct http_head *head = &c->reader.head;
	struct ingest *in = c->ingest;
	struct exchange *x = add_exchange(c);
	enum refusal refusal = REFUSAL_NONE;

	if (!x) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	c->reading = x;
	if (ingest_api_decide(&in->config.api, head, in->now_us, &x->answer))
		refusal = start_packet(c, head);
	else
		refusal = x->answer.kind == ANSWER_REFUSED ? x->answer.refusal : REFUSAL_NONE;
	if (refusal != REFUSAL_NONE)
		set_refusal(c, x, refusal);
	if (!head->keep_alive) {
		x->ends = true;
		c->close_reason = CLOSE_ANSWERED;
	}
	/* a client that waits for a word before it sends a body gets the answer instead */
	if (!c->packet && head->expect_continue) {
		x->ends = c->no_more = true;
		c->reading = NULL;
		finish_exchange(c, x);
	} else if (c->packet && head->expect_continue && c->n_exchanges == 1) {
		buf_append(&c->out, ANSWER_CONTINUE, sizeof(ANSWER_CONTINUE) - 1);
		ingest_mark_dirty(in, c);
	}
	conn_set_state(c, CONN_BODY);
	return true;
}

/* False: the connection is closed. */
static bool on_body(struct conn *c, struct http_slice slice)
{
	struct packet *p = c->packet;
	size_t capacity;

	if (!p)
		return true; /* of a refused request */
	capacity = p->capacity;
	if (slice.data == p->body + p->len) { /* read right into its place */
		p->len += slice.len;
		return true;
	}
	if ((p->len + slice.len > capacity && memory_is_full(c->ingest, slice.len)) ||
	    packet_reserve(&c->packet, slice.len, c->reader.max_body_bytes) != 0)
		return refuse_and_end(c, REFUSAL_NO_MEMORY);
	p = c->packet;
	c->ingest->n_held_bytes += p->capacity - capacity;
	memcpy(p->body + p->len, slice.data, slice.len);
	p->len += slice.len;
	return true;
}

static enum refusal count_messages(struct ingest *in, struct packet *p)
{
	static const enum refusal refusals[JSON_VERDICTS] = {
		[JSON_OK] = REFUSAL_NONE,
		[JSON_BAD_SYNTAX] = REFUSAL_BAD_JSON,
		[JSON_NO_OBJECT] = REFUSAL_NOT_A_PACKET,
		[JSON_NO_MESSAGES] = REFUSAL_NO_MESSAGES,
		[JSON_NO_MEMORY] = REFUSAL_NO_MEMORY,
	};

	return refusals[json_count(in->json, p->body, p->len, &p->n_messages)];
}

/* The request is whole: hand the packet on, or let the answer go. */
static void on_message(struct conn *c)
{
	struct ingest *in = c->ingest;
	struct packet *p = c->packet;
	struct exchange *x = c->reading;
	enum refusal refusal;

	c->reading = NULL;
	c->packet = NULL;
	if (x->ends)
		c->no_more = true;
	http_reader_next(&c->reader);
	conn_set_state(c, CONN_WAITING);
	if (!p) {
		finish_exchange(c, x);
		return;
	}
	metrics_add(in->config.metrics, M_RECEIVED_BYTES, 0, (int64_t)p->len);
	refusal = count_messages(in, p);
	if (refusal != REFUSAL_NONE) {
		set_refusal(c, x, refusal);
		finish_exchange(c, x);
		ingest_release(in, p->capacity);
		packet_free(p);
		return;
	}
	metrics_add(in->config.metrics, M_RECEIVED_PACKETS, 0, 1);
	metrics_add(in->config.metrics, M_RECEIVED_MESSAGES, 0, p->n_messages);
	p->exchange = x;
	p->received_us = in->now_us;
	in->config.on_packet(in->config.arg, p);
}

/* Feeds bytes to the reader. Returns how many it took, or -1: the connection is closed. */
static ssize_t conn_feed(struct conn *c, const char *data, size_t len)
{
	size_t done = 0;

	while (may_read(c)) {
		size_t n = 0;
		struct http_slice slice = { 0 };

		switch (http_reader_feed(&c->reader, data + done, len - done, &n, &slice)) {
		case HTTP_NEED_MORE:
			return (ssize_t)(done + n);
		case HTTP_HEAD_DONE:
			if (!on_head(c))
				return -1;
			break;
		case HTTP_BODY_DATA:
			if (!on_body(c, slice))
				return -1;
			break;
		case HTTP_MESSAGE_DONE:
			on_message(c);
			break;
		case HTTP_REFUSED:
			if (!refuse_and_end(c, (enum refusal)c->reader.refusal))
				return -1;
			break;
		}
		done += n;
	}
	return (ssize_t)done;
}

static void update_state(struct conn *c)
{
	if (c->state == CONN_LINGER)
		return;
	if (c->out.len)
		conn_set_state(c, CONN_WRITING);
	else if (c->reading)
		conn_set_state(c, CONN_BODY);
	else if (c->in.len && !c->no_more)
		conn_set_state(c, CONN_HEAD);
	else
		conn_set_state(c, c->first ? CONN_WAITING : CONN_IDLE);
}

/* Takes bytes that were read; those of a header section that is not whole are kept. False: closed. */
static bool conn_take(struct conn *c, const char *data, size_t len)
{
	ssize_t n = conn_feed(c, data, len);

	if (n < 0)
		return false;
	if (c->no_more && !c->reading)
		n = (ssize_t)len;
	if ((size_t)n == len) {
		buf_deinit(&c->in);
	} else if (data + n != c->in.data) {
		buf_clear(&c->in);
		buf_append(&c->in, data + n, len - (size_t)n);
	}
	if (c->in.failed) {
		conn_close(c, CLOSE_NO_MEMORY);
		return false;
	}
	update_state(c);
	return true;
}

static void on_eof(struct conn *c)
{
	c->at_eof = true;
	if (c->state == CONN_LINGER) {
		conn_close(c, c->close_reason);
	} else if (c->reading || c->in.len) {
		conn_close(c, CLOSE_ABORTED);
	} else if (!c->first && !c->out.len) {
		conn_close(c, CLOSE_BY_CLIENT);
	} else { /* half-closed: it still wants its answers */
		c->no_more = true;
		c->close_reason = CLOSE_BY_CLIENT;
		conn_arm(c);
	}
}

/* A large body goes right to its place; everything else through the scratch. */
static bool reads_in_place(const struct conn *c)
{
	return c->packet && c->reader.state == HTTP_BODY && c->packet->len < c->packet->capacity &&
	       c->packet->capacity - c->packet->len >= 4096 && c->in.len == 0;
}

static ssize_t read_some(struct conn *c, char **datap)
{
	char *scratch = c->ingest->scratch;
	size_t n_kept = c->in.len;
	ssize_t n;

	if (reads_in_place(c)) {
		size_t room = c->packet->capacity - c->packet->len;

		*datap = c->packet->body + c->packet->len;
		return read(c->fd, *datap, room < c->reader.n_left ? room : (size_t)c->reader.n_left);
	}
	assert(n_kept < INGEST_SCRATCH_BYTES);
	if (n_kept)
		memcpy(scratch, c->in.data, n_kept);
	*datap = scratch;
	n = read(c->fd, scratch + n_kept, INGEST_SCRATCH_BYTES - n_kept);
	return n > 0 ? n + (ssize_t)n_kept : n;
}

static void conn_read(struct conn *c)
{
	for (int i = 0; i < READS_PER_TURN && (c->armed & EV_READ); i++) {
		char *data;
		size_t n_before = c->in.len;
		ssize_t n = read_some(c, &data);

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
		if (data == c->ingest->scratch && (size_t)n - n_before < INGEST_SCRATCH_BYTES / 2)
			return;
	}
}

static void discard(struct conn *c)
{
	ssize_t n = read(c->fd, c->ingest->scratch, INGEST_SCRATCH_BYTES);

	if (n > 0)
		c->n_discarded_bytes += (size_t)n;
	if (n == 0 || c->n_discarded_bytes > LINGER_MAX_BYTES || (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_close(c, c->close_reason);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (what & EV_WRITE)
		ingest_mark_dirty(c->ingest, c);
	if (!(what & EV_READ))
		return;
	if (c->state == CONN_LINGER)
		discard(c);
	else
		conn_read(c);
}

/* Renders what is ready at the head of the queue. True: the last of these ends the connection. */
static bool render(struct conn *c, struct buf *out)
{
	struct ingest *in = c->ingest;
	struct exchange *x;
	bool ends = false;

	while (!ends && (x = c->first) && x->is_done) {
		c->no_more |= in->draining || in->now_us >= c->expires_us;
		ends = x->ends || (c->no_more && !x->next);
		answer_write(out, &x->answer, &in->date, ends);
		c->first = x->next;
		if (!c->first)
			c->tailp = &c->first;
		c->n_exchanges--;
		free(x);
	}
	return ends;
}

/* The last answer is out. */
static void linger(struct conn *c)
{
	if (c->close_reason == CLOSE_BY_CLIENT && !c->at_eof)
		c->close_reason = CLOSE_ANSWERED;
	if (c->at_eof || shutdown(c->fd, SHUT_WR) != 0) {
		conn_close(c, c->close_reason);
		return;
	}
	c->no_more = true;
	conn_set_state(c, CONN_LINGER);
	conn_arm(c);
}

/* Bytes of pipelined requests that had to wait until there was room in the queue. */
static void feed_kept(struct conn *c)
{
	struct buf kept = c->in;

	if (!kept.len || c->no_more || c->n_exchanges >= CONN_MAX_PIPELINED / 2 ||
	    (c->armed & EV_READ))
		return;
	c->in = (struct buf){ 0 };
	if (conn_take(c, kept.data, kept.len))
		conn_arm(c);
	buf_deinit(&kept);
}

void conn_flush(struct conn *c)
{
	struct buf *out = &c->ingest->render;
	bool ends;
	ssize_t n = 0;

	buf_clear(out);
	buf_append(out, c->out.data, c->out.len);
	ends = render(c, out);
	if (out->len)
		n = write(c->fd, out->data, out->len);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		conn_close(c, CLOSE_RESET);
		return;
	}
	n = n < 0 ? 0 : n;
	buf_clear(&c->out);
	if ((size_t)n < out->len)
		buf_append(&c->out, out->data + n, out->len - (size_t)n);
	else
		buf_deinit(&c->out);
	if (out->failed || c->out.failed) {
		conn_close(c, CLOSE_NO_MEMORY);
		return;
	}
	c->no_more |= ends;
	if (!c->out.len && (ends || (c->no_more && !c->first))) {
		linger(c);
		return;
	}
	update_state(c);
	conn_arm(c);
	feed_kept(c);
}

void conn_on_timeout(struct conn *c)
{
	switch (c->state) {
	case CONN_IDLE:
		conn_close(c, CLOSE_IDLE);
		break;
	case CONN_HEAD:
	case CONN_BODY: {
		bool head = c->state == CONN_HEAD;

		buf_deinit(&c->in);
		conn_set_state(c, CONN_WAITING);
		if (!refuse_and_end(c, head ? REFUSAL_HEAD_TIMEOUT : REFUSAL_BODY_TIMEOUT))
			return;
		c->close_reason = head ? CLOSE_HEAD_TIMEOUT : CLOSE_BODY_TIMEOUT;
		conn_arm(c);
		break;
	}
	case CONN_WRITING:
		conn_close(c, CLOSE_WRITE_TIMEOUT);
		break;
	default:
		conn_close(c, c->close_reason);
	}
}
