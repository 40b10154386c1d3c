#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "loadgen/client.h"

#define DEADLINE_US (20 * US_PER_S)
#define TIMEOUT_US (60 * US_PER_S)
#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"

/* One client, and the server it talks to, in one thread: the test plays the server's part. */
static const struct target_body as_json = { FORMAT_JSON, COMPRESS_NONE };

struct fixture {
	struct event_base *base;
	int listen_fd, fd; /* fd: the connection that was accepted last; -1: none */
	struct target target;
	struct client_counts counts;
	struct client *client;
	struct client_result result;
	unsigned n_done;
	bool inside_send;
};

static void on_done(void *arg, const struct client_result *result)
{
	struct fixture *f = arg;

	assert_false(f->inside_send);
	f->result = *result;
	f->n_done++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char text[NET_ADDR_STRLEN], url[NET_ADDR_STRLEN + 32];
	struct net_addr addr;

	f->fd = -1;
	f->base = event_base_new();
	if (net_addr_parse(&addr, "127.0.0.1:0") || net_listen(&addr, false, 16, &f->listen_fd) ||
	    net_local_addr(f->listen_fd, &addr))
		return -1;
	net_addr_format(&addr, text);
	snprintf(url, sizeof(url), "http://%s/in?x=1", text);
	if (target_init(&f->target, url, &as_json, "secret"))
		return -1;
	f->client = client_new(f->base, &f->target, &f->counts, on_done, f);
	*state = f;
	return f->client ? 0 : -1;
}

static void server_close(struct fixture *f)
{
	close(f->fd);
	f->fd = -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	client_free(f->client);
	target_deinit(&f->target);
	if (f->fd >= 0)
		close(f->fd);
	if (f->listen_fd >= 0)
		close(f->listen_fd);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void send_body(struct fixture *f, const char *body, size_t len)
{
	f->inside_send = true;
	client_send(f->client, "x-1", body, len, clock_mono_us());
	f->inside_send = false;
}

/* Lets the client work until fd is readable (fd >= 0), or a request is done. */
static void turn_until(struct fixture *f, int fd, unsigned n_done)
{
	uint64_t until_us = clock_mono_us() + DEADLINE_US;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		if (fd >= 0 ? poll(&p, 1, 1) == 1 : f->n_done >= n_done)
			return;
		if (clock_mono_us() >= until_us)
			fail_msg("nothing came");
	}
}

static void server_accept(struct fixture *f)
{
	turn_until(f, f->listen_fd, 0);
	f->fd = accept(f->listen_fd, NULL, NULL);
	assert_true(f->fd >= 0);
}

/* Reads until the request ends with `end`. */
static void server_read(struct fixture *f, const char *end, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		turn_until(f, f->fd, 0);
		n = recv(f->fd, out + len, size - 1 - len, 0);
		assert_true(n > 0);
		len += (size_t)n;
		out[len] = 0;
	} while (len < strlen(end) || strcmp(out + len - strlen(end), end));
}

