#include "node/ingest/exchange_h2.h"

#include <assert.h>

#include "common/clock.h"
#include "node/ingest/h2_session.h"
#include "node/ingest/h2_watch.h"

#define MAX_RENDER_BYTES (256u << 10)
#define WIDE_WINDOW (1u << 20)    /* of a connection, while memory is plentiful */
#define NARROW_WINDOW (64u << 10) /* and while it is not */
#define PLENTY_BYTES (64u << 20)  /* of the node's memory, left */
#define LINGER_US (2 * US_PER_S)  /* after the answer to a request that still comes */

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
	if (h2_server_shut_down(&h->server))
		h2_session_give_reason(h, CLOSE_ANSWERED);
}

bool exchange_h2_end_input(struct exchange_h2 *h)
{
	struct requests *connection = h->streams.connection;
	struct h2_stream *s;

	if (h->streams.lists[H2_STREAM_READING].first || h->server.is_in_head)
		connection->close_reason = CLOSE_ABORTED;
	while ((s = h->streams.lists[H2_STREAM_READING].first) ||
	       (s = h->streams.lists[H2_STREAM_WATCHING].first)) {
		nghttp2_session_set_stream_user_data(h->server.session, s->id, NULL);
		h2_stream_free(s);
	}
	h->at_eof = true;
	h->server.stage = H2_CLOSING;
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

/* nghttp2 may use more memory than there is for what it sends. */
static int submit(struct exchange_h2 *h, struct h2_stream *s)
{
	bool is_interim = s->state != H2_STREAM_ANSWERING; /* 100 Continue */
	int r;

	h->memory.is_sending = true;
	r = h2_answer_submit(h->server.session, s->id, &s->answer, is_interim);
	h->memory.is_sending = false;
	return r;
}

void exchange_h2_answer(struct requests *stream)
{
	struct h2_stream *s = h2_stream_of(stream);
	struct exchange_h2 *h =
		(struct exchange_h2 *)((char *)s->all - offsetof(struct exchange_h2, streams));

	if (h2_stream_answer(s)) {
		if (submit(h, s) != 0)
			h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	} else if (s->answer.text.failed) {
		h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	}
	h2_session_mark_due(h);
}

struct requests *exchange_h2_pop_due(struct conn_shared *shared)
{
	struct exchange_h2 *h = (struct exchange_h2 *)shared->due; /* its first member */

	static_assert(offsetof(struct exchange_h2, due) == 0, "it is found by its place");
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
	if (nghttp2_session_set_local_window_size(h->server.session, NGHTTP2_FLAG_NONE, 0,
						  (int32_t)window) != 0)
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

bool exchange_h2_feed(struct exchange_h2 *h, const char *data, size_t len)
{
	h->heard_us = h2_session_shared(h)->now_us;
	follow_memory(h);
	if (!h2_server_feed(&h->server, data, len))
		return false;
	h2_watch_look(h);
	h2_session_mark_due(h);
	return true;
}

bool exchange_h2_render(struct exchange_h2 *h, struct buf *out, bool *endsp)
{
	bool is_sound;

	h->memory.is_sending = true;
	is_sound = h2_server_render(&h->server, out, MAX_RENDER_BYTES);
	h->memory.is_sending = false;
	*endsp = h2_server_is_over(&h->server, h->streams.n > 0);
	if (*endsp && !h->at_eof)
		h2_session_give_reason(h, CLOSE_REFUSED); /* by nghttp2 */
	return is_sound;
}

bool exchange_h2_wants_write(const struct exchange_h2 *h)
{
	return !h->due.is_listed && nghttp2_session_want_write(h->server.session);
}

/* ---- time ---- */

enum conn_state exchange_h2_state(const struct exchange_h2 *h)
{
	if (h->delayed)
		return CONN_DELAYED;
	if (h->server.is_in_head || !h->server.has_settings)
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
	h2_server_deinit(&h->server);
	for (enum h2_stream_state state = 0; state < H2_STREAM_STATES; state++)
		while (h->streams.lists[state].first)
			h2_stream_free(h->streams.lists[state].first);
	assert(h->streams.n == 0);
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
