#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/http_conn.h"
#include "t/unit/peer.h"

#define HEAD "POST /in HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n"
#define MANY_PARTS 3000

struct fixture {
	struct event_base *base;
	struct http_conn_owner owner;
	struct http_conn conn;
	struct peer peer;
	struct iovec parts[MANY_PARTS];
	enum http_conn_outcome outcome;
	unsigned n_done, n_connected, n_idle_closes;
	bool inside_send;
};

static void on_done(struct http_conn *c, enum http_conn_outcome outcome)
{
	struct fixture *f = CONTAINER_OF(c, struct fixture, conn);

	assert_false(f->inside_send);
	assert_true(c->state == HTTP_CONN_READY || c->state == HTTP_CONN_CLOSED);
	f->outcome = outcome;
	f->n_done++;
}

static void on_idle_close(struct http_conn *c)
{
	CONTAINER_OF(c, struct fixture, conn)->n_idle_closes++;
}

static void on_connected(struct http_conn *c)
{
	CONTAINER_OF(c, struct fixture, conn)->n_connected++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	f->owner = (struct http_conn_owner){ .base = f->base,
					     .on_done = on_done,
					     .on_idle_close = on_idle_close,
					     .on_connected = on_connected };
	http_conn_init(&f->conn, &f->owner);
	peer_init(&f->peer, f->base, "127.0.0.1:0");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	http_conn_deinit(&f->conn);
	peer_deinit(&f->peer);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void send_parts(struct fixture *f, size_t n_parts)
{
	const struct http_request request = { .head = { HEAD, strlen(HEAD) },
					      .parts = f->parts,
					      .n_parts = n_parts };

	f->inside_send = true;
	http_conn_send(&f->conn, &f->peer.addr, &request);
	f->inside_send = false;
}

static void send_text(struct fixture *f, const char *text)
{
	f->parts[0] = (struct iovec){ (char *)text, strlen(text) };
	send_parts(f, 1);
}

static void wait_done(struct fixture *f, enum http_conn_outcome outcome)
{
	unsigned n = f->n_done;

	PEER_TURN_UNTIL(f->base, f->n_done > n);
	assert_int_equal(f->n_done, n + 1);
	assert_int_equal(f->outcome, outcome);
}

/* A first request and its answer: the connection is a used one then. */
static void exchange(struct fixture *f)
{
	char request[256];

	send_text(f, "{}");
	if (f->conn.state == HTTP_CONN_CONNECTING)
		peer_accept(&f->peer);
	peer_read(&f->peer, "{}", request, sizeof(request));
	assert_string_equal(request, HEAD "{}");
	peer_write(&f->peer, PEER_OK);
	wait_done(f, HTTP_CONN_ANSWERED);
}

static void a_connection_is_used_again(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		exchange(f);
	assert_int_equal(f->n_connected, 1);
	assert_int_equal(f->conn.n_answers, 5);
	assert_true(f->conn.first_byte_us > 0);
}

/* More than one sendmsg takes, empty ones among them. */
static void parts_arrive_in_their_order_however_many_they_are(void **state)
{
	static char sent[MANY_PARTS * 2], got[sizeof(HEAD) - 1 + sizeof(sent)];
	struct fixture *f = *state;
	size_t n_bytes = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < MANY_PARTS; i++) {
		f->parts[i] = (struct iovec){ sent + n_bytes, i % 3 };
		n_bytes += i % 3;
	}
	send_parts(f, MANY_PARTS);
	peer_accept(&f->peer);
	peer_read_bytes(&f->peer, got, strlen(HEAD) + n_bytes);
	assert_memory_equal(got, HEAD, strlen(HEAD));
	assert_memory_equal(got + strlen(HEAD), sent, n_bytes);
	peer_write(&f->peer, PEER_OK);
	wait_done(f, HTTP_CONN_ANSWERED);
	assert_int_equal(f->conn.state, HTTP_CONN_READY);
}

