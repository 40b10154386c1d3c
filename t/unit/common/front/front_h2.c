/* A front that speaks HTTP/2, against a client on a socket. */
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/front/front.h"
#include "t/unit/common/h2/h2_client.h"

#define PATIENCE_MS 20000

/* Answers each request with its path and its body, a call with its bytes. "/no" is refused at once,
 * "/much" is answered at once, "/held" when the test lets it, and "/known" is trusted. */
struct side {
	struct front *front;
	struct net_addr addr;
	int fd;
	struct h2_client client;
	_Atomic unsigned n_held, n_served, n_open;
	_Atomic bool may_go;
};

static enum front_way decide(void *arg, struct front_request *rq)
{
	static const struct web_answer no = { .status = 503, .retry_after_s = 2 };
	static const char bytes[5000];
	static const struct web_answer much = {
		.status = 200, .content_type = "text/plain", .body = bytes, .len = sizeof(bytes)
	};

	(void)arg;
	if (strcmp(rq->path, "/short") == 0)
		rq->max_body_bytes = 10;
	if (strcmp(rq->path, "/no") == 0)
		front_send_problem(rq, &no, "no", "Not now.");
	else if (strcmp(rq->path, "/much") == 0)
		front_send(rq, &much);
	else
		return WAY_FIRST;
	return WAY_ANSWERED;
}

static void serve(void *arg, struct front_request *rq, unsigned thread)
{
	struct side *s = arg;
	struct buf text CLEANUP(buf_deinit) = { 0 };
	struct web_answer whole = { .status = 200, .content_type = "text/plain" };

	(void)thread;
	if (strcmp(rq->path, "/held") == 0) {
		s->n_held++;
		while (!s->may_go)
			poll(NULL, 0, 1);
	}
	rq->is_trusted = strcmp(rq->path, "/known") == 0;
	buf_printf(&text, "%s %s", rq->path, buf_str(&rq->body));
	whole.body = text.data;
	whole.len = text.len;
	if (rq->is_call)
		front_send_message(rq, text.data, text.len);
	else
		front_send(rq, &whole);
	s->n_served++;
}

static void on_closed(void *arg, enum front_close reason)
{
	(void)arg;
	(void)reason;
}

static void on_count(void *arg, unsigned n)
{
	((struct side *)arg)->n_open = n;
}

static void greet(struct side *s)
{
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->fd, (const struct sockaddr *)&s->addr.sa, s->addr.len), 0);
	h2_client_init(&s->client);
}

static void hang_up(struct side *s)
{
	nghttp2_session_del(s->client.session);
	close(s->fd);
}

static int start_with(void **state, uint64_t request_us, uint64_t idle_us)
{
	static const struct front_ops ops = {
		.decide = decide, .serve = serve, .on_closed = on_closed, .on_count = on_count
	};
	struct side *s = calloc(1, sizeof(*s));
	struct front_config config = { .name = "test",
				       .ops = &ops,
				       .arg = s,
				       .n_threads = 2,
				       .n_queue = 8,
				       .speaks_h2 = true,
				       .max_connections = 20,
				       .max_per_address = 4,
				       .max_body_bytes = 1000,
				       .max_held_bytes = 12000,
				       .request_us = request_us,
				       .idle_us = idle_us };

	*state = s;
	if (net_addr_parse(&s->addr, "127.0.0.1:0") != 0 ||
	    front_new(&config, &(struct front_port){ .addr = &s->addr }, 1, &s->front) != 0)
		return -1;
	greet(s);
	return 0;
}

static int start(void **state)
{
	return start_with(state, 60 * US_PER_S, 60 * US_PER_S);
}

static int start_strict(void **state)
{
	return start_with(state, 200 * US_PER_MS, 60 * US_PER_S);
}

/* The stream of a request that stays behind is refused a tick before its connection is ended, but for
 * those that come shortly before a tick. */
static int start_between_ticks(void **state)
{
	return start_with(state, 220 * US_PER_MS, 60 * US_PER_S);
}

static int start_brief(void **state)
{
	return start_with(state, 60 * US_PER_S, 200 * US_PER_MS);
}

static int stop(void **state)
{
	struct side *s = *state;

	s->may_go = true;
	hang_up(s);
	front_free(s->front);
	free(s);
	return 0;
}

static void send_all(struct side *s)
{
	const uint8_t *data;
	ssize_t n;

	while ((n = nghttp2_session_mem_send(s->client.session, &data)) > 0)
		assert_int_equal(send(s->fd, data, (size_t)n, MSG_NOSIGNAL), n);
}

