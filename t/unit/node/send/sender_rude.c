/*
 * Servers that refuse, cut, stall, or say too much or too early, as both backends of the sender
 * meet them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "t/unit/node/send/sending.h"

/* The close is on its way when the request is sent: the sender cannot know. */
static void what_meets_a_close_on_a_used_connection_is_sent_again(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *first = sending_post(f, 0), *second;

	sending_serve(f, PEER_OK);
	sending_wait(first, TRANSFER_ANSWERED, 202);
	peer_close(&f->peer);
	second = sending_post(f, 1);
	sending_serve(f, PEER_OK);
	sending_wait(second, TRANSFER_ANSWERED, 202);
}

static void it_is_sent_again_once(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *first = sending_post(f, 0), *second;
	char request[1024];

	sending_serve(f, PEER_OK);
	sending_wait(first, TRANSFER_ANSWERED, 202);
	peer_close(&f->peer);
	second = sending_post(f, 1);
	peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	peer_close(&f->peer);
	sending_wait(second, TRANSFER_BROKEN, 0);
	assert_false(peer_is_called(&f->peer));
}

static void what_has_no_status_line_is_broken(void **state)
{
	static const char *const answers[] = { "", "HTTP/1.1 2", "SSH-2.0-OpenSSH\r\n" };
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		struct sending *s = sending_post(f, i);

		sending_serve(f, answers[i]);
		peer_close(&f->peer);
		sending_wait(s, TRANSFER_BROKEN, 0);
	}
}

static void a_status_line_is_enough(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n1234",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		struct sending *s = sending_post(f, i);

		sending_serve(f, answers[i]);
		peer_close(&f->peer);
		sending_wait(s, TRANSFER_ANSWERED, 200);
	}
}

static void a_reset_is_broken(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_post(f, 0);

	sending_serve(f, "");
	peer_reset(&f->peer);
	sending_wait(s, TRANSFER_BROKEN, 0);
}

static void an_endless_answer_is_broken_off(void **state)
{
	static char bytes[8192];
	struct sending_fixture *f = *state;
	struct sending *s = sending_post(f, 0);
	size_t n_bytes = 0;

	memset(bytes, 'x', sizeof(bytes));
	sending_serve(f, "HTTP/1.1 200 OK\r\n\r\n");
	while (!s->n_done) {
		ssize_t n = send(f->peer.fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL);

		n_bytes += n > 0 ? (size_t)n : 0;
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_true(n_bytes < 64u << 20);
	}
	sending_wait(s, TRANSFER_ANSWERED, 200);
	assert_true(n_bytes + 100 > 1u << 20);
}

static void an_early_answer_counts(void **state)
{
	static char body[16 << 20];
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);

	s->part = (struct iovec){ body, sizeof(body) };
	s->transfer.len = sizeof(body);
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	peer_read_bytes(&f->peer, NULL, 100);
	peer_write(&f->peer,
		   "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	sending_wait(s, TRANSFER_ANSWERED, 413);
}

static void nobody_listening_is_no_connection(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s;

	peer_refuse(&f->peer);
	s = sending_post(f, 0);
	sending_wait(s, TRANSFER_CONNECT, 0);
}

static void no_answer_in_time_is_a_timeout(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	uint64_t took_us;

	s->transfer.timeout_ms = 100;
	assert_int_equal(sending_start(s), 0);
	sending_serve(f, "HTTP/1.1 200");
	sending_wait(s, TRANSFER_TIMEOUT, 0);
	took_us = s->transfer.ended_us - s->transfer.started_us;
	assert_true(took_us >= 100 * US_PER_MS);
}

static void a_status_line_in_time_is_an_answer(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);

	s->transfer.timeout_ms = 1000; /* the answer never ends: that is when it is told */
	assert_int_equal(sending_start(s), 0);
	sending_serve(f, "HTTP/1.1 200 OK\r\n");
	sending_wait(s, TRANSFER_ANSWERED, 200);
}

/* Its queue of connections is full, so the kernel answers no more. */
static void no_connection_in_time_is_no_connection(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	int fds[8];

	assert_int_equal(listen(f->peer.listen_fd, 0), 0);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		assert_int_equal(net_connect(&f->peer.addr, &fds[i]), 0);
	s->transfer.connect_ms = 200;
	assert_int_equal(sending_start(s), 0);
	sending_wait(s, TRANSFER_CONNECT, 0);
	assert_true(s->transfer.ended_us - s->transfer.started_us >= 200 * US_PER_MS);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
}

#define PLAIN(test)                                                                                \
	{                                                                                          \
#test, test, sending_setup_plain, sending_teardown, NULL                           \
	}
#define BOTH(test)                                                                                 \
	PLAIN(test),                                                                               \
	{                                                                                          \
#test " (TLS)", test, sending_setup_tls, sending_teardown, NULL                    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(what_meets_a_close_on_a_used_connection_is_sent_again),
		BOTH(it_is_sent_again_once),
		BOTH(what_has_no_status_line_is_broken),
		BOTH(a_status_line_is_enough),
		BOTH(a_reset_is_broken),
		BOTH(an_endless_answer_is_broken_off),
		BOTH(an_early_answer_counts),
		BOTH(nobody_listening_is_no_connection),
		BOTH(no_answer_in_time_is_a_timeout),
		BOTH(a_status_line_in_time_is_an_answer),
		BOTH(no_connection_in_time_is_no_connection),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender_rude", tests, NULL, NULL);
}
