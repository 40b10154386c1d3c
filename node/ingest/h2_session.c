#include "node/ingest/h2_session.h"

#include "common/log.h"

#define MAX_STREAMS 100
#define MAX_ACKS 200 /* of PING and SETTINGS, not sent yet */
#define STREAM_WINDOW (256u << 10)

void h2_session_mark_due(struct exchange_h2 *h)
{
	struct conn_shared *shared = h2_session_shared(h);

	if (h->due.is_listed)
		return;
	h->due = (struct conn_dirty){ shared->due, true };
	shared->due = &h->due;
}

/* ---- what ends it ---- */

void h2_session_end(struct exchange_h2 *h, enum conn_close reason, uint32_t code)
{
	int r;

	if (h->streams.connection->close_reason == CLOSE_BY_CLIENT)
		h->streams.connection->close_reason = reason;
	r = nghttp2_session_terminate_session(h->session, code);
	h->is_broken |= r != 0;
	if (r != 0)
		log_debug("ingest", "HTTP/2 ends without GOAWAY", "error=%s", nghttp2_strerror(r));
	h2_session_mark_due(h);
}

void h2_session_log_flood(const struct exchange_h2 *h, const char *frame)
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

	if (h2_budget_take(&h->budget, h2_session_shared(h)->now_us) ||
	    h->streams.connection->close_reason == CLOSE_FLOOD)
		return;
	h2_session_log_flood(h, type < ARRAY_LEN(names) ? names[type] : "unknown");
	h2_session_end(h, CLOSE_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void reset(struct exchange_h2 *h, int32_t id, uint32_t code)
{
	if (nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, id, code) != 0)
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
}

void h2_session_stop(struct exchange_h2 *h)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);

	if (h->stage == H2_CLOSING)
		return;
	h->stage = H2_CLOSING;
	if (h->streams.connection->close_reason == CLOSE_BY_CLIENT)
		h->streams.connection->close_reason = CLOSE_ANSWERED;
	if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0))
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	h2_session_mark_due(h);
}

int h2_session_answer(struct exchange_h2 *h, const struct h2_stream *s, const nghttp2_nv *nvs,
		      size_t n, const nghttp2_data_provider *body)
{
	int r;

	h->memory.is_sending = true;
	r = nghttp2_submit_response(h->session, s->id, nvs, n, body);
	h->memory.is_sending = false;
	return r;
}

/* ---- requests ---- */

void h2_session_give_up(struct exchange_h2 *h, struct h2_stream *s, uint32_t code)
{
	if (!s->is_given_up)
		reset(h, s->id, code);
	s->is_given_up = true;
	h2_session_mark_due(h);
}

static struct h2_stream *find(struct exchange_h2 *h, int32_t id)
{
	return nghttp2_session_get_stream_user_data(h->session, id);
}

void h2_session_follow(struct exchange_h2 *h, struct h2_stream *s, int result)
{
	if (result < 0) { /* its packet was not handed on, so the client may send it again */
		h2_session_give_up(h, s, NGHTTP2_REFUSED_STREAM);
		return;
	}
	if (!s->requests.delayed || h->delayed == s)
		return;
	h->delayed = s; /* guesses on this connection shall not follow at full speed */
	h2_session_stop(h);
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
	if (h->stage != H2_CLOSING)
		s = h2_stream_new(&h->streams, frame->hd.stream_id);
	if (!s) { /* the client may send it again, on another connection */
		reset(h, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	h2_head_begin(&h->head, h2_session_shared(h)->config.limits.max_head_bytes);
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
	h2_session_follow(h, s, h2_stream_take_head(s, &h->head, has_body));
	h2_head_deinit(&h->head);
}

static void on_end(struct exchange_h2 *h, struct h2_stream *s)
{
	h2_budget_earn(&h->budget);
	h2_session_follow(h, s, h2_stream_take_end(s));
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

/* nghttp2 has reset its stream: the request was malformed, or one too many. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
			    void *arg)
{
	struct exchange_h2 *h = arg;

	(void)session;
	(void)error;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	h->is_in_head = false;
	pay(h, frame->hd.type);
	return 0;
}

static bool brings_nothing(struct exchange_h2 *h, const nghttp2_frame_hd *hd)
{
	if (hd->type == NGHTTP2_DATA)
		return hd->length == 0;
	if (hd->type != NGHTTP2_HEADERS || hd->stream_id <= h->last_begun)
		return true; /* HEADERS: trailers, or of a stream that is over */
	h->last_begun = hd->stream_id;
	return false;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	(void)session;
	if (brings_nothing(arg, hd))
		pay(arg, hd->type);
	return 0;
}

/* Frames of unknown types are ignored. But for this callback, on_begin_frame would not see them. */
static int on_unknown_frame(nghttp2_session *session, void **payloadp, const nghttp2_frame_hd *hd,
			    void *arg)
{
	(void)session;
	(void)payloadp;
	(void)hd;
	(void)arg;
	return NGHTTP2_ERR_CANCEL;
}

/* Bytes are taken from the window as soon as they are read: they are in their packet, or dropped. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct exchange_h2 *h = arg;
	struct h2_stream *s = find(h, id);

	(void)flags;
	if (s)
		h2_session_follow(h, s, h2_stream_take_body(s, (const char *)data, len));
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

/* ---- the session ---- */

static int set_callbacks(nghttp2_session_callbacks **callbacksp)
{
	if (nghttp2_session_callbacks_new(callbacksp) != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_begin_headers_callback(*callbacksp, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(*callbacksp, on_header);
	nghttp2_session_callbacks_set_on_begin_frame_callback(*callbacksp, on_begin_frame);
	nghttp2_session_callbacks_set_unpack_extension_callback(*callbacksp, on_unknown_frame);
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
	for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type++)
		nghttp2_option_set_user_recv_extension_type(*optionp, (uint8_t)type);
	return 0;
}

int h2_session_start(struct exchange_h2 *h)
{
	const struct conn_shared *shared = h2_session_shared(h);
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, shared->config.limits.max_head_bytes },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};
	nghttp2_mem mem = h2_memory(&h->memory);
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