/* Talks until that is heard, or the connection ends. */
static bool hears(struct side *s, const char *what)
{
	uint64_t end_us = clock_mono_us() + PATIENCE_MS * US_PER_MS;
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	uint8_t bytes[4096];
	ssize_t n;

	while (!strstr(s->client.heard, what)) {
		send_all(s);
		assert_true(clock_mono_us() < end_us);
		if (poll(&pfd, 1, 100) == 0)
			continue;
		n = recv(s->fd, bytes, sizeof(bytes), 0);
		if (n <= 0)
			return false;
		assert_int_equal(nghttp2_session_mem_recv(s->client.session, bytes, (size_t)n), n);
	}
	return true;
}

/* All data of the answers: it may come behind their header sections. */
static void await_data(struct side *s, size_t n_bytes)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	uint8_t bytes[4096];
	ssize_t n;

	while (s->client.n_data < n_bytes) {
		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		n = recv(s->fd, bytes, sizeof(bytes), 0);
		assert_true(n > 0);
		assert_int_equal(nghttp2_session_mem_recv(s->client.session, bytes, (size_t)n), n);
	}
}

static void await(_Atomic unsigned *n, unsigned wanted)
{
	uint64_t end_us = clock_mono_us() + PATIENCE_MS * US_PER_MS;

	while (*n != wanted) {
		assert_true(clock_mono_us() < end_us);
		poll(NULL, 0, 1);
	}
}

static void a_request_is_answered(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(hears(s, "1:200 "));
	await_data(s, 8);
	assert_string_equal(s->client.data, "/a hello");
	h2_client_post(&s->client, "/b", "text/plain", "again", 5);
	assert_true(hears(s, "3:200 "));
}

static void a_call_ends_with_its_status(void **state)
{
	static const char expected[] = "\0\0\0\0\x06/a/B x";
	struct side *s = *state;

	h2_client_post(&s->client, "/a/B", "application/grpc", "x", 1);
	assert_true(hears(s, "1:grpc/0 "));
	assert_int_equal(s->client.n_data, sizeof(expected) - 1);
	assert_memory_equal(s->client.data, expected, sizeof(expected) - 1);
}

static void a_refusal_has_the_shape_of_its_request(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/no", "application/grpc", "x", 1);
	assert_true(hears(s, "1:200 1:grpc/14 "));
	h2_client_post(&s->client, "/no", "text/plain", "x", 1);
	assert_true(hears(s, "3:503 "));
}

static void a_body_that_is_too_large_costs_its_stream_alone(void **state)
{
	static char body[2000];
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", body, sizeof(body));
	assert_true(hears(s, "1:413 "));
	h2_client_post(&s->client, "/a", "application/grpc", body, sizeof(body));
	assert_true(hears(s, "3:grpc/8 "));
	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(hears(s, "5:200 "));
}

static void answers_leave_when_they_are_ready(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/held", "text/plain", "x", 1);
	send_all(s);
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "3:200 "));
	assert_null(strstr(s->client.heard, "1:200"));
	s->may_go = true;
	assert_true(hears(s, "1:200 "));
}

static void a_deadline_passes_while_a_thread_is_at_work(void **state)
{
	const nghttp2_nv nvs[] = { H2_CLIENT_FIELD(":method", "POST"),
				   H2_CLIENT_FIELD(":scheme", "http"),
				   H2_CLIENT_FIELD(":path", "/held"),
				   H2_CLIENT_FIELD(":authority", "w"),
				   H2_CLIENT_FIELD("content-type", "application/grpc"),
				   H2_CLIENT_FIELD("grpc-timeout", "1m") };
	struct side *s = *state;

	nghttp2_submit_request(s->client.session, NULL, nvs, ARRAY_LEN(nvs), NULL, NULL);
	assert_true(hears(s, "1:200 1:grpc/4 "));
	s->may_go = true;
	if (s->n_held > 0)
		await(&s->n_served, 1);
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "3:200 "));
}

static void a_client_that_is_gone_leaves_its_request_to_the_thread(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/held", "text/plain", "x", 1);
	send_all(s);
	await(&s->n_held, 1);
	hang_up(s);
	await(&s->n_open, 0);
	s->may_go = true;
	await(&s->n_served, 1);
	greet(s);
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "1:200 "));
}

static void a_request_may_have_a_smaller_bound(void **state)
{
	static char body[20];
	struct side *s = *state;

	h2_client_post(&s->client, "/short", "text/plain", body, 10);
	assert_true(hears(s, "1:200 "));
	h2_client_post(&s->client, "/short", "text/plain", body, sizeof(body));
	assert_true(hears(s, "3:413 "));
}

static void a_request_that_does_not_end_holds_up_nobody(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/no", "text/plain", "", SIZE_MAX);
	assert_true(hears(s, "1:503 "));
	assert_true(hears(s, "1:reset/0 "));
}

