#include "common/h2/h2_server.h"

#include "common/clock.h"
#include "common/log.h"

#define MAX_ACKS 200 /* of PING and SETTINGS, not sent yet */
#define STREAM_WINDOW (256u << 10)
#define UNPACKED_BYTES (64u << 10) /* of header sections: they cost as much as an empty frame */
#define LAST_CALL_US US_PER_S      /* requests on their way come within that time */

/* ---- what ends it ---- */

void h2_server_end(struct h2_server *h, uint32_t code)
{
	int r = nghttp2_session_terminate_session(h->session, code);

	h->is_broken |= r != 0;
	if (r != 0)
		log_debug("h2", "HTTP/2 ends without GOAWAY", "error=%s", nghttp2_strerror(r));
	h->ops->on_due(h);
}

static void end_for_memory(struct h2_server *h)
{
	h->ops->on_failure(h, H2_NO_MEMORY, NULL);
	h2_server_end(h, NGHTTP2_INTERNAL_ERROR);
}

/* A frame that brings no request. */
static void pay(struct h2_server *h, uint8_t type)
{
	static const char *const names[] = { "DATA",        "HEADERS",  "PRIORITY",
					     "RST_STREAM",  "SETTINGS", "PUSH_PROMISE",
					     "PING",        "GOAWAY",   "WINDOW_UPDATE",
					     "CONTINUATION" };

	if (h2_budget_take(&h->budget, *h->now_us) || h->is_flooded)
		return;
	h->is_flooded = true;
	h->ops->on_failure(h, H2_FLOOD, type < ARRAY_LEN(names) ? names[type] : "unknown");
	h2_server_end(h, NGHTTP2_ENHANCE_YOUR_CALM);
}

/* A byte of a header section may stand for kilobytes, and nghttp2 goes through all of them. */
static void pay_unpacked(struct h2_server *h, size_t n_bytes)
{
	h->n_unpacked += n_bytes;
	for (; h->n_unpacked >= UNPACKED_BYTES && !h->is_flooded; h->n_unpacked -= UNPACKED_BYTES)
		pay(h, NGHTTP2_HEADERS);
}

void h2_server_reset(struct h2_server *h, int32_t id, uint32_t code)
{
	if (nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, id, code) != 0)
		end_for_memory(h);
	h->ops->on_due(h);
}

bool h2_server_stop(struct h2_server *h)
{
	int32_t last = nghttp2_session_get_last_proc_stream_id(h->session);

	if (h->stage == H2_CLOSING)
		return false;
	h->stage = H2_CLOSING;
	if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0))
		end_for_memory(h);
	h->ops->on_due(h);
	return true;
}

bool h2_server_shut_down(struct h2_server *h)
{
	if (h->stage == H2_LAST_CALL && *h->now_us - h->last_call_us >= LAST_CALL_US)
		return h2_server_stop(h);
	if (h->stage != H2_OPEN)
		return false;
	h->stage = H2_LAST_CALL;
	h->last_call_us = *h->now_us;
	if (nghttp2_submit_shutdown_notice(h->session) != 0)
		end_for_memory(h);
	h->ops->on_due(h);
	return false;
}

/* ---- requests ---- */

static void *find(const struct h2_server *h, int32_t id)
{
	return nghttp2_session_get_stream_user_data(h->session, id);
}

/* A client may leave a header section as it is, so its buffers are charged as they grow. */
static bool charge_head(struct h2_server *h)
{
	size_t n_bytes = h2_head_bytes(&h->head);

	assert(n_bytes >= h->n_head_bytes);
	if (n_bytes > h->n_head_bytes && !h->ops->on_charge(h, n_bytes - h->n_head_bytes))
		return false;
	h->n_head_bytes = n_bytes;
	return true;
}

static void drop_head(struct h2_server *h)
{
	h2_head_deinit(&h->head);
	if (h->n_head_bytes > 0)
		h->ops->on_discharge(h, h->n_head_bytes);
	h->n_head_bytes = 0;
	h->head_id = 0;
}

/* There is no memory for its header section. The client may send it again. */
static void refuse_head(struct h2_server *h, int32_t id, void *stream)
{
	drop_head(h);
	nghttp2_session_set_stream_user_data(h->session, id, NULL);
	h->ops->on_close(h, stream);
	h2_server_reset(h, id, NGHTTP2_REFUSED_STREAM);
}