/* Far more than the sockets hold, so it is written piece by piece. */
static void a_slow_reader_gets_it_all(void **state)
{
	const size_t n_each = 100000, n_parts = 200;
	struct fixture *f = *state;
	char *sent = malloc(n_each), *got = malloc(n_each);

	for (size_t i = 0; i < n_each; i++)
		sent[i] = (char)(i % 251);
	for (size_t i = 0; i < n_parts; i++)
		f->parts[i] = (struct iovec){ sent, n_each };
	send_parts(f, n_parts);
	peer_accept(&f->peer);
	PEER_TURN_UNTIL(f->base, f->conn.state == HTTP_CONN_SENDING && f->conn.part > 1);
	peer_read_bytes(&f->peer, NULL, strlen(HEAD));
	for (size_t i = 0; i < n_parts; i++) {
		peer_read_bytes(&f->peer, got, n_each);
		assert_memory_equal(got, sent, n_each);
	}
	peer_write(&f->peer, PEER_OK);
	wait_done(f, HTTP_CONN_ANSWERED);
	free(sent);
	free(got);
}

static void an_answer_before_the_end_of_the_request_counts(void **state)
{
	static char body[16 << 20];
	struct fixture *f = *state;

	f->parts[0] = (struct iovec){ body, sizeof(body) };
	send_parts(f, 1);
	peer_accept(&f->peer);
	PEER_TURN_UNTIL(f->base, f->conn.state == HTTP_CONN_SENDING);
	peer_write(&f->peer, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	wait_done(f, HTTP_CONN_ANSWERED);
	assert_int_equal(f->conn.response.status, 413);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
}

static void an_idle_connection_that_ends_is_told(void **state)
{
	struct fixture *f = *state;

	exchange(f);
	peer_close(&f->peer);
	PEER_TURN_UNTIL(f->base, f->n_idle_closes == 1);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
	exchange(f);
	peer_write(&f->peer, "HTTP/1.1 408 Idle\r\n\r\n");
	PEER_TURN_UNTIL(f->base, f->n_idle_closes == 2);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
}

/* The close is on its way when the request is sent: nobody can know. */
static void a_close_that_meets_a_request_on_a_used_connection_is_stale(void **state)
{
	struct fixture *f = *state;

	exchange(f);
	peer_close(&f->peer);
	send_text(f, "{}");
	wait_done(f, HTTP_CONN_STALE);
	exchange(f);
	peer_reset(&f->peer);
	send_text(f, "{}");
	wait_done(f, HTTP_CONN_STALE);
}

static void a_close_on_a_fresh_connection_is_early(void **state)
{
	struct fixture *f = *state;

	char request[256];

	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_read(&f->peer, "{}", request, sizeof(request));
	peer_reset(&f->peer);
	wait_done(f, HTTP_CONN_CLOSED_EARLY);
}

static void a_close_within_an_answer_counts_from_the_status_line_on(void **state)
{
	static const struct {
		const char *bytes;
		enum http_conn_outcome outcome;
	} starts[] = {
		{ "H", HTTP_CONN_CLOSED_EARLY },
		{ "HTTP/1.1 202 OK", HTTP_CONN_CLOSED_EARLY },
		{ "HTTP/1.1 202 OK\r\nContent-Length: 5\r\n\r\n1234", HTTP_CONN_ANSWERED },
		{ "HTTP/1.1 202 OK\r\nTransfer-Encoding: chunked\r\n\r\n4", HTTP_CONN_ANSWERED },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		exchange(f);
		send_text(f, "{}");
		peer_write(&f->peer, starts[i].bytes);
		peer_close(&f->peer);
		wait_done(f, starts[i].outcome);
	}
}

static void an_answer_may_end_with_the_connection(void **state)
{
	struct fixture *f = *state;

	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_write(&f->peer, "HTTP/1.0 200 OK\r\n\r\nall of it");
	peer_turn(f->base);
	assert_int_equal(f->n_done, 0);
	shutdown(f->peer.fd, SHUT_WR);
	wait_done(f, HTTP_CONN_ANSWERED);
	assert_int_equal(f->conn.response.status, 200);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
}

static void what_follows_an_answer_spoils_the_connection(void **state)
{
	struct fixture *f = *state;

	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_write(&f->peer, PEER_OK PEER_OK);
	wait_done(f, HTTP_CONN_ANSWERED);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
}

static void what_is_not_http_is_a_bad_answer(void **state)
{
	struct fixture *f = *state;

	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_write(&f->peer, "SSH-2.0-OpenSSH\r\n");
	wait_done(f, HTTP_CONN_BAD_ANSWER);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
}

static void an_endless_answer_is_broken_off(void **state)
{
	char bytes[8192];
	struct fixture *f = *state;
	size_t n_bytes = 0;

	memset(bytes, 'x', sizeof(bytes));
	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_write(&f->peer, "HTTP/1.1 200 OK\r\n\r\n");
	while (!f->n_done) {
		ssize_t n = send(f->peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);

		n_bytes += n > 0 ? (size_t)n : 0;
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_true(n_bytes < 64u * HTTP_CONN_MAX_ANSWER);
	}
	assert_int_equal(f->outcome, HTTP_CONN_ANSWERED);
	assert_int_equal(f->conn.state, HTTP_CONN_CLOSED);
	assert_true(n_bytes > HTTP_CONN_MAX_ANSWER);
}

static void a_refused_connect_says_why(void **state)
{
	struct fixture *f = *state;

	peer_refuse(&f->peer);
	send_text(f, "{}");
	wait_done(f, HTTP_CONN_CONNECT_FAILED);
	assert_int_equal(f->conn.error, ECONNREFUSED);
	assert_int_equal(f->conn.first_byte_us, 0);
	assert_int_equal(f->n_connected, 0);
}

/* connect itself fails: told from the loop all the same. */
static void a_connect_that_fails_at_once_is_told_later(void **state)
{
	struct fixture *f = *state;

	f->peer.addr.sa.ss_family = AF_UNIX;
	send_text(f, "{}");
	assert_int_equal(f->n_done, 0);
	wait_done(f, HTTP_CONN_CONNECT_FAILED);
	assert_true(f->conn.error > 0);
}

static void closing_ends_it_without_a_word(void **state)
{
	struct fixture *f = *state;
	char request[256];

	send_text(f, "{}");
	peer_accept(&f->peer);
	peer_read(&f->peer, "{}", request, sizeof(request));
	http_conn_close(&f->conn, "test");
	peer_write(&f->peer, PEER_OK);
	peer_turn(f->base);
	assert_int_equal(f->n_done, 0);
	f->peer.addr.sa.ss_family = AF_UNIX;
	send_text(f, "{}");
	http_conn_close(&f->conn, "test");
	peer_turn(f->base);
	assert_int_equal(f->n_done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connection_is_used_again),
		TEST(parts_arrive_in_their_order_however_many_they_are),
		TEST(a_slow_reader_gets_it_all),
		TEST(an_answer_before_the_end_of_the_request_counts),
		TEST(an_idle_connection_that_ends_is_told),
		TEST(a_close_that_meets_a_request_on_a_used_connection_is_stale),
		TEST(a_close_on_a_fresh_connection_is_early),
		TEST(a_close_within_an_answer_counts_from_the_status_line_on),
		TEST(an_answer_may_end_with_the_connection),
		TEST(what_follows_an_answer_spoils_the_connection),
		TEST(what_is_not_http_is_a_bad_answer),
		TEST(an_endless_answer_is_broken_off),
		TEST(a_refused_connect_says_why),
		TEST(a_connect_that_fails_at_once_is_told_later),
		TEST(closing_ends_it_without_a_word),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/http_conn", tests, NULL, NULL);
}
