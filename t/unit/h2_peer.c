#include "t/unit/h2_peer.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define FIELDS_MAX 16

struct h2_peer_conn {
	struct h2_peer *peer;
	nghttp2_session *session;
	struct event *readable;
	int fd;
	int32_t held[H2_PEER_STREAMS];
	unsigned n_held;
	int32_t first_id; /* of a stream; 0: none was begun */
};

/* What is left of an answer's body. */
struct sending {
	struct h2_answer answer;
	size_t n_sent;
};

/* "name: value\n" as fields; the text is changed. */
static size_t split(char *text, nghttp2_nv fields[FIELDS_MAX])
{
	size_t n = 0;

	while (*text) {
		char *colon = strchr(text, ':'), *end = strchr(text, '\n');

		assert_true(colon && end && n < FIELDS_MAX);
		fields[n++] = (nghttp2_nv){ (uint8_t *)text, (uint8_t *)colon + 2,
					    (size_t)(colon - text), (size_t)(end - colon - 2), 0 };
		text = end + 1;
	}
	return n;
}

/* A section that nghttp2 would not send: it goes on for as long as somebody reads it. */
static void send_endless(struct h2_peer_conn *c, int32_t id)
{
	unsigned char frame[9 + 16384] = { 0, 0x40, 0, 1 /* HEADERS */, 0 };

	for (int i = 0; i < 4; i++)
		frame[5 + i] = (unsigned char)(id >> (24 - 8 * i));
	for (size_t i = 0; i < 16384; i += 4)
		memcpy(frame + 9 + i, "\x00\x01x\x00", 4); /* "x: " as a literal */
	for (int i = 0; i < 200; i++) {
		if (send(c->fd, frame, sizeof(frame), MSG_NOSIGNAL) != (ssize_t)sizeof(frame))
			break;
		frame[3] = 9; /* CONTINUATION */
	}
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t size,
			 uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct sending *s = source->ptr;
	size_t left = s->answer.body_len - s->n_sent, n = left < size ? left : size;
	nghttp2_nv fields[FIELDS_MAX];

	(void)arg;
	if (n)
		memcpy(out, s->answer.body + s->n_sent, n);
	s->n_sent += n;
	if (s->n_sent < s->answer.body_len)
		return (ssize_t)n;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (s->answer.is_endless)
		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	if (s->answer.trailers) {
		char text[1024];

		*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
		snprintf(text, sizeof(text), "%s", s->answer.trailers);
		nghttp2_submit_trailer(session, id, fields, split(text, fields));
	}
	return (ssize_t)n;
}

static void answer(struct h2_peer_conn *c, int32_t id)
{
	const struct h2_answer *a = &c->peer->answer;
	struct sending *sending = nghttp2_session_get_stream_user_data(c->session, id);
	nghttp2_nv fields[FIELDS_MAX];
	nghttp2_data_provider provider = { .read_callback = read_body };
	char text[1024];

	c->peer->n_open--;
	if (!sending) /* the client has given it up */
		return;
	if (!a->status) {
		nghttp2_submit_rst_stream(c->session, 0, id, NGHTTP2_INTERNAL_ERROR);
		return;
	}
	sending->answer = *a;
	provider.source.ptr = sending;
	snprintf(text, sizeof(text), ":status: %s\n%s", a->status, a->fields ? a->fields : "");
	text[0] = ' '; /* the colon before the name is none that ends it */
	{
		size_t n = split(text, fields);

		text[0] = ':';
		nghttp2_submit_response(c->session, id, fields, n,
					a->body || a->trailers || a->is_endless ? &provider : NULL);
	}
}

static void pump(struct h2_peer_conn *c)
{
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(c->session, &data)) > 0)
		if (send(c->fd, data, (size_t)n, MSG_NOSIGNAL) != n)
			break;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
	struct h2_peer_conn *c = arg;

	(void)session;
	(void)frame;
	(void)flags;
	buf_append(&c->peer->head, name, n_name);
	buf_append_str(&c->peer->head, ": ");
	buf_append(&c->peer->head, value, n_value);
	buf_append_str(&c->peer->head, "\n");
	return 0;
}

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_peer_conn *c = arg;

	buf_clear(&c->peer->head);
	buf_clear(&c->peer->body);
	if (!c->first_id)
		c->first_id = frame->hd.stream_id;
	nghttp2_session_set_stream_user_data(session, frame->hd.stream_id,
					     calloc(1, sizeof(struct sending)));
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t len, void *arg)
{
	struct h2_peer_conn *c = arg;

	(void)session;
	(void)flags;
	(void)id;
	buf_append(&c->peer->body, data, len);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_peer_conn *c = arg;
	struct h2_peer *p = c->peer;

	(void)session;
	if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) ||
	    (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	p->n_requests++;
	p->n_open++;
	p->n_open_most = p->n_open > p->n_open_most ? p->n_open : p->n_open_most;
	if (p->is_holding && c->n_held < H2_PEER_STREAMS)
		c->held[c->n_held++] = frame->hd.stream_id;
	else
		answer(c, frame->hd.stream_id);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *arg)
{
	(void)error;
	(void)arg;
	free(nghttp2_session_get_stream_user_data(session, id));
	nghttp2_session_set_stream_user_data(session, id, NULL);
	return 0;
}

