#include "node/ingest/exchange_h2.h"

#include <nghttp2/nghttp2.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/ingest/h2_budget.h"
#include "node/ingest/h2_memory.h"
#include "node/ingest/h2_stream.h"

#define MAX_STREAMS 100
#define MAX_RENDER_BYTES (256u << 10)
#define MAX_ACKS 200 /* of PING and SETTINGS, not sent yet */
#define STREAM_WINDOW (256u << 10)
#define WIDE_WINDOW (1u << 20)    /* of a connection, while memory is plentiful */
#define NARROW_WINDOW (64u << 10) /* and while it is not */
#define PLENTY_BYTES (64u << 20)  /* of the node's memory, left */
#define LINGER_US (2 * US_PER_S)  /* after the answer to a request that still comes */
#define LAST_CALL_US US_PER_S     /* requests on their way come within that time */

/* How far its end is. */
enum stage {
	OPEN,
	LAST_CALL, /* the client was told to send no more requests; those on their way are taken */
	CLOSING    /* none is taken any more; it ends with its last stream */
};

struct exchange_h2 {
	struct conn_dirty due; /* first, so that it is found again */
	struct exchange_h2 *prev, *next;
	struct h2_streams streams; /* with the connection */
	nghttp2_session *session;
	struct h2_head head; /* of the request whose header section is coming */
	struct h2_budget budget;
	struct h2_stream *delayed; /* its answer is held back: too many wrong tokens came */
	enum stage stage;
	uint64_t last_call_us;
	uint32_t window;
	bool has_settings; /* the client's first frame has come */
	bool is_in_head;   /* a header section has begun, and is not whole */
	bool at_eof;
	bool is_broken; /* there was no memory for its last word: it is closed without one */
};

static struct conn_shared *shared_of(const struct exchange_h2 *h)
{
	return h->streams.connection->shared;
}

static void mark_due(struct exchange_h2 *h)
{
	struct conn_shared *shared = shared_of(h);

	if (h->due.is_listed)
		return;
	h->due = (struct conn_dirty){ shared->due, true };
	shared->due = &h->due;
}

/* ---- what ends it ---- */

static void end(struct exchange_h2 *h, enum conn_close reason, uint32_t code)
{
	int r;

	if (h->streams.connection->close_reason == CLOSE_BY_CLIENT)
		h->streams.connection->close_reason = reason;
	r = nghttp2_session_terminate_session(h->session, code);
	h->is_broken |= r != 0;
	if (r != 0)
		log_debug("ingest", "HTTP/2 ends without GOAWAY", "error=%s", nghttp2_strerror(r));
	mark_due(h);
}

void exchange_h2_end(struct exchange_h2 *h, enum conn_close reason)
{
	end(h, reason, reason == CLOSE_IDLE ? NGHTTP2_NO_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
}

static void log_flood(const struct exchange_h2 *h, const char *frame)
{
	char peer[NET_ADDR_STRLEN];

	net_addr_format(&h->streams.connection->peer, peer);
	log_warn("ingest", "HTTP/2 client floods", "client=%s frame=%s", peer, frame);
}

/* A frame that brings no packet. */
static void pay(struct exchange_h2 *h, uint8_t type)
{
	static const char *const names[] = { "DATA",        "HEADERS",  "PRIORITY",
					     "RST_STREAM",  "SETTINGS", "PUSH_PROMISE",
					     "PING",        "GOAWAY",   "WINDOW_UPDATE",
					     "CONTINUATION" };

	if (h2_budget_take(&h->budget, shared_of(h)->now_us) ||
	    h->streams.connection->close_reason == CLOSE_FLOOD)
		return;
	log_flood(h, type < ARRAY_LEN(names) ? names[type] : "unknown");
	end(h, CLOSE_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void reset(struct exchange_h2 *h, int32_t id, uint32_t code)
{
	if (nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, id, code) != 0)
		end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

void exchange_h2_stop(struct exchange_h2 *h)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);

	if (h->stage == CLOSING)
		return;
	h->stage = CLOSING;
	if (h->streams.connection->close_reason == CLOSE_BY_CLIENT)
		h->streams.connection->close_reason = CLOSE_ANSWERED;
	if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0))
		end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	mark_due(h);
}

void exchange_h2_shut_down(struct exchange_h2 *h)
{
	uint64_t now_us = shared_of(h)->now_us;

	if (h->stage == LAST_CALL && now_us - h->last_call_us >= LAST_CALL_US)
		exchange_h2_stop(h);
	if (h->stage != OPEN)
		return;
	h->stage = LAST_CALL;
	h->last_call_us = now_us;
	if (nghttp2_submit_shutdown_notice(h->session) != 0)
		end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	mark_due(h);
}

