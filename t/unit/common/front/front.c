#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/front/front.h"
#include "t/unit/common/front/other_end.h"

#define PATIENCE_MS 10000

/* Answers each request with its path, its client and its body; "/stream" with a stream, and "/now" at
 * once. A body "known" makes the connection trusted. */
struct server {
	struct front *front;
	struct net_addr addr;
	struct net_allow *proxies;
	_Atomic unsigned n_closed[FRONT_CLOSES];
};

static void answer(struct front_request *rq)
{
	struct buf text = { 0 };
	struct web_answer whole = { .status = 200, .content_type = "text/plain" };

	buf_printf(&text, "%s %s %s", rq->path, rq->client, buf_str(&rq->body));
	whole.body = text.data;
	whole.len = text.len;
	front_send(rq, &whole);
	buf_deinit(&text);
}

static enum front_way decide(void *arg, struct front_request *rq)
{
	(void)arg;
	if (strcmp(rq->path, "/stream") == 0)
		return WAY_STREAM;
	if (strcmp(rq->path, "/now") != 0)
		return WAY_FIRST;
	answer(rq);
	return WAY_ANSWERED;
}

static void serve(void *arg, struct front_request *rq, unsigned thread)
{
	(void)arg;
	assert_true(thread < 2);
	rq->is_trusted = strcmp(buf_str(&rq->body), "known") == 0;
	answer(rq);
}

static void on_closed(void *arg, enum front_close reason)
{
	struct server *s = arg;

	s->n_closed[reason]++;
}

static void on_count(void *arg UNUSED, unsigned n UNUSED)
{
}

static void *begin_stream(void *arg, struct front_request *rq, uint64_t now_us UNUSED)
{
	buf_append_str(&rq->out, "HTTP/1.1 200 OK\r\n\r\nstream");
	return arg;
}

static void continue_stream(void *stream UNUSED, uint64_t now_us UNUSED, struct buf *out UNUSED)
{
}

static void end_stream(void *stream UNUSED)
{
}

static int start_with(void **state, uint64_t request_us)
{
	static const struct front_ops ops = { .decide = decide,
					      .serve = serve,
					      .on_closed = on_closed,
					      .on_count = on_count,
					      .begin_stream = begin_stream,
					      .continue_stream = continue_stream,
					      .end_stream = end_stream };
	static const char *const ranges[] = { "127.9.0.0/16" };
	struct server *s = calloc(1, sizeof(*s));
	struct front_config config = { .name = "test",
				       .ops = &ops,
				       .arg = s,
				       .n_threads = 2,
				       .n_queue = 8,
				       .max_connections = 20,
				       .max_per_address = 4,
				       .max_streams = 4,
				       .max_streams_per_address = 3,
				       .max_body_bytes = 100000,
				       .max_held_bytes = 150000,
				       .request_us = request_us,
				       .idle_us = 60 * US_PER_S };
	const char *bad, *why;

	if (net_allow_new(ranges, 1, &s->proxies, &bad, &why) != 0 ||
	    net_addr_parse(&s->addr, "127.0.0.1:0") != 0)
		return -1;
	config.proxies = s->proxies;
	*state = s;
	return front_new(&config, &(struct front_port){ .addr = &s->addr }, 1, &s->front);
}

static int start(void **state)
{
	return start_with(state, 60 * US_PER_S);
}

static int start_strict(void **state)
{
	return start_with(state, 200 * US_PER_MS);
}

static int stop(void **state)
{
	struct server *s = *state;

	front_free(s->front);
	net_allow_free(s->proxies);
	free(s);
	return 0;
}

/* A client at 127.b.c.1. */
static int client_at(const struct server *s, uint8_t b, uint8_t c)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl(127u << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&s->addr.sa, s->addr.len), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* What comes until `until` did, the other side closes, or too long a time has passed. */
static const char *hear(int fd, const char *until)
{
	static struct buf heard;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	buf_clear(&heard);
	while ((!*until || !strstr(buf_str(&heard), until)) && poll(&p, 1, PATIENCE_MS) == 1) {
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			break;
		buf_append(&heard, bytes, (size_t)n);
	}
	return buf_str(&heard);
}

static void expect_heard(int fd, const char *text)
{
	assert_non_null(strstr(hear(fd, text), text));
}