static void bodies_together_have_a_bound(void **state)
{
	static char body[900];
	struct side *s = *state;

	s->client.is_open_ended = true;
	for (int i = 0; i < 15; i++) {
		h2_client_post(&s->client, "/a", "text/plain", body, sizeof(body));
		send_all(s);
	}
	assert_true(hears(s, ":503 "));
	assert_null(strstr(s->client.heard, " 1:"));
	for (int32_t id = 1; id <= 7; id += 2)
		nghttp2_submit_rst_stream(s->client.session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
	s->client.is_open_ended = false;
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "31:200 "));
}

/* At a tick a client that is known gets an answer that needs room. The one that gives way comes
 * after it. */
static void whoever_gives_way_to_an_answer_is_gone_for_good(void **state)
{
	static char body[900];
	struct side *s = *state;
	struct side other = { .addr = s->addr };

	h2_client_post(&s->client, "/known", "text/plain", "x", 1);
	assert_true(hears(s, "1:200 "));
	greet(&other);
	other.client.is_open_ended = true;
	for (int i = 0; i < 4; i++) {
		h2_client_post(&other.client, "/a", "text/plain", body, sizeof(body));
		send_all(&other);
	}
	h2_client_post(&other.client, "/no", "text/plain", "", SIZE_MAX);
	assert_true(hears(&other, "9:503 "));
	h2_client_post(&s->client, "/much", "text/plain", "", SIZE_MAX);
	send_all(s);
	nghttp2_submit_ping(other.client.session, NGHTTP2_FLAG_NONE, NULL);
	assert_false(hears(&other, "the end"));
	hang_up(&other);
	assert_true(hears(s, "3:200 "));
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "5:200 "));
}

static void streams_without_bodies_count_as_well(void **state)
{
	struct side *s = *state;

	for (int i = 0; i < 40; i++)
		h2_client_post(&s->client, "/a", "text/plain", "", SIZE_MAX);
	assert_true(hears(s, ":503 "));
}

static void a_header_section_that_is_too_large_costs_its_stream_alone(void **state)
{
	static char value[FRONT_MAX_HEAD];
	const nghttp2_nv nvs[] = { H2_CLIENT_FIELD(":method", "POST"),
				   H2_CLIENT_FIELD(":scheme", "http"),
				   H2_CLIENT_FIELD(":path", "/a"),
				   H2_CLIENT_FIELD(":authority", "w"),
				   { (uint8_t *)"x", (uint8_t *)value, 1, sizeof(value), 0 } };
	struct side *s = *state;

	memset(value, 'x', sizeof(value));
	nghttp2_submit_request(s->client.session, NULL, nvs, ARRAY_LEN(nvs), NULL, NULL);
	assert_true(hears(s, "1:431 "));
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "3:200 "));
}

static void a_header_section_counts_while_it_comes(void **state)
{
	static char value[9000]; /* in a buffer of 16 KiB, which is more than all may hold */
	const nghttp2_nv nvs[] = { H2_CLIENT_FIELD(":method", "POST"),
				   H2_CLIENT_FIELD(":scheme", "http"),
				   H2_CLIENT_FIELD(":path", "/a"),
				   H2_CLIENT_FIELD(":authority", "w"),
				   { (uint8_t *)"x", (uint8_t *)value, 1, sizeof(value), 0 } };
	struct side *s = *state;

	memset(value, 'x', sizeof(value));
	nghttp2_submit_request(s->client.session, NULL, nvs, ARRAY_LEN(nvs), NULL, NULL);
	assert_true(hears(s, "1:reset/7 "));
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "3:200 "));
}

static void a_slow_request_is_refused_and_others_are_not(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", "", SIZE_MAX);
	assert_true(hears(s, "1:408 "));
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "3:200 "));
}

/* The header section of a request is left open. */
static void begin_request(struct side *s)
{
	const nghttp2_nv nvs[] = { H2_CLIENT_FIELD(":method", "POST"),
				   H2_CLIENT_FIELD(":scheme", "http"),
				   H2_CLIENT_FIELD(":path", "/a"),
				   H2_CLIENT_FIELD(":authority", "w") };
	const uint8_t *data;
	uint8_t frame[256];
	ssize_t n;

	send_all(s);
	nghttp2_submit_request(s->client.session, NULL, nvs, ARRAY_LEN(nvs), NULL, NULL);
	n = nghttp2_session_mem_send(s->client.session, &data);
	assert_true(n > 9 && n < (ssize_t)sizeof(frame));
	memcpy(frame, data, (size_t)n);
	assert_int_equal(frame[3], NGHTTP2_HEADERS);
	frame[4] &= (uint8_t)~NGHTTP2_FLAG_END_HEADERS;
	assert_int_equal(send(s->fd, frame, (size_t)n, MSG_NOSIGNAL), n);
}

