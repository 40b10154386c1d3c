#ifndef WEIR_T_UNIT_COMMON_H2_H2_CLIENT_H
#define WEIR_T_UNIT_COMMON_H2_H2_CLIENT_H
/* A client of HTTP/2, by nghttp2, without a socket: it notes what it hears, "1:200 1:grpc/0 goaway:0/0 ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct h2_client {
	nghttp2_session *session;
	char heard[4096];
	char data[16384]; /* of all streams, a NUL behind it */
	size_t n_data;
	const char *body; /* of the next request */
	size_t n_body;
	bool is_open_ended; /* bodies do not end */
};

static void h2_client_note(struct h2_client *c, const char *fmt, int id, unsigned n)
{
	size_t len = strlen(c->heard);

	snprintf(c->heard + len, sizeof(c->heard) - len, fmt, id, n);
}

static int h2_client_on_header(nghttp2_session *session, const nghttp2_frame *frame,
			       const uint8_t *name, size_t n_name, const uint8_t *value,
			       size_t n_value, uint8_t flags, void *arg)
{
	unsigned number = (unsigned)atoi((const char *)value);

	(void)session;
	(void)flags;
	(void)n_value;
	if (n_name == 7 && memcmp(name, ":status", 7) == 0)
		h2_client_note(arg, "%d:%u ", frame->hd.stream_id, number);
	if (n_name == 11 && memcmp(name, "grpc-status", 11) == 0)
		h2_client_note(arg, "%d:grpc/%u ", frame->hd.stream_id, number);
	return 0;
}

static int h2_client_on_data(nghttp2_session *session, uint8_t flags, int32_t id,
			     const uint8_t *data, size_t len, void *arg)
{
	struct h2_client *c = arg;

	(void)session;
	(void)flags;
	(void)id;
	assert_true(len < sizeof(c->data) - c->n_data);
	memcpy(c->data + c->n_data, data, len);
	c->n_data += len;
	c->data[c->n_data] = '\0';
	return 0;
}

static int h2_client_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	(void)session;
	if (frame->hd.type == NGHTTP2_GOAWAY)
		h2_client_note(arg, "goaway:%d/%u ", frame->goaway.last_stream_id,
			       frame->goaway.error_code);
	if (frame->hd.type == NGHTTP2_RST_STREAM)
		h2_client_note(arg, "%d:reset/%u ", frame->hd.stream_id,
			       frame->rst_stream.error_code);
	return 0;
}

static void h2_client_init(struct h2_client *c)
{
	nghttp2_session_callbacks *callbacks;

	*c = (struct h2_client){ .body = "" };
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_client_on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_client_on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_client_on_data);
	assert_int_equal(nghttp2_session_client_new(&c->session, callbacks, c), 0);
	nghttp2_session_callbacks_del(callbacks);
	assert_int_equal(nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, NULL, 0), 0);
}

static ssize_t h2_client_on_body(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
				 uint32_t *flagsp, nghttp2_data_source *source, void *arg)
{
	struct h2_client *c = arg;
	size_t n = c->n_body < size ? c->n_body : size;

	(void)session;
	(void)id;
	(void)source;
	if (c->n_body == SIZE_MAX)
		return NGHTTP2_ERR_DEFERRED; /* it never comes */
	memcpy(to, c->body, n);
	c->body += n;
	c->n_body -= n;
	if (c->n_body == 0 && !c->is_open_ended)
		*flagsp |= NGHTTP2_DATA_FLAG_EOF;
	return n > 0 || !c->is_open_ended ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
}

#define H2_CLIENT_FIELD(name, value)                                                               \
	{                                                                                          \
		(uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), 0              \
	}

/* Its body is sent by the next turn of the session. n_body: SIZE_MAX: it does not end. */
static int32_t h2_client_post(struct h2_client *c, const char *path, const char *type,
			      const char *body, size_t n_body)
{
	const nghttp2_nv nvs[] = { H2_CLIENT_FIELD(":method", "POST"),
				   H2_CLIENT_FIELD(":scheme", "http"),
				   H2_CLIENT_FIELD(":path", path),
				   H2_CLIENT_FIELD(":authority", "w"),
				   H2_CLIENT_FIELD("content-type", type) };
	nghttp2_data_provider provider = { .read_callback = h2_client_on_body };
	int32_t id = nghttp2_submit_request(c->session, NULL, nvs, sizeof(nvs) / sizeof(*nvs),
					    &provider, NULL);

	c->body = body;
	c->n_body = n_body;
	assert_true(id > 0);
	return id;
}

#endif
