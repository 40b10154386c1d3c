#include "node/send/h2_streams.h"

#include <assert.h>

static struct h2_request *find(struct h2_streams *s, int32_t id)
{
	struct h2_request *r;

	for (r = TAILQ_FIRST(&s->requests); r; r = TAILQ_NEXT(r, link)) {
		if (r->id == id)
			return r;
	}
	return NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags UNUSED,
		     void *arg)
{
	struct h2_request *r = find(arg, frame->hd.stream_id);

	if (!r || h2_request_take_field(r, name, n_name, value, n_value))
		return 0;
	nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, r->id, NGHTTP2_ENHANCE_YOUR_CALM);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_data(nghttp2_session *session, uint8_t flags UNUSED, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct h2_request *r = find(arg, id);

	if (r && r->transfer && !answer_body_add(&r->body, r->transfer, data, len))
		nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
					  NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static void end(struct h2_streams *s, struct h2_request *r, enum h2_end how)
{
	assert(s->n_requests > 0);
	r->end = how;
	TAILQ_REMOVE(&s->requests, r, link);
	TAILQ_INSERT_TAIL(&s->ended, r, link);
	s->n_requests--;
}

static int on_close(nghttp2_session *session UNUSED, int32_t id, uint32_t error_code, void *arg)
{
	struct h2_streams *s = arg;
	struct h2_request *r = find(s, id);

	if (!r)
		return 0;
	r->error_code = error_code;
	end(s, r, error_code == NGHTTP2_REFUSED_STREAM ? H2_END_REFUSED : H2_END_WHOLE);
	return 0;
}

static int on_frame(nghttp2_session *session UNUSED, const nghttp2_frame *frame, void *arg)
{
	struct h2_streams *s = arg;

	s->is_going |= frame->hd.type == NGHTTP2_GOAWAY;
	return 0;
}

int h2_streams_init(struct h2_streams *s)
{
	static const nghttp2_settings_entry no_push = { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	nghttp2_session_callbacks *callbacks;
	int r;

	TAILQ_INIT(&s->requests);
	TAILQ_INIT(&s->ended);
	r = nghttp2_session_callbacks_new(&callbacks);
	if (r != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	r = nghttp2_session_client_new(&s->session, callbacks, s);
	nghttp2_session_callbacks_del(callbacks);
	if (r == 0)
		r = nghttp2_submit_settings(s->session, NGHTTP2_FLAG_NONE, &no_push, 1);
	return r == 0 ? 0 : -ENOMEM;
}

void h2_streams_lose(struct h2_streams *s)
{
	struct h2_request *r;

	while ((r = TAILQ_FIRST(&s->requests)))
		end(s, r, H2_END_LOST);
	assert(s->n_requests == 0);
}