static void a_header_section_that_ends_after_its_answer_does_no_harm(void **state)
{
	static const char rest[] = { 0, 0, 0, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 0,
				     0, 0, 3 };
	struct side *s = *state;
	int n_answered = 0;

	for (int i = 0; i < 10; i++) {
		h2_client_post(&s->client, "/a", "text/plain", "x", 1);
		assert_true(hears(s, "1:200 "));
		begin_request(s);
		if (hears(s, "3:408 ")) {
			send(s->fd, rest, sizeof(rest), MSG_NOSIGNAL);
			h2_client_post(&s->client, "/a", "text/plain", "x", 1);
			n_answered += hears(s, "5:200 ");
		}
		hang_up(s);
		greet(s);
	}
	print_message("# %d connections went on\n", n_answered);
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "1:200 "));
}

static void a_connection_without_requests_ends_after_a_while(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "1:200 "));
	assert_true(hears(s, "goaway:1/0 "));
	assert_false(hears(s, "the end"));
}

/* By its close a client tells that it has read all. The life of another one is some ticks long. */
static void a_connection_that_ends_waits_for_its_client(void **state)
{
	struct side *s = *state;
	struct side other = { .addr = s->addr };
	uint64_t since_us;

	assert_false(hears(s, "the end"));
	since_us = clock_mono_us();
	greet(&other);
	assert_false(hears(&other, "the end"));
	if (clock_mono_us() - since_us < US_PER_S)
		assert_int_equal(s->n_open, 2);
	else
		print_message("# this machine is too slow to tell\n");
	hang_up(&other);
	hang_up(s);
	await(&s->n_open, 0);
	greet(s);
}

static void draining_says_so_twice_and_serves_what_comes_between(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/held", "text/plain", "x", 1);
	send_all(s);
	await(&s->n_held, 1);
	assert_true(front_has_h2(s->front));
	front_drain(s->front);
	assert_true(hears(s, "goaway:2147483647/0 "));
	assert_true(hears(s, "goaway:1/0 "));
	s->may_go = true;
	assert_true(hears(s, "1:200 "));
	assert_false(hears(s, "the end"));
	hang_up(s);
	await(&s->n_open, 0);
	assert_false(front_has_h2(s->front));
	greet(s);
}

/* How soon it is noticed depends on how its frames come. */
static void a_flood_ends_the_connection(void **state)
{
	struct side *s = *state;
	const uint8_t *data;
	ssize_t n;

	await(&s->n_open, 1);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(nghttp2_submit_ping(s->client.session, NGHTTP2_FLAG_NONE, NULL),
				 0);
	while ((n = nghttp2_session_mem_send(s->client.session, &data)) > 0)
		if (send(s->fd, data, (size_t)n, MSG_NOSIGNAL) < 0)
			break;
	await(&s->n_open, 0);
	hang_up(s);
	greet(s);
	h2_client_post(&s->client, "/a", "text/plain", "x", 1);
	assert_true(hears(s, "1:200 "));
}

static void http_1_1_is_spoken_as_ever(void **state)
{
	static const char request[] = "POST /a HTTP/1.1\r\nHost: w\r\nContent-Length: 1\r\n\r\nx";
	struct side *s = *state;
	char answer[64] = "";

	assert_int_equal(send(s->fd, request, sizeof(request) - 1, MSG_NOSIGNAL),
			 sizeof(request) - 1);
	assert_true(recv(s->fd, answer, sizeof(answer) - 1, 0) > 0);
	assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_answered),
		TEST(a_call_ends_with_its_status),
		TEST(a_refusal_has_the_shape_of_its_request),
		TEST(a_body_that_is_too_large_costs_its_stream_alone),
		TEST(answers_leave_when_they_are_ready),
		TEST(a_deadline_passes_while_a_thread_is_at_work),
		TEST(a_client_that_is_gone_leaves_its_request_to_the_thread),
		TEST(a_request_may_have_a_smaller_bound),
		TEST(a_request_that_does_not_end_holds_up_nobody),
		TEST(bodies_together_have_a_bound),
		TEST(whoever_gives_way_to_an_answer_is_gone_for_good),
		TEST(streams_without_bodies_count_as_well),
		TEST(a_header_section_that_is_too_large_costs_its_stream_alone),
		TEST(a_header_section_counts_while_it_comes),
		cmocka_unit_test_setup_teardown(a_slow_request_is_refused_and_others_are_not,
						start_strict, stop),
		cmocka_unit_test_setup_teardown(
			a_header_section_that_ends_after_its_answer_does_no_harm,
			start_between_ticks, stop),
		cmocka_unit_test_setup_teardown(a_connection_without_requests_ends_after_a_while,
						start_brief, stop),
		cmocka_unit_test_setup_teardown(a_connection_that_ends_waits_for_its_client,
						start_brief, stop),
		TEST(draining_says_so_twice_and_serves_what_comes_between),
		TEST(a_flood_ends_the_connection),
		TEST(http_1_1_is_spoken_as_ever),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