static bool is_request(const nghttp2_frame *frame)
{
	return frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST;
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_server *h = arg;
	void *stream = NULL;

	h->is_in_head = true;
	if (!is_request(frame))
		return 0;
	if (h->stage != H2_CLOSING)
		stream = h->ops->on_begin(h, frame->hd.stream_id);
	if (!stream) { /* the client may send it again, on another connection */
		h2_server_reset(h, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
		return 0;
	}
	drop_head(h);
	h->head_id = frame->hd.stream_id;
	h2_head_begin(&h->head, h->max_head_bytes);
	return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
	struct h2_server *h = arg;
	void *stream;

	(void)session;
	(void)flags;
	pay_unpacked(h, n_name + n_value);
	if (h->is_flooded) /* the rest is unpacked, and not looked at */
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	stream = is_request(frame) ? find(h, frame->hd.stream_id) : NULL;
	if (!stream)
		return 0;
	h2_head_take(&h->head, (struct http_slice){ (const char *)name, n_name },
		     (struct http_slice){ (const char *)value, n_value });
	if (!charge_head(h))
		refuse_head(h, frame->hd.stream_id, stream);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_server *h = arg;
	bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	bool has_stream = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
	void *stream = has_stream ? find(h, frame->hd.stream_id) : NULL;

	(void)session;
	h->has_settings = true;
	if (frame->hd.type == NGHTTP2_HEADERS)
		h->is_in_head = false;
	if (is_request(frame) && stream)
		h->ops->on_head(h, stream, !ends);
	if (is_request(frame))
		drop_head(h);
	if (stream && ends) {
		h2_budget_earn(&h->budget);
		h->ops->on_end(h, stream);
	}
	return 0;
}

/* nghttp2 has reset its stream: the request was malformed, or one too many. */
static int on_invalid_frame(nghttp2_session *session, const nghttp2_frame *frame, int error,
			    void *arg)
{
	struct h2_server *h = arg;

	(void)session;
	(void)error;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	h->is_in_head = false;
	drop_head(h);
	pay(h, frame->hd.type);
	return 0;
}

static bool brings_nothing(const struct h2_server *h, const nghttp2_frame_hd *hd)
{
	if (hd->type == NGHTTP2_DATA)
		return hd->length == 0;
	/* HEADERS: trailers, or of a stream that is over */
	return hd->type != NGHTTP2_HEADERS || hd->stream_id <= h->last_begun;
}

/* nghttp2 lets it pass, though it is an error of the connection. */
static bool is_misplaced(const struct h2_server *h, const nghttp2_frame_hd *hd)
{
	if (hd->type == NGHTTP2_PRIORITY)
		return hd->stream_id == 0;
	return hd->type == NGHTTP2_HEADERS && hd->stream_id > h->left_out_from &&
	       hd->stream_id < h->left_out_to;
}

static void note_begun(struct h2_server *h, int32_t id)
{
	if (id > h->last_begun + 2) {
		h->left_out_from = h->last_begun;
		h->left_out_to = id;
	}
	h->last_begun = id;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2_server *h = arg;

	(void)session;
	if (is_misplaced(h, hd))
		h2_server_end(h, NGHTTP2_PROTOCOL_ERROR);
	else if (brings_nothing(h, hd))
		pay(h, hd->type);
	else if (hd->type == NGHTTP2_HEADERS)
		note_begun(h, hd->stream_id);
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

/* Bytes are taken from the window as soon as they are read: they are in their request, or dropped. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct h2_server *h = arg;
	void *stream = find(h, id);

	(void)flags;
	if (stream)
		h->ops->on_body(h, stream, (const char *)data, len);
	return nghttp2_session_consume(session, id, len) == NGHTTP2_ERR_NOMEM
		       ? NGHTTP2_ERR_CALLBACK_FAILURE
		       : 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_server *h = arg;
	void *stream = find(h, id);

	(void)session;
	(void)code;
	if (id == h->head_id) /* the rest of it is nobody's business */
		drop_head(h);
	if (stream)
		h->ops->on_close(h, stream);
	return 0;
}

/* A request that was refused before it was whole goes on coming. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_server *h = arg;
	bool is_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
	void *stream;

	if (!is_answer || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	stream = find(h, frame->hd.stream_id);
	if (stream && nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0)
		h->ops->on_answered_early(h, stream);
	return 0;
}

/* ---- bytes ---- */

/* nghttp2 cannot go on. */
static void fail(struct h2_server *h, int error)
{
	if (error == NGHTTP2_ERR_NOMEM || error == NGHTTP2_ERR_CALLBACK_FAILURE)
		h->ops->on_failure(h, H2_NO_MEMORY, NULL);
	else if (error == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
		h->ops->on_failure(h, H2_NOT_HTTP2, NULL);
	else /* too many acknowledgements or CONTINUATION frames */
		h->ops->on_failure(h, H2_FLOOD, h->is_in_head ? "CONTINUATION" : "ACK");
}

bool h2_server_feed(struct h2_server *h, const char *data, size_t len)
{
	ssize_t n = nghttp2_session_mem_recv(h->session, (const uint8_t *)data, len);

	if (n < 0)
		fail(h, (int)n);
	return n >= 0;
}

bool h2_server_render(struct h2_server *h, struct buf *out, size_t max_bytes)
{
	const uint8_t *data;
	ssize_t n = 0;

	if (h->is_broken)
		return false;
	while (out->len < max_bytes && (n = nghttp2_session_mem_send(h->session, &data)) > 0)
		buf_append(out, data, (size_t)n);
	if (n < 0)
		fail(h, (int)n);
	return n >= 0;
}

bool h2_server_is_over(const struct h2_server *h, bool has_streams)
{
	if (nghttp2_session_want_write(h->session))
		return false;
	return !nghttp2_session_want_read(h->session) || (h->stage == H2_CLOSING && !has_streams);
}

/* ---- life ---- */

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

int h2_server_start(struct h2_server *h, nghttp2_mem *mem)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_MAX_STREAMS },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, h->max_head_bytes },
		{ NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
	};
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *option = NULL;
	int r = set_callbacks(&callbacks);

	h2_budget_init(&h->budget, *h->now_us);
	if (r == 0)
		r = set_options(&option);
	if (r == 0)
		r = nghttp2_session_server_new3(&h->session, callbacks, h, option, mem);
	if (r == 0)
		r = nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
					    ARRAY_LEN(settings));
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return r == 0 ? 0 : -ENOMEM;
}

void h2_server_deinit(struct h2_server *h)
{
	nghttp2_session_del(h->session);
	h->session = NULL;
	drop_head(h);
}
