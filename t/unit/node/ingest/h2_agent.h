#ifndef WEIR_T_UNIT_NODE_INGEST_H2_AGENT_H
#define WEIR_T_UNIT_NODE_INGEST_H2_AGENT_H
/* A client of HTTP/2, by nghttp2, of a connection without a socket: it notes what it hears. */
#include "t/unit/node/ingest/agent_bench.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "node/ingest/exchange_h2.h"

struct agent {
	struct agent_bench *b;
	struct requests connection;
	struct exchange_h2 *h;
	nghttp2_session *session;
	char heard[4096]; /* "1:202 goaway:0 ..." */
	bool is_over;
	size_t n_data_bytes;
	uint8_t last_byte; /* of data */
	bool hears_data;   /* "1:data/LAST BYTE " */
};

/* The bytes of a body, in frames, as much as was said. */
struct body {
	const char *bytes;
	bool is_last;
	size_t len; /* 0: up to its NUL */
};

static void note(struct agent *a, const char *fmt, int id, unsigned n)
{
	size_t len = strlen(a->heard);

	snprintf(a->heard + len, sizeof(a->heard) - len, fmt, id, n);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
	(void)session;
	(void)flags;
	(void)n_value;
	if (n_name == 7 && memcmp(name, ":status", 7) == 0)
		note(arg, "%d:%u ", frame->hd.stream_id, (unsigned)atoi((const char *)value));
	if (n_name == 11 && memcmp(name, "grpc-status", 11) == 0)
		note(arg, "%d:grpc/%u ", frame->hd.stream_id, (unsigned)atoi((const char *)value));
	return 0;
}

/* The last byte of a message: that of the health says how it is. */
static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct agent *a = arg;

	(void)session;
	(void)flags;
	a->n_data_bytes += len;
	a->last_byte = data[len - 1];
	if (a->hears_data)
		note(a, "%d:data/%u ", id, data[len - 1]);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		note(arg, "goaway:%d/%u ", frame->goaway.last_stream_id, frame->goaway.error_code);
	if (frame->hd.type == NGHTTP2_PING)
		note(arg, "%d:ping/%u ", frame->hd.stream_id, frame->hd.flags);
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		note(arg, "%d:reset/%u ", frame->hd.stream_id, frame->rst_stream.error_code);
	return 0;
}

static void connect_agent(struct agent *a, struct agent_bench *b)
{
	nghttp2_session_callbacks *callbacks;
	struct net_addr peer;

	*a = (struct agent){ .b = b };
	assert_int_equal(net_addr_numeric(&peer, "192.0.2.7", 4711), 0);
	exchange_init(&a->connection, &b->shared, &peer);
	a->h = exchange_h2_new(&a->connection);
	assert_non_null(a->h);
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	assert_int_equal(nghttp2_session_client_new(&a->session, callbacks, a), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(a->session, NGHTTP2_FLAG_NONE, NULL, 0), 0);
}

static void hang_up(struct agent *a)
{
	nghttp2_session_del(a->session);
	exchange_h2_free(a->h);
	exchange_abandon_all(&a->connection);
}

/* All that the client has to say, in pieces of n_piece bytes. */
static void speak_in_pieces(struct agent *a, size_t n_piece)
{
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(a->session, &data)) > 0)
		for (ssize_t at = 0; at < n; at += (ssize_t)n_piece)
			assert_true(exchange_h2_feed(a->h, (const char *)data + at,
						     n - at < (ssize_t)n_piece ? (size_t)(n - at)
									       : n_piece));
	assert_int_equal(n, 0);
}

/* What there is to say at the end of a turn of the loop. */
static void answer_all(struct agent *a)
{
	struct conn_dirty *dirty;

	while ((dirty = conn_shared_pop_dirty(&a->b->shared)))
		exchange_h2_answer(
			(struct requests *)((char *)dirty - offsetof(struct requests, dirty)));
	while (exchange_h2_pop_due(&a->b->shared))
		continue;
}

/* What the client hears of it, or "closed". */
static const char *hear(struct agent *a)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	a->heard[0] = '\0';
	answer_all(a);
	if (!exchange_h2_render(a->h, &out, &a->is_over))
		return "closed";
	if (out.len > 0)
		assert_int_equal(nghttp2_session_mem_recv(a->session, (uint8_t *)out.data, out.len),
				 (ssize_t)out.len);
	return a->heard;
}

static ssize_t on_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
		       uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct body *body = source->ptr;
	size_t n = body->len ? body->len : strlen(body->bytes);

	(void)session;
	(void)id;
	(void)arg;
	assert_true(n <= size);
	if (n == 0 && !body->is_last)
		return NGHTTP2_ERR_DEFERRED;
	memcpy(to, body->bytes, n);
	body->bytes = "";
	body->len = 0;
	if (body->is_last)
		*flagsp |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)n;
}

#define FIELD(name, value)                                                                         \
	{                                                                                          \
		(uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), 0              \
	}

static int32_t UNUSED post_with(struct agent *a, struct body *body, const char *name,
				const char *value)
{
	const nghttp2_nv nvs[] = { FIELD(":method", "POST"), FIELD(":scheme", "http"),
				   FIELD(":path", "/ingest"), FIELD(":authority", "w"),
				   FIELD(name, value) };
	nghttp2_data_provider provider = { .source.ptr = body, .read_callback = on_body };
	int32_t id = nghttp2_submit_request(a->session, NULL, nvs, ARRAY_LEN(nvs), &provider, NULL);

	assert_true(id > 0);
	return id;
}

static int32_t UNUSED post(struct agent *a, struct body *body)
{
	return post_with(a, body, "content-type", "application/json");
}

#endif