bool exchange_h2_end_input(struct exchange_h2 *h)
{
	struct requests *connection = h->streams.connection;
	struct h2_stream *s;

	if (h->streams.lists[H2_STREAM_READING].first || h->is_in_head)
		connection->close_reason = CLOSE_ABORTED;
	while ((s = h->streams.lists[H2_STREAM_READING].first)) {
		nghttp2_session_set_stream_user_data(h->session, s->id, NULL);
		h2_stream_free(s);
	}
	h->at_eof = true;
	h->stage = CLOSING;
	return h->streams.n > 0;
}

void exchange_h2_release(struct exchange_h2 *h)
{
	struct h2_stream *s = h->delayed;

	assert(s);
	h->delayed = NULL;
	exchange_release(&s->requests);
}

/* ---- requests ---- */

static void give_up(struct exchange_h2 *h, struct h2_stream *s, uint32_t code)
{
	if (!s->is_given_up)
		reset(h, s->id, code);
	s->is_given_up = true;
	mark_due(h);
}

static struct h2_stream *find(struct exchange_h2 *h, int32_t id)
{
	return nghttp2_session_get_stream_user_data(h->session, id);
}

/* After a stream has taken something. */
static void follow(struct exchange_h2 *h, struct h2_stream *s, int result)
{
	if (result < 0) {
		give_up(h, s, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	if (!s->requests.delayed || h->delayed == s)
		return;
	h->delayed = s; /* guesses on this connection shall not follow at full speed */
	exchange_h2_stop(h);
	h->streams.connection->close_reason = CLOSE_REFUSED;
}

static bool is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct exchange_h2 *h = arg;
	struct h2_stream *s = NULL;

	h->is_in_head = true;
	if (!is_request(frame))
		return 0;
	if (h->stage != CLOSING)
		s = h2_stream_new(&h->streams, frame->hd.stream_id);
	if (!s) { /* the client may send it again, on another connection */
		reset(h, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	h2_head_begin(&h->head, shared_of(h)->config.limits.max_head_bytes);
	return nghttp2_session_set_stream_user_data(session, s->id, s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
	struct exchange_h2 *h = arg;

	(void)session;
	(void)flags;
	if (is_request(frame) && find(h, frame->hd.stream_id))
		h2_head_take(&h->head, (struct http_slice){ (const char *)name, n_name },
			     (struct http_slice){ (const char *)value, n_value });
	return 0;
}

/* A request has begun. */
static void on_head(struct exchange_h2 *h, struct h2_stream *s, bool has_body)
{
	h->streams.connection->n_begun++;
	follow(h, s, h2_stream_take_head(s, &h->head, has_body));
	h2_head_deinit(&h->head);
}

static void on_end(struct exchange_h2 *h, struct h2_stream *s)
{
	h2_budget_earn(&h->budget);
	follow(h, s, h2_stream_take_end(s));
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct exchange_h2 *h = arg;
	bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	bool has_stream = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
	struct h2_stream *s = has_stream ? find(h, frame->hd.stream_id) : NULL;

	(void)session;
	h->has_settings = true;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->is_in_head = false;
	if (!s)
		return 0;
	if (is_request(frame))
		on_head(h, s, !ends);
	if (ends)
		on_end(h, s);
	return 0;
}

/* nghttp2 has reset its stream. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
			    void *arg)
{
	struct exchange_h2 *h = arg;

	(void)session;
	(void)error;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->is_in_head = false;
	return 0;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct exchange_h2 *h = arg;

	(void)session;
	if (hd->type != NGHTTP2_HEADERS && (hd->type != NGHTTP2_DATA || hd->length == 0))
		pay(h, hd->type);
	return 0;
}

/* Bytes are taken from the window as soon as they are read: they are in their packet, or dropped. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct exchange_h2 *h = arg;
	struct h2_stream *s = find(h, id);

	(void)flags;
	if (s)
		follow(h, s, h2_stream_take_body(s, (const char *)data, len));
	return nghttp2_session_consume(session, id, len) == NGHTTP2_ERR_NOMEM
		       ? NGHTTP2_ERR_CALLBACK_FAILURE
		       : 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct exchange_h2 *h = arg;
	struct h2_stream *s = find(h, id);

	(void)session;
	(void)code;
	if (!s)
		return 0;
	if (h->delayed == s)
		h->delayed = NULL;
	h2_stream_free(s);
	return 0;
}

/* ---- answers ---- */

static ssize_t on_body_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
			      uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *s = source->ptr;
	size_t n = s->answer.len - s->n_sent;

	(void)session;
	(void)id;
	(void)arg;
	n = n < size ? n : size;
	memcpy(to, s->answer.data + s->n_sent, n);
	s->n_sent += n;
	if (s->n_sent == s->answer.len)
		*flagsp |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
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
	return nghttp2_submit_response(h->session, s->id, nvs, n,
				       s->n_sent < s->answer.len ? &body : NULL);
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
			give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	} else if (s->answer.failed) {
		give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	}
	mark_due(h);
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

/* A request that was refused before it was whole goes on coming. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct exchange_h2 *h = arg;
	bool is_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
	struct h2_stream *s;

	if (!is_answer || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	s = find(h, frame->hd.stream_id);
	if (s && nghttp2_session_get_stream_remote_close(session, s->id) == 0)
		h2_stream_linger(s);
	return 0;
}

/* ---- bytes ---- */

/* What clients may send ahead follows the memory that the node has left for it. */
static void follow_memory(struct exchange_h2 *h)
{
	const struct conn_shared *shared = shared_of(h);
	uint32_t window =
		memory_left(shared->config.memory) >= PLENTY_BYTES ? WIDE_WINDOW : NARROW_WINDOW;

	if (window == h->window)
		return;
	h->window = window;
	if (nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
						  (int32_t)window) != 0)
		end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
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
		log_flood(h, h->is_in_head ? "CONTINUATION" : "ACK");
	}
}

bool exchange_h2_feed(struct exchange_h2 *h, const char *data, size_t len)
{
	ssize_t n;

	follow_memory(h);
	n = nghttp2_session_mem_recv(h->session, (const uint8_t *)data, len);
	if (n < 0) {
		fail(h, (int)n);
		return false;
	}
	mark_due(h);
	return true;
}

static bool is_over(const struct exchange_h2 *h)
{
	if (nghttp2_session_want_write(h->session))
		return false;
	return !nghttp2_session_want_read(h->session) || (h->stage == CLOSING && h->streams.n == 0);
}

bool exchange_h2_render(struct exchange_h2 *h, struct buf *out, bool *endsp)
{
	const uint8_t *data;
	ssize_t n = 0;

	if (h->is_broken)
		return false;
	while (out->len < MAX_RENDER_BYTES && (n = nghttp2_session_mem_send(h->session, &data)) > 0)
		buf_append(out, data, (size_t)n);
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
	return s && shared_of(h)->now_us - s->since_us > limit_us;
}

bool exchange_h2_look(struct exchange_h2 *h)
{
	const struct conn_limits *limits = &shared_of(h)->config.limits;
	struct h2_stream_list *lists = h->streams.lists;
	struct h2_stream *s, *next;

	for (s = lists[H2_STREAM_READING].first; is_late(h, s, limits->body_us); s = next) {
		next = s->next;
		follow(h, s, h2_stream_refuse(s, REFUSAL_BODY_TIMEOUT, CLOSE_BODY_TIMEOUT));
	}
	for (s = lists[H2_STREAM_LINGERING].first; is_late(h, s, LINGER_US); s = s->next)
		give_up(h, s, NGHTTP2_NO_ERROR);
	return !is_late(h, lists[H2_STREAM_ANSWERING].first, limits->write_us);
}

/* ---- life ---- */

static int set_callbacks(nghttp2_session_callbacks **callbacksp)
{
	if (nghttp2_session_callbacks_new(callbacksp) != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_begin_headers_callback(*callbacksp, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(*callbacksp, on_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(*callbacksp, on_begin_frame);
	nghttp2_session_callbacks_set_on_frame_recv_callback(*callbacksp, on_frame);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(*callbacksp, on_invalid_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*callbacksp, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(*callbacksp, on_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(*callbacksp, on_sent);
	return 0;
}

static int set_options(nghttp2_option **optionp)
{
	if (nghttp2_option_new(optionp) != 0)
		return -ENOMEM;
	nghttp2_option_set_no_auto_window_update(*optionp, 1);
	nghttp2_option_set_max_outbound_ack(*optionp, MAX_ACKS);
	nghttp2_option_set_no_closed_streams(*optionp, 1);
	return 0;
}

static int start_session(struct exchange_h2 *h)
{
	const struct conn_shared *shared = shared_of(h);
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, shared->config.limits.max_head_bytes },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};
	nghttp2_mem mem = h2_memory(shared->config.memory);
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int r = set_callbacks(&callbacks);

	if (r == 0)
		r = set_options(&option);
	if (r == 0)
		r = nghttp2_session_server_new3(&h->session, callbacks, h, option, &mem);
	if (r == 0)
		r = nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
					    ARRAY_LEN(settings));
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return r;
}

struct exchange_h2 *exchange_h2_new(struct requests *connection)
{
	struct conn_shared *shared = connection->shared;
	struct exchange_h2 *h = calloc(1, sizeof(*h));

	if (!h || !memory_take(shared->config.memory, sizeof(*h))) {
		free(h);
		return NULL;
	}
	h->streams.connection = connection;
	h2_budget_init(&h->budget, shared->now_us);
	h->next = shared->h2;
	if (h->next)
		h->next->prev = h;
	shared->h2 = h;
	if (start_session(h) == 0)
		return h;
	exchange_h2_free(h);
	return NULL;
}

static void unlink_session(struct exchange_h2 *h)
{
	struct conn_shared *shared = shared_of(h);

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
	memory = shared_of(h)->config.memory;
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
