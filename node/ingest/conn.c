/*
 *   socket -> scratch -> exchange_feed -> packet -> on_packet        (reading)
 *   exchange done -> queue head -> exchange_render -> socket         (writing)
 *
 * A function that may close the connection is the last thing its caller does with it.
 */
#include "node/ingest/conn.h"

#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/exchange.h"
#include "node/ingest/ingest.h"
#include "node/node_metrics.h"

#define READS_PER_TURN 4            /* then the other connections' turn */
#define BULKY_HEAD_BYTES 2048       /* read of a request whose body is expected to be large */
#define MAX_UNSENT_BYTES (64 << 10) /* of answers, before the connection is not read any more */
#define LINGER_MAX_BYTES (4 << 20)  /* thrown away after the last answer, then reset */

const char *const conn_close_names[] = {
	"by_client",     "aborted", "reset",    "idle",     "head_timeout", "body_timeout",
	"write_timeout", "refused", "answered", "too_many", "no_memory",    "stopped",
};
static_assert(ARRAY_LEN(conn_close_names) == CLOSE_REASONS, "every reason has a name");

static void on_event(evutil_socket_t fd, short what, void *arg);

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

void conn_set_state(struct conn *c, enum conn_state state)
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
bool conn_may_read(const struct conn *c)
{
	return c->reading || (!c->no_more && c->n_exchanges < CONN_MAX_PIPELINED);
}

/* The one place that says what the socket is waited for. */
static void conn_arm(struct conn *c)
{
	short want = 0;

	if (!c->at_eof &&
	    (c->state == CONN_LINGER || (conn_may_read(c) && c->out.len <= MAX_UNSENT_BYTES)))
		want |= EV_READ;
	if (c->out.len)
		want |= EV_WRITE;
	if (want == c->armed)
		return;
	if (c->armed)
		event_del(&c->event);
	c->armed = want;
	if (want) {
		event_assign(&c->event, c->ingest->config.base, c->fd, want | EV_PERSIST, on_event,
			     c);
		if (event_add(&c->event, NULL) != 0)
			log_error("ingest", "cannot watch a connection", "error=%s",
				  strerror(errno));
	}
}

struct conn *conn_new(struct ingest *in, int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c || !memory_take(in->config.memory, sizeof(*c))) {
		free(c);
		return NULL;
	}
	c->n_charged_bytes = sizeof(*c);
	c->ingest = in;
	c->fd = fd;
	c->since_us = in->now_us;
	c->expires_us =
		in->now_us + in->config.limits.max_age_us / 100 * rng_range(&in->rng, 90, 110);
	c->tailp = &c->first;
	http_reader_init(&c->reader, in->config.limits.max_head_bytes,
			 in->config.limits.max_body_bytes);
	conn_list_push(&in->lists[CONN_IDLE], c);
	conn_arm(c);
	return c;
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
	exchange_abandon_all(c);
	close(c->fd);
	metrics_add(in->config.metrics, M_CONNECTIONS_CLOSED, reason, 1);
	atomic_fetch_sub_explicit(in->config.n_connections, 1, memory_order_relaxed);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	memory_give(in->config.memory, c->n_charged_bytes);
	free(c);
}

/* Its buffers and exchanges have changed. False: there is no memory for them. */
static bool recharge(struct conn *c)
{
	size_t n = sizeof(*c) + c->in.capacity + c->out.capacity +
		   c->n_exchanges * sizeof(struct exchange);

	if (n > c->n_charged_bytes &&
	    !memory_take(c->ingest->config.memory, n - c->n_charged_bytes))
		return false;
	if (n < c->n_charged_bytes)
		memory_give(c->ingest->config.memory, c->n_charged_bytes - n);
	c->n_charged_bytes = n;
	return true;
}

static void update_state(struct conn *c)
{
	if (c->state == CONN_LINGER)
		return;
	if (c->out.len)
		conn_set_state(c, CONN_WRITING);
	else if (c->reading)
		conn_set_state(c, CONN_BODY);
	else if (c->in.len && !c->no_more && !c->is_held)
		conn_set_state(c, CONN_HEAD);
	else
		conn_set_state(c, c->first || c->is_held ? CONN_WAITING : CONN_IDLE);
}

/*
 * Takes bytes that were read. Kept are those of a header section that is not whole, and requests
 * for which there is no room in the queue. False: closed.
 */
