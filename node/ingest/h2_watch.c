#include "node/ingest/h2_watch.h"

#include <assert.h>
#include <stdio.h>

/* The status is the last that is sent. */
static int send_status(nghttp2_session *session, const struct h2_stream *s)
{
	bool is_late = s->call->ends_with == GRPC_DEADLINE_EXCEEDED;
	char code[12];
	nghttp2_nv nvs[2];

	snprintf(code, sizeof(code), "%d", (int)s->call->ends_with);
	nvs[0] = h2_answer_field("grpc-status", code);
	nvs[1] = h2_answer_field("grpc-message",
				 is_late ? refusal_info(REFUSAL_DEADLINE)->detail
					 : "This connection ends. Watch again on another one.");
	return nghttp2_submit_trailer(session, s->id, nvs, ARRAY_LEN(nvs));
}

/* The next message is made when the one before it is out. */
static void renew_message(struct grpc_call *call)
{
	const size_t n = sizeof(call->told);

	assert(call->n_told <= n);
	if (call->n_told < n || call->told[n - 1] == (char)call->serving)
		return;
	grpc_health_write_serving(call->told, call->serving);
	call->n_told = 0;
}

static ssize_t on_message_wanted(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
				 uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *s = nghttp2_session_get_stream_user_data(session, id);
	struct grpc_call *call = s ? s->call : NULL;
	size_t n;

	(void)source;
	(void)arg;
	if (!call)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* its client is gone */
	renew_message(call);
	n = sizeof(call->told) - call->n_told;
	n = n < size ? n : size;
	memcpy(to, call->told + call->n_told, n);
	call->n_told += n;
	if (n > 0)
		return (ssize_t)n;
	if (call->ends_with == GRPC_OK)
		return NGHTTP2_ERR_DEFERRED;
	*flagsp |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
	return send_status(session, s) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static enum grpc_serving serving(const struct exchange_h2 *h, const struct h2_stream *s)
{
	const struct conn_shared *shared = h2_session_shared(h);

	if (s->call->serving == GRPC_SERVICE_UNKNOWN)
		return GRPC_SERVICE_UNKNOWN;
	return health_ready(shared->config.api.health, shared->now_us) == HEALTH_READY
		       ? GRPC_SERVING
		       : GRPC_NOT_SERVING;
}

static void start(struct exchange_h2 *h, struct h2_stream *s)
{
	const nghttp2_nv nvs[] = {
		h2_answer_field(":status", "200"),
		h2_answer_field("content-type", "application/grpc"),
		h2_answer_field("date", h2_session_shared(h)->date.text),
	};
	nghttp2_data_provider body = { .read_callback = on_message_wanted };
	int r;

	s->call->is_started = true;
	s->call->n_told = sizeof(s->call->told);
	s->call->serving = serving(h, s);
	h->memory.is_sending = true;
	r = nghttp2_submit_response(h->server.session, s->id, nvs, ARRAY_LEN(nvs), &body);
	h->memory.is_sending = false;
	if (r != 0)
		h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	h2_session_mark_due(h);
}

static enum grpc_code ending(const struct exchange_h2 *h, const struct h2_stream *s)
{
	if (h2_session_shared(h)->now_us >= s->call->deadline_us)
		return GRPC_DEADLINE_EXCEEDED;
	return h->server.stage == H2_OPEN ? GRPC_OK : GRPC_UNAVAILABLE;
}

static void look(struct exchange_h2 *h, struct h2_stream *s)
{
	struct grpc_call *call = s->call;
	enum grpc_serving now = serving(h, s);

	call->ends_with = ending(h, s);
	if (now == call->serving && call->ends_with == GRPC_OK)
		return;
	call->serving = now;
	if (call->ends_with != GRPC_OK)
		h2_stream_end_watch(s);
	/* a message that waits for the client's window is not deferred: it goes on by itself */
	if (nghttp2_session_resume_data(h->server.session, s->id) == NGHTTP2_ERR_NOMEM)
		h2_session_give_up(h, s, NGHTTP2_INTERNAL_ERROR);
	h2_session_mark_due(h);
}

void h2_watch_look(struct exchange_h2 *h)
{
	struct h2_stream *s, *next;

	for (s = h->streams.lists[H2_STREAM_WATCHING].first; s; s = next) {
		next = s->next;
		if (s->call->is_started)
			look(h, s);
		else
			start(h, s);
	}
}

bool h2_watch_has_client(struct exchange_h2 *h)
{
	const struct conn_limits *limits = &h2_session_shared(h)->config.limits;
	uint64_t now_us = h2_session_shared(h)->now_us;

	if (!h->streams.lists[H2_STREAM_WATCHING].first || now_us - h->heard_us <= limits->idle_us)
		return true;
	if (h->pinged_us > h->heard_us)
		return now_us - h->pinged_us <= limits->write_us;
	h->pinged_us = now_us;
	if (nghttp2_submit_ping(h->server.session, NGHTTP2_FLAG_NONE, NULL) != 0)
		h2_session_end(h, CLOSE_NO_MEMORY, NGHTTP2_INTERNAL_ERROR);
	h2_session_mark_due(h);
	return true;
}
