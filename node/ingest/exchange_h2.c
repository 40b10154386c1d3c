#include "node/ingest/exchange_h2.h"

#include "common/clock.h"
#include "node/ingest/h2_session.h"
#include "node/ingest/h2_watch.h"

#define MAX_RENDER_BYTES (256u << 10)
#define WIDE_WINDOW (1u << 20)    /* of a connection, while memory is plentiful */
#define NARROW_WINDOW (64u << 10) /* and while it is not */
#define PLENTY_BYTES (64u << 20)  /* of the node's memory, left */
#define LINGER_US (2 * US_PER_S)  /* after the answer to a request that still comes */
#define LAST_CALL_US US_PER_S     /* requests on their way come within that time */

/* ---- what ends it ---- */

void exchange_h2_end(struct exchange_h2 *h, enum conn_close reason)
{
	h2_session_end(h, reason,
		       reason == CLOSE_IDLE ? NGHTTP2_NO_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
}

void exchange_h2_stop(struct exchange_h2 *h)
{
	h2_session_stop(h);
}

void exchange_h2_shut_down(struct exchange_h2 *h)
{
	uint64_t now_us = h2_session_shared(h)->now_us;

	if (h->stage == H2_LAST_CALL && now_us - h->last_call_us >= LAST_CALL_US)
		h2_session_stop(h);
	if (h->stage != H2_OPEN)
		return;
	h->stage = H2_LAST_CALL;
	h->last_call_us = now_us;
	if (nghttp2_submit_shutdown_notice(h->session) != 0)
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	h2_session_mark_due(h);
}

bool exchange_h2_end_input(struct exchange_h2 *h)
{
	struct requests *connection = h->streams.connection;
	struct h2_stream *s;

	if (h->streams.lists[H2_STREAM_READING].first || h->is_in_head)
		connection->close_reason = CLOSE_ABORTED;
	while ((s = h->streams.lists[H2_STREAM_READING].first) ||
	       (s = h->streams.lists[H2_STREAM_WATCHING].first)) {
		nghttp2_session_set_stream_user_data(h->session, s->id, NULL);
		h2_stream_free(s);
	}
	h->at_eof = true;
	h->stage = H2_CLOSING;
	return h->streams.n > 0;
}

void exchange_h2_release(struct exchange_h2 *h)
{
	struct h2_stream *s = h->delayed;

	assert(s);
	h->delayed = NULL;
	exchange_release(&s->requests);
}

/* ---- answers ---- */

/* What is behind the message that answers a call. */
static int submit_status(nghttp2_session *session, int32_t id)
{
	const nghttp2_nv nv = h2_session_field("grpc-status", "0");

	return nghttp2_submit_trailer(session, id, &nv, 1);
}

static ssize_t on_body_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
			      uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *s = source->ptr;
	size_t n = s->answer.len - s->n_sent;

	(void)arg;
	n = n < size ? n : size;
	memcpy(to, s->answer.data + s->n_sent, n);
	s->n_sent += n;
	if (s->n_sent < s->answer.len)
		return (ssize_t)n;
	*flagsp |= NGHTTP2_DATA_FLAG_EOF;
	if (!s->call)
		return (ssize_t)n;
	*flagsp |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return submit_status(session, id) == 0 ? (ssize_t)n : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int submit(struct exchange_h2 *h, struct h2_stream *s, const struct h2_field *fields,
		  size_t n)
{
	nghttp2_data_provider body = { .source.ptr = s, .read_callback = on_body_wanted };
	nghttp2_nv nvs[H2_FIELDS_MAX];

	for (size_t i = 0; i < n; i++)
		nvs[i] = (nghttp2_nv){ .name = (uint8_t *)fields[i].name.data,
				       .namelen = fields[i].name.len,
				       .value = (uint8_t *)fields[i].value.data,
				       .valuelen = fields[i].value.len };
	if (s->state != H2_STREAM_ANSWERING) /* 100 Continue */
		return nghttp2_submit_headers(h->session, NGHTTP2_FLAG_NONE, s->id, NULL, nvs, n,
					      NULL);
	return h2_session_answer(h, s, nvs, n, s->n_sent < s->answer.len ? &body : NULL);
}

void exchange_h2_answer(struct requests *stream)
{
	struct h2_stream *s = h2_stream_of(stream);
	struct exchange_h2 *h =
		(struct exchange_h2 *)((char *)s->all - offsetof(struct exchange_h2, streams));
	struct h2_field fields[H2_FIELDS_MAX];
	size_t n;

	if (h2_stream_answer(s, fields, &n)) {
		if (submit(h, s, fields, n) != 0)
			h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	} else if (s->answer.failed) {
		h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	}
	h2_session_mark_due(h);
}

struct requests *exchange_h2_pop_due(struct conn_shared *shared)
{
	struct exchange_h2 *h = (struct exchange_h2 *)shared->due; /* its first member */

	if (!h)
		return NULL;
	shared->due = h->due.next;
	h->due.is_listed = false;
	return h->streams.connection;
}

/* ---- bytes ---- */

/* What clients may send ahead follows the memory that the node has left for it. */
static void follow_memory(struct exchange_h2 *h)
{
	const struct conn_shared *shared = h2_session_shared(h);
	uint32_t window =
		memory_left(shared->config.memory) >= PLENTY_BYTES ? WIDE_WINDOW : NARROW_WINDOW;

	if (window == h->window)
		return;
	h->window = window;
	if (nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
						  (int32_t)window) != 0)
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

/* nghttp2 cannot go on. */
static void fail(struct exchange_h2 *h, int error)
{
	enum conn_close *reasonp = &h->streams.connection->close_reason;

	if (error == NGHTTP2_ERR_NOMEM || error == NGHTTP2_ERR_CALLBACK_FAILURE) {
		*reasonp = CLOSE_NO_MEMORY;
	} else if (error == NGHTTP2_ERR_BAD_CLIENT_MAGIC) {
		*reasonp = CLOSE_REFUSED;
	} else { /* too many acknowledgements or CONTINUATION frames */
		*reasonp = CLOSE_FLOOD;
		h2_session_log_flood(h, h->is_in_head ? "CONTINUATION" : "ACK");
	}
}

bool exchange_h2_feed(struct exchange_h2 *h, const char *data, size_t len)
{
	ssize_t n;

	h->heard_us = h2_session_shared(h)->now_us;
	follow_memory(h);
	n = nghttp2_session_mem_recv(h->session, (const uint8_t *)data, len);
	if (n < 0) {
		fail(h, (int)n);
		return false;
	}
	h2_watch_look(h);
	h2_session_mark_due(h);
	return true;
}

static bool is_over(const struct exchange_h2 *h)
{
	if (nghttp2_session_want_write(h->session))
		return false;
	return !nghttp2_session_want_read(h->session) ||
	       (h->stage == H2_CLOSING && h->streams.n == 0);
}

bool exchange_h2_render(struct exchange_h2 *h, struct buf *out, bool *endsp)
{
	const uint8_t *data;
	ssize_t n = 0;

	if (h->is_broken)
		return false;
	h->memory.is_sending = true;
	while (out->len < MAX_RENDER_BYTES && (n = nghttp2_session_mem_send(h->session, &data)) > 0)
		buf_append(out, data, (size_t)n);
	h->memory.is_sending = false;
	if (n < 0)
		fail(h, (int)n);
	*endsp = is_over(h);
	if (*endsp && h->streams.connection->close_reason == CLOSE_BY_CLIENT && !h->at_eof)
		h->streams.connection->close_reason = CLOSE_REFUSED; /* by nghttp2 */
	return n >= 0;
}

bool exchange_h2_wants_write(const struct exchange_h2 *h)
{
	return !h->due.is_listed && nghttp2_session_want_write(h->session);
}

/* ---- time ---- */

enum conn_state exchange_h2_state(const struct exchange_h2 *h)
{
	if (h->delayed)
		return CONN_DELAYED;
	if (h->is_in_head || !h->has_settings)
		return CONN_HEAD;
	return h->streams.n > 0 ? CONN_WAITING : CONN_IDLE;
}

static bool is_late(const struct exchange_h2 *h, const struct h2_stream *s, uint64_t limit_us)
{
	return s && h2_session_shared(h)->now_us - s->since_us > limit_us;
}

static void take_earliest(uint64_t *deadlinep, const struct h2_stream_list *list)
{
	for (const struct h2_stream *s = list->first; s; s = s->next)
		if (s->call && s->call->deadline_us < *deadlinep)
			*deadlinep = s->call->deadline_us;
}

static void expire(struct exchange_h2 *h, struct h2_stream *s)
{
	if (h2_stream_expire(s) != 0)
		h2_session_give_up(h, s, NGHTTP2_CANCEL);
}

/* Ends the calls whose deadline has passed. */
static void look_at_deadlines(struct exchange_h2 *h)
{
	uint64_t now_us = h2_session_shared(h)->now_us;
	struct h2_stream_list *lists = h->streams.lists;
	struct h2_stream *s, *next;

	if (now_us < h->streams.next_deadline_us)
		return;
	for (enum h2_stream_state state = H2_STREAM_READING; state <= H2_STREAM_WAITING; state++)
		for (s = lists[state].first; s; s = next) {
			next = s->next;
			if (s->call && s->call->deadline_us <= now_us)
				expire(h, s);
		}
	h->streams.next_deadline_us = UINT64_MAX;
	take_earliest(&h->streams.next_deadline_us, &lists[H2_STREAM_READING]);
	take_earliest(&h->streams.next_deadline_us, &lists[H2_STREAM_WAITING]);
}

bool exchange_h2_look(struct exchange_h2 *h)
{
	const struct conn_limits *limits = &h2_session_shared(h)->config.limits;
	struct h2_stream_list *lists = h->streams.lists;
	struct h2_stream *s, *next;

	for (s = lists[H2_STREAM_READING].first; is_late(h, s, limits->body_us); s = next) {
		next = s->next;
		h2_session_follow(h, s,
				  h2_stream_refuse(s, REFUSAL_BODY_TIMEOUT, CLOSE_BODY_TIMEOUT));
	}
	for (s = lists[H2_STREAM_LINGERING].first; is_late(h, s, LINGER_US); s = s->next)
		h2_session_give_up(h, s, NGHTTP2_NO_ERROR);
	look_at_deadlines(h);
	h2_watch_look(h);
	return h2_watch_has_client(h) &&
	       !is_late(h, lists[H2_STREAM_ANSWERING].first, limits->write_us);
}

/* ---- life ---- */

struct exchange_h2 *exchange_h2_new(struct requests *connection)
{
	struct conn_shared *shared = connection->shared;
	struct exchange_h2 *h = calloc(1, sizeof(*h));

	if (!h || !memory_take(shared->config.memory, sizeof(*h))) {
		free(h);
		return NULL;
	}
	h->memory.memory = shared->config.memory;
	h->streams.connection = connection;
	h->streams.next_deadline_us = UINT64_MAX;
	h2_budget_init(&h->budget, shared->now_us);
	h->next = shared->h2;
	if (h->next)
		h->next->prev = h;
	shared->h2 = h;
	if (h2_session_start(h) == 0)
		return h;
	exchange_h2_free(h);
	return NULL;
}

static void unlink_session(struct exchange_h2 *h)
{
	struct conn_shared *shared = h2_session_shared(h);

	*(h->prev ? &h->prev->next : &shared->h2) = h->next;
	if (h->next)
		h->next->prev = h->prev;
	if (h->due.is_listed) {
		struct conn_dirty **p = &shared->due;

		while (*p != &h->due)
			p = &(*p)->next;
		*p = h->due.next;
	}
}

void exchange_h2_free(struct exchange_h2 *h)
{
	struct memory *memory;

	if (!h)
		return;
	memory = h2_session_shared(h)->config.memory;
	nghttp2_session_del(h->session);
	for (enum h2_stream_state state = 0; state < H2_STREAM_STATES; state++)
		while (h->streams.lists[state].first)
			h2_stream_free(h->streams.lists[state].first);
	h2_head_deinit(&h->head);
	unlink_session(h);
	memory_give(memory, sizeof(*h));
	free(h);
}

struct requests *exchange_h2_connection(const struct exchange_h2 *h)
{
	return h->streams.connection;
}

struct exchange_h2 *exchange_h2_next(const struct exchange_h2 *h)
{
	return h->next;
}