static bool conn_take(struct conn *c, const char *data, size_t len)
{
	ssize_t n = exchange_feed(c, data, len);

	if (n < 0)
		return false;
	if (c->no_more && !c->reading)
		n = (ssize_t)len;
	c->is_held = (size_t)n < len && !conn_may_read(c);
	if ((size_t)n == len) {
		buf_deinit(&c->in);
	} else {
		buf_clear(&c->in);
		buf_append(&c->in, data + n, len - (size_t)n);
	}
	if (c->in.failed || !recharge(c)) {
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
		if (exchange_refuse_and_end(c, REFUSAL_INCOMPLETE, CLOSE_ABORTED))
			conn_arm(c);
	} else if (!c->first && !c->out.len) {
		conn_close(c, CLOSE_BY_CLIENT);
	} else { /* half-closed: it still wants its answers */
		c->no_more = true;
		c->close_reason = CLOSE_BY_CLIENT;
		conn_arm(c);
	}
}

/* A large body goes right to its place; everything else through the scratch. For all of a large
 * body but its beginning to go there, the first read of its request must not bring it along. */
static bool reads_in_place(const struct conn *c)
{
	return c->packet && c->reader.state == HTTP_BODY && c->packet->len < c->packet->capacity &&
	       c->packet->capacity - c->packet->len >= 4096 && c->in.len == 0;
}

static size_t scratch_room(const struct conn *c)
{
	return c->is_bulky && !c->reading && !c->in.len ? BULKY_HEAD_BYTES
							: INGEST_SCRATCH_BYTES - c->in.len;
}

/* *n_wantedp: so much was asked for. */
static ssize_t read_some(struct conn *c, char **datap, size_t *n_wantedp)
{
	char *scratch = c->ingest->scratch;
	size_t n_kept = c->in.len;
	ssize_t n;

	if (reads_in_place(c)) {
		size_t room = c->packet->capacity - c->packet->len;

		*datap = c->packet->body + c->packet->len;
		*n_wantedp = room < c->reader.n_left ? room : (size_t)c->reader.n_left;
		return read(c->fd, *datap, *n_wantedp);
	}
	assert(n_kept < INGEST_SCRATCH_BYTES);
	if (n_kept)
		memcpy(scratch, c->in.data, n_kept);
	*datap = scratch;
	*n_wantedp = scratch_room(c);
	n = read(c->fd, scratch + n_kept, *n_wantedp);
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
		if (data == c->ingest->scratch && (size_t)n - n_before < n_wanted / 2)
			return;
	}
}

static void discard(struct conn *c)
{
	ssize_t n = read(c->fd, c->ingest->scratch, INGEST_SCRATCH_BYTES);

	if (n > 0)
		c->n_discarded_bytes += (size_t)n;
	if (n == 0 || c->n_discarded_bytes > LINGER_MAX_BYTES ||
	    (n < 0 && errno != EAGAIN && errno != EINTR))
		conn_close(c, c->close_reason);
}

/* Requests that had to wait until there was room in the queue. */
static void feed_held(struct conn *c)
{
	struct buf held = c->in;

	c->in = (struct buf){ 0 };
	if (conn_take(c, held.data, held.len))
		conn_arm(c);
	buf_deinit(&held);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	c->ingest->now_us = clock_mono_us();
	if (what & EV_WRITE)
		ingest_mark_dirty(c->ingest, c);
	if (!(what & EV_READ))
		return;
	if (c->state == CONN_LINGER)
		discard(c);
	else if (c->is_held)
		feed_held(c);
	else
		conn_read(c);
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

void conn_flush(struct conn *c)
{
	struct buf *out = &c->ingest->render;
	bool ends;
	ssize_t n = 0;

	buf_clear(out);
	buf_append(out, c->out.data, c->out.len);
	ends = exchange_render(c, out);
	if (c->owes_continue && c->first == c->reading) {
		buf_append(out, ANSWER_CONTINUE, sizeof(ANSWER_CONTINUE) - 1);
		c->owes_continue = false;
	}
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
	if (out->failed || c->out.failed || !recharge(c)) {
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
	if (c->is_held && (c->armed & EV_READ)) /* at the next turn, as if they had just come */
		event_active(&c->event, EV_READ, 0);
}

static void time_out(struct conn *c, enum refusal refusal, enum conn_close reason)
{
	conn_set_state(c, CONN_WAITING);
	if (exchange_refuse_and_end(c, refusal, reason))
		conn_arm(c);
}

void conn_on_timeout(struct conn *c)
{
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
	case CONN_WRITING:
		conn_close(c, CLOSE_WRITE_TIMEOUT);
		break;
	default:
		conn_close(c, c->close_reason);
	}
}