static void a_connection_serves_many_requests(void **state)
{
	int fd = client_at(*state, 0, 0);

	say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
	expect_heard(fd, "/a 127.0.0.1 hi");
	say(fd, "GET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /now HTTP/1.1\r\nHost: a\r\n\r\n"
		"GET /c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	assert_non_null(strstr(hear(fd, ""), "/c 127.0.0.1"));
	close(fd);
}

/* An answer by HTTP/2 leaves in pieces. The kernel would keep the last one until the first is acknowledged. */
static void what_is_written_leaves_at_once(void **state)
{
	int fd = client_at(*state, 0, 0), at_once = 0;
	socklen_t len = sizeof(at_once);

	say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_true(*hear(fd, "/a"));
	assert_int_equal(getsockopt(other_end_of(fd), IPPROTO_TCP, TCP_NODELAY, &at_once, &len), 0);
	assert_true(at_once);
	close(fd);
}

static void many_requests_at_once_do_not_nest(void **state)
{
	struct buf all = { 0 };
	int fd = client_at(*state, 0, 0);

	for (int i = 0; i < 2000; i++)
		buf_append_str(&all, "GET /now HTTP/1.1\r\nHost: a\r\n\r\n");
	buf_append_str(&all, "GET /last HTTP/1.0\r\n\r\n");
	say(fd, buf_str(&all));
	expect_heard(fd, "/last 127.0.0.1");
	buf_deinit(&all);
	close(fd);
}

static void a_slow_request_is_refused(void **state)
{
	int fd = client_at(*state, 0, 0);

	say(fd, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\nhi");
	assert_non_null(strstr(hear(fd, ""), "HTTP/1.1 408 "));
	close(fd);
}

/* As browsers leave connections that they opened ahead. */
static void a_connection_that_says_nothing_ends_without_an_answer(void **state)
{
	struct server *s = *state;
	unsigned n_before = s->n_closed[FRONT_CLOSE_TIMEOUT];
	int fd = client_at(s, 0, 0);

	assert_string_equal(hear(fd, ""), "");
	assert_int_equal(s->n_closed[FRONT_CLOSE_TIMEOUT], n_before + 1);
	close(fd);
}

static void an_address_has_its_bound_and_others_have_room(void **state)
{
	struct server *s = *state;
	int slow[12], known = client_at(s, 0, 0), fd;

	say(known, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nknown");
	expect_heard(known, "known");
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = client_at(s, 0, 0);
		say(slow[i], "GET /");
	}
	assert_string_equal(hear(slow[0], ""), "");
	assert_string_equal(hear(slow[7], ""), "");
	assert_true(s->n_closed[FRONT_CLOSE_NO_ROOM] >= 8);
	fd = client_at(s, 0, 0);
	say(fd, "GET /new HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_heard(fd, "/new 127.0.0.1");
	say(known, "GET /still HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_heard(known, "/still");
	close(fd);
	close(known);
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++)
		close(slow[i]);
}

static void many_addresses_leave_room(void **state)
{
	struct server *s = *state;
	int slow[40], fd;

	for (unsigned i = 0; i < ARRAY_LEN(slow); i++) {
		slow[i] = client_at(s, 0, (uint8_t)(1 + i));
		say(slow[i], "GET /");
	}
	fd = client_at(s, 0, 200);
	say(fd, "GET /new HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_heard(fd, "/new 127.0.200.1");
	close(fd);
	for (unsigned i = 0; i < ARRAY_LEN(slow); i++)
		close(slow[i]);
}

/* Two thirds of what all bodies may have, and not the whole of it. */
static void say_large_body(int fd)
{
	struct buf body = { 0 };

	buf_append_str(&body, "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
	assert_int_equal(buf_reserve(&body, 99000), 0);
	memset(body.data + body.len, 'x', 99000);
	body.len += 99000;
	say(fd, buf_str(&body));
	buf_deinit(&body);
}

static void say_rest(int fd)
{
	char rest[1001];

	memset(rest, 'x', 1000);
	rest[1000] = '\0';
	say(fd, rest);
}

static void bodies_together_have_a_bound(void **state)
{
	int first = client_at(*state, 0, 1), second = client_at(*state, 0, 2);

	say_large_body(first);
	say_large_body(second);
	assert_null(strstr(hear(first, ""), " 200 ")); /* closed, or refused at its next bytes */
	say_rest(second);
	expect_heard(second, "/a 127.0.2.1 x");
	close(first);
	close(second);
}

static _Atomic size_t n_moved;

void __real_buf_consume(struct buf *b, size_t n);
void __wrap_buf_consume(struct buf *b, size_t n);
void __wrap_buf_consume(struct buf *b, size_t n)
{
	n_moved += b->len - n;
	__real_buf_consume(b, n);
}

/* What stands behind a chunk is not moved for each, and what ends the last one is no request. */
static void a_request_may_follow_a_body_of_tiny_chunks(void **state)
{
	enum { CHUNKS = 20000 };
	int fd = client_at(*state, 0, 0);
	struct buf text = { 0 };

	buf_append_str(&text, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned i = 0; i < CHUNKS; i++)
		buf_printf(&text, "1\r\n%c\r\n", 'a' + (char)(i % 26));
	buf_append_str(&text, "0\r\n\r\n");
	buf_append_str(&text, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
	n_moved = 0;
	say(fd, buf_str(&text));
	expect_heard(fd, "/b 127.0.0.1");
	assert_in_range(n_moved, 0, 10 * text.len);
	buf_deinit(&text);
	close(fd);
}

static void trusted_proxies_say_who_asks(void **state)
{
	int fd = client_at(*state, 9, 0);

	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nGET /a HTTP/1.1\r\nHost: a\r\n"
		"X-Forwarded-For: 192.0.2.99\r\n\r\n");
	expect_heard(fd, "/a 192.0.2.7 ");
	say(fd, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_heard(fd, "/b 192.0.2.7 ");
	close(fd);
	fd = client_at(*state, 9, 0);
	say(fd, "GET /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4, 192.0.2.8\r\n\r\n");
	expect_heard(fd, "/a 192.0.2.8 ");
	say(fd, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
	expect_heard(fd, "/b 127.9.0.1 ");
	close(fd);
}

static void others_cannot_say_who_they_are(void **state)
{
	int fd = client_at(*state, 0, 0);

	say(fd, "GET /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.8\r\n\r\n");
	expect_heard(fd, "/a 127.0.0.1 ");
	close(fd);
	fd = client_at(*state, 0, 0);
	say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_non_null(strstr(hear(fd, ""), "\"spoke_proxy\""));
	close(fd);
}

static int stream_at(const struct server *s, uint8_t c)
{
	int fd = client_at(s, 0, c);

	say(fd, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	return fd;
}

static void streams_are_shared_out_among_addresses(void **state)
{
	int own[4], other, third;

	for (unsigned i = 0; i < ARRAY_LEN(own); i++)
		own[i] = stream_at(*state, 1);
	for (unsigned i = 0; i < 3; i++)
		expect_heard(own[i], "stream");
	assert_non_null(strstr(hear(own[3], ""), "\"too_many_streams\""));
	other = stream_at(*state, 2);
	expect_heard(other, "stream");
	third = stream_at(*state, 3);
	expect_heard(third, "stream");
	assert_string_equal(hear(own[0], ""), "");
	for (unsigned i = 0; i < ARRAY_LEN(own); i++)
		close(own[i]);
	close(other);
	close(third);
}

static void a_drained_front_closes_after_the_answer(void **state)
{
	struct server *s = *state;
	int fd = client_at(s, 0, 0);

	front_drain(s->front);
	say(fd, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_non_null(strstr(hear(fd, ""), "Connection: close"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)
		SERVED(a_connection_serves_many_requests),
		SERVED(what_is_written_leaves_at_once),
		SERVED(many_requests_at_once_do_not_nest),
		cmocka_unit_test_setup_teardown(a_slow_request_is_refused, start_strict, stop),
		cmocka_unit_test_setup_teardown(
			a_connection_that_says_nothing_ends_without_an_answer, start_strict, stop),
		SERVED(an_address_has_its_bound_and_others_have_room),
		SERVED(many_addresses_leave_room),
		SERVED(bodies_together_have_a_bound),
		SERVED(a_request_may_follow_a_body_of_tiny_chunks),
		SERVED(trusted_proxies_say_who_asks),
		SERVED(others_cannot_say_who_they_are),
		SERVED(streams_are_shared_out_among_addresses),
		SERVED(a_drained_front_closes_after_the_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