/* The trailers follow the frame of the body, which nghttp2 has sent. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_peer_conn *c = arg;

	(void)session;
	if (frame->hd.type == NGHTTP2_DATA && c->peer->answer.is_endless)
		send_endless(c, frame->hd.stream_id);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct h2_peer_conn *c = arg;
	uint8_t bytes[16384];
	ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)what;
	if (n <= 0) {
		event_del(c->readable);
		return;
	}
	(void)nghttp2_session_mem_recv(c->session, bytes, (size_t)n);
	pump(c);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct h2_peer *p = arg;
	struct h2_peer_conn *c = calloc(1, sizeof(*c));
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, p->max_streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)p->window_bytes },
	};
	nghttp2_session_callbacks *callbacks;

	(void)what;
	assert_non_null(c);
	assert_true(p->n_conns < H2_PEER_CONNS);
	p->conns[p->n_conns++] = c;
	c->peer = p;
	c->fd = accept(fd, NULL, NULL);
	assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	assert_int_equal(nghttp2_session_server_new(&c->session, callbacks, c), 0);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(c->session, 0, settings, p->window_bytes ? 2 : 1);
	if (p->window_bytes)
		nghttp2_session_set_local_window_size(c->session, 0, 0, p->window_bytes);
	c->readable = event_new(p->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	event_add(c->readable, NULL);
	pump(c);
}

void h2_peer_init(struct h2_peer *p, struct event_base *base)
{
	struct net_addr addr;

	*p = (struct h2_peer){ .base = base, .answer = { .status = "200" }, .max_streams = 100 };
	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:0"), 0);
	assert_int_equal(net_listen(&addr, false, 16, &p->listen_fd), 0);
	assert_int_equal(net_local_addr(p->listen_fd, &addr), 0);
	snprintf(p->h2c_url, sizeof(p->h2c_url), "h2c://127.0.0.1:%u/in", net_addr_port(&addr));
	snprintf(p->grpc_url, sizeof(p->grpc_url), "grpc://127.0.0.1:%u", net_addr_port(&addr));
	p->listening = event_new(base, p->listen_fd, EV_READ | EV_PERSIST, on_accept, p);
	event_add(p->listening, NULL);
}

void h2_peer_release(struct h2_peer *p)
{
	p->is_holding = false;
	for (unsigned i = 0; i < p->n_conns; i++) {
		struct h2_peer_conn *c = p->conns[i];

		while (c->n_held)
			answer(c, c->held[--c->n_held]);
		pump(c);
	}
}

void h2_peer_allow(struct h2_peer *p, uint32_t max_streams)
{
	nghttp2_settings_entry most = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, max_streams };

	for (unsigned i = 0; i < p->n_conns; i++) {
		nghttp2_submit_settings(p->conns[i]->session, 0, &most, 1);
		pump(p->conns[i]);
	}
}

void h2_peer_hang_up(struct h2_peer *p)
{
	for (unsigned i = 0; i < p->n_conns; i++)
		shutdown(p->conns[i]->fd, SHUT_RDWR);
}

void h2_peer_vanish(struct h2_peer *p)
{
	for (unsigned i = 0; i < p->n_conns; i++)
		event_del(p->conns[i]->readable);
}

bool h2_peer_is_left(const struct h2_peer *p, unsigned i)
{
	struct pollfd at = { .fd = p->conns[i]->fd, .events = POLLRDHUP };

	return poll(&at, 1, 0) == 1;
}

bool h2_peer_has(struct h2_peer *p, const char *line)
{
	return strstr(buf_str(&p->head), line) != NULL;
}

void h2_peer_deinit(struct h2_peer *p)
{
	for (unsigned i = 0; i < p->n_conns; i++) {
		struct h2_peer_conn *c = p->conns[i];

		int32_t last_id = nghttp2_session_get_last_proc_stream_id(c->session);

		for (int64_t id = c->first_id; id > 0 && id <= last_id; id += 2)
			free(nghttp2_session_get_stream_user_data(c->session, (int32_t)id));
		nghttp2_session_del(c->session);
		event_free(c->readable);
		close(c->fd);
		free(c);
	}
	event_free(p->listening);
	close(p->listen_fd);
	buf_deinit(&p->head);
	buf_deinit(&p->body);
}