static void server_write(struct fixture *f, const char *text)
{
	assert_int_equal(send(f->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void wait_done(struct fixture *f, unsigned n_done)
{
	turn_until(f, -1, n_done);
	assert_int_equal(f->n_done, n_done);
}

/* A first request and its answer: the connection is a used one then. */
static void exchange(struct fixture *f)
{
	char request[1024];
	unsigned n_done = f->n_done;

	send_body(f, "{}", 2);
	if (f->fd < 0)
		server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	server_write(f, ACCEPTED);
	wait_done(f, n_done + 1);
	assert_int_equal(f->result.outcome, CLIENT_ANSWERED);
}

static void a_request_is_a_post_with_length_type_and_token(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	send_body(f, "{\"a\":1}", 7);
	assert_false(client_is_available(f->client));
	server_accept(f);
	server_read(f, "{\"a\":1}", request, sizeof(request));
	assert_ptr_equal(strstr(request, "POST /in?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"), request);
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nAuthorization: Bearer secret\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Length: 7\r\n\r\n{\"a\":1}"));
	server_write(f, ACCEPTED);
	wait_done(f, 1);
	assert_int_equal(f->result.outcome, CLIENT_ANSWERED);
	assert_int_equal(f->result.status, 202);
	assert_true(f->result.first_byte_us && f->result.first_byte_us <= f->result.end_us);
	assert_true(client_is_available(f->client));
}

static void a_connection_is_used_again(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		exchange(f);
	assert_int_equal(f->counts.n_connects, 1);
	assert_int_equal(f->counts.n_reconnects, 0);
}

static void connection_close_is_no_failure_and_makes_a_reconnect(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	send_body(f, "{}", 2);
	server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	server_write(f, "HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	wait_done(f, 1);
	assert_int_equal(f->result.status, 202);
	server_close(f);
	exchange(f);
	assert_int_equal(f->counts.n_connects, 2);
	assert_int_equal(f->counts.n_reconnects, 1);
	assert_int_equal(f->counts.n_resent, 0);
}

static void an_idle_connection_that_was_closed_is_left_quietly(void **state)
{
	struct fixture *f = *state;

	exchange(f);
	server_close(f);
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	exchange(f);
	assert_int_equal(f->counts.n_resent, 0);
	assert_int_equal(f->counts.n_reconnects, 1);
}

/* The close is on its way when the request is sent: the client cannot know. */
static void a_request_that_met_a_close_on_a_used_connection_is_sent_again_once(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	exchange(f);
	server_close(f);
	send_body(f, "[1]", 3);
	server_accept(f);
	server_read(f, "[1]", request, sizeof(request));
	assert_int_equal(f->n_done, 1);
	assert_int_equal(f->counts.n_resent, 1);
	server_close(f);
	wait_done(f, 2);
	assert_int_equal(f->result.outcome, CLIENT_CLOSED_EARLY);
	assert_int_equal(f->counts.n_resent, 1);
}

static void a_close_on_a_fresh_connection_is_a_failure(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	send_body(f, "{}", 2);
	server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	server_close(f);
	wait_done(f, 1);
	assert_int_equal(f->result.outcome, CLIENT_CLOSED_EARLY);
	assert_true(client_is_available(f->client));
}

static void a_close_within_an_answer_is_a_failure_and_nothing_is_sent_again(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	exchange(f);
	send_body(f, "{}", 2);
	server_read(f, "{}", request, sizeof(request));
	server_write(f, "HTTP/1.1 2");
	server_close(f);
	wait_done(f, 2);
	assert_int_equal(f->result.outcome, CLIENT_CLOSED_EARLY);
	assert_int_equal(f->counts.n_resent, 0);
}

static void an_answer_before_the_end_of_the_request_counts(void **state)
{
	static char body[8 << 20];
	struct fixture *f = *state;

	memset(body, ' ', sizeof(body));
	send_body(f, body, sizeof(body));
	server_accept(f);
	turn_until(f, f->fd, 0);
	server_write(f, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	wait_done(f, 1);
	assert_int_equal(f->result.outcome, CLIENT_ANSWERED);
	assert_int_equal(f->result.status, 413);
	server_close(f);
	exchange(f);
	assert_int_equal(f->counts.n_connects, 2);
}

static void retry_after_is_handed_on(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	send_body(f, "{}", 2);
	server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	server_write(f, "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
	wait_done(f, 1);
	assert_int_equal(f->result.status, 503);
	assert_int_equal(f->result.retry_after_s, 3);
}

static void what_is_not_http_is_a_bad_answer(void **state)
{
	struct fixture *f = *state;
	char request[1024];

	send_body(f, "{}", 2);
	server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	server_write(f, "SSH-2.0-OpenSSH\r\n");
	wait_done(f, 1);
	assert_int_equal(f->result.outcome, CLIENT_BAD_ANSWER);
}

static void a_silent_server_is_a_timeout(void **state)
{
	struct fixture *f = *state;
	char request[1024];
	uint64_t now_us = clock_mono_us();

	send_body(f, "{}", 2);
	server_accept(f);
	server_read(f, "{}", request, sizeof(request));
	client_sweep(f->client, now_us, TIMEOUT_US);
	assert_int_equal(f->n_done, 0);
	client_sweep(f->client, now_us + 2 * TIMEOUT_US, TIMEOUT_US);
	assert_int_equal(f->n_done, 1);
	assert_int_equal(f->result.outcome, CLIENT_TIMED_OUT);
	assert_true(client_is_available(f->client));
}

static void after_a_refused_connect_the_client_rests(void **state)
{
	struct fixture *f = *state;

	close(f->listen_fd);
	f->listen_fd = -1;
	send_body(f, "{}", 2);
	wait_done(f, 1);
	assert_int_equal(f->result.outcome, CLIENT_CONNECT_FAILED);
	assert_int_equal(f->result.first_byte_us, 0);
	assert_false(client_is_available(f->client));
	client_sweep(f->client, clock_mono_us(), TIMEOUT_US);
	assert_false(client_is_available(f->client));
	client_sweep(f->client, clock_mono_us() + US_PER_S, TIMEOUT_US);
	assert_true(client_is_available(f->client));
}

static void an_abort_ends_what_is_in_flight(void **state)
{
	struct fixture *f = *state;

	client_abort(f->client);
	assert_int_equal(f->n_done, 0);
	send_body(f, "{}", 2);
	server_accept(f);
	client_abort(f->client);
	assert_int_equal(f->n_done, 1);
	assert_int_equal(f->result.outcome, CLIENT_ABORTED);
}

static void a_target_is_a_plain_http_url(void **state UNUSED)
{
	static const struct {
		const char *url;
		int expected;
	} cases[] = {
		{ "http://127.0.0.1:8080/x", 0 },
		{ "http://[::1]:8080", 0 },
		{ "https://127.0.0.1/x", 0 },
		{ "127.0.0.1:8080", TARGET_E_URL },
		{ "", TARGET_E_URL },
		{ "http://", TARGET_E_URL },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target target;

		if (target_init(&target, cases[i].url, &as_json, NULL) != cases[i].expected)
			fail_msg("unexpected answer to %s", cases[i].url);
		target_deinit(&target);
	}
}

static void a_target_takes_the_path_and_the_head_of_its_format(void **state UNUSED)
{
	static const struct {
		const char *url;
		struct target_body body;
		int expected;
		const char *line, *field;
	} cases[] = {
		{ "http://127.0.0.1:1",
		  { FORMAT_BULK, COMPRESS_GZIP },
		  0,
		  "POST /_bulk HTTP",
		  "\r\nContent-Encoding: gzip\r\nContent-Type: application/x-ndjson\r\n" },
		{ "http://127.0.0.1:1/es/_bulk",
		  { FORMAT_BULK, COMPRESS_NONE },
		  0,
		  "POST /es/_bulk HTTP",
		  "\r\nContent-Type: application/x-ndjson\r\n" },
		{ "http://127.0.0.1:1",
		  { FORMAT_HEC_RAW, COMPRESS_ZLIB },
		  0,
		  "POST /services/collector/raw?host=weir-loadgen HTTP",
		  "\r\nContent-Encoding: deflate\r\n" },
		{ "http://127.0.0.1:1/x",
		  { FORMAT_LOKI_PROTO, COMPRESS_SNAPPY },
		  0,
		  "POST /x HTTP",
		  "weir-loadgen/" WEIR_VERSION "\r\nContent-Type: application/x-protobuf" },
		{ "http://127.0.0.1:1",
		  { FORMAT_OTLP_PROTO, COMPRESS_SNAPPY },
		  0,
		  "POST /v1/logs HTTP",
		  "\r\nContent-Encoding: snappy\r\n" },
		{ "http://127.0.0.1:1/ingest",
		  { FORMAT_TEXT, COMPRESS_NONE },
		  0,
		  "POST /ingest HTTP",
		  "\r\nContent-Type: text/plain\r\n" },
		{ "http://127.0.0.1:1/ingest",
		  { FORMAT_BULK, COMPRESS_NONE },
		  TARGET_E_FORMAT,
		  "",
		  "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct target target;

		assert_int_equal(target_init(&target, cases[i].url, &cases[i].body, NULL),
				 cases[i].expected);
		assert_non_null(strstr(buf_str(&target.head), cases[i].line));
		assert_non_null(strstr(buf_str(&target.head), cases[i].field));
		target_deinit(&target);
	}
}

static void a_target_without_a_path_is_ingest(void **state UNUSED)
{
	struct target target;

	assert_int_equal(target_init(&target, "http://[::1]:8080", &as_json, NULL), 0);
	assert_non_null(
		strstr(buf_str(&target.head), "POST /ingest HTTP/1.1\r\nHost: [::1]:8080\r\n"));
	assert_null(strstr(buf_str(&target.head), "Authorization"));
	target_deinit(&target);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_a_post_with_length_type_and_token),
		TEST(a_connection_is_used_again),
		TEST(connection_close_is_no_failure_and_makes_a_reconnect),
		TEST(an_idle_connection_that_was_closed_is_left_quietly),
		TEST(a_request_that_met_a_close_on_a_used_connection_is_sent_again_once),
		TEST(a_close_on_a_fresh_connection_is_a_failure),
		TEST(a_close_within_an_answer_is_a_failure_and_nothing_is_sent_again),
		TEST(an_answer_before_the_end_of_the_request_counts),
		TEST(retry_after_is_handed_on),
		TEST(what_is_not_http_is_a_bad_answer),
		TEST(a_silent_server_is_a_timeout),
		TEST(after_a_refused_connect_the_client_rests),
		TEST(an_abort_ends_what_is_in_flight),
		cmocka_unit_test(a_target_is_a_plain_http_url),
		cmocka_unit_test(a_target_takes_the_path_and_the_head_of_its_format),
		cmocka_unit_test(a_target_without_a_path_is_ingest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
