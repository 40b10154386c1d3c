#include "t/unit/node/deliver/fake_analyzer.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"

static void answer(struct fake_analyzer *a, struct fake_post *post, struct evhttp_request *request,
		   int status)
{
	post->held = NULL;
	post->status = status;
	if (a->retry_after)
		evhttp_add_header(evhttp_request_get_output_headers(request), "Retry-After",
				  a->retry_after);
	if (a->type)
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
				  a->type);
	if (a->body)
		evbuffer_add(evhttp_request_get_output_buffer(request), a->body, strlen(a->body));
	if (a->is_endless)
		evhttp_send_reply_start((post->endless = request), status, NULL);
	else
		evhttp_send_reply(request, status, NULL, NULL);
}

static unsigned n_kept(const struct fake_analyzer *a)
{
	return a->n_posts < FAKE_MAX_POSTS ? a->n_posts : FAKE_MAX_POSTS;
}

static void on_delay(evutil_socket_t fd, short what, void *arg)
{
	struct fake_post *post = arg;

	(void)fd;
	(void)what;
	if (post->held)
		answer(post->analyzer, post, post->held, post->analyzer->status);
}

static void answer_later(struct fake_analyzer *a, struct fake_post *post)
{
	struct timeval tv = clock_timeval(a->delay_ms * US_PER_MS);

	assert_int_equal(event_base_once(a->base, -1, EV_TIMEOUT, on_delay, post, &tv), 0);
}

static const char *header(struct evhttp_request *request, const char *name)
{
	const char *value = evhttp_find_header(evhttp_request_get_input_headers(request), name);

	return value ? value : "";
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct fake_analyzer *a = arg;
	struct evbuffer *in = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(in);
	struct fake_post *post = &a->posts[a->n_posts];

	if (a->n_posts++ >= FAKE_MAX_POSTS) {
		evhttp_send_reply(request, a->status, NULL, NULL);
		return;
	}
	post->analyzer = a;
	post->at_us = clock_mono_us();
	snprintf(post->path, sizeof(post->path), "%s", evhttp_request_get_uri(request));
	post->body = calloc(1, len + 1);
	assert_non_null(post->body);
	evbuffer_remove(in, post->body, len);
	post->n_packets = (unsigned)atoi(header(request, "Weir-Packets"));
	post->n_messages = (unsigned)atoi(header(request, "Weir-Messages"));
	post->attempt = (unsigned)atoi(header(request, "Weir-Attempt"));
	snprintf(post->node, sizeof(post->node), "%s", header(request, "Weir-Node"));
	snprintf(post->type, sizeof(post->type), "%s", header(request, "Content-Type"));
	post->expects = *header(request, "Expect");
	if (a->drops && strstr(post->body, a->drops)) {
		evhttp_connection_free(evhttp_request_get_connection(request));
		return;
	}
	post->held = request;
	if (a->bad && strstr(post->body, a->bad))
		answer(a, post, request, 400);
	else if (a->delay_ms)
		answer_later(a, post);
	else if (a->status)
		answer(a, post, request, a->status);
}

void fake_analyzer_init(struct fake_analyzer *a, struct event_base *base)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in addr = { 0 };
	socklen_t len = sizeof(addr);

	*a = (struct fake_analyzer){ .base = base, .http = evhttp_new(base), .status = 200 };
	assert_non_null(a->http);
	evhttp_set_gencb(a->http, on_request, a);
	bound = evhttp_bind_socket_with_handle(a->http, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(
		getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&addr, &len), 0);
	snprintf(a->url, sizeof(a->url), "http://127.0.0.1:%u/ingest", ntohs(addr.sin_port));
}

void fake_analyzer_deinit(struct fake_analyzer *a)
{
	fake_analyzer_answer(a, 200);
	for (unsigned i = 0; i < n_kept(a); i++)
		if (a->posts[i].endless) /* freed by this where its connection has gone */
			evhttp_send_reply_end(a->posts[i].endless);
	if (a->http)
		evhttp_free(a->http);
	for (unsigned i = 0; i < n_kept(a); i++)
		free(a->posts[i].body);
}

void fake_analyzer_answer(struct fake_analyzer *a, int status)
{
	for (unsigned i = 0; i < n_kept(a); i++)
		if (a->posts[i].held)
			answer(a, &a->posts[i], a->posts[i].held, status);
}
