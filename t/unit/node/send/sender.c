#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/send/sender.h"
#include "t/unit/node/send/sending.h"

#define CRLF "\r\n"

static void a_post_carries_its_headers_and_its_body(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_post(f, 0);
	char request[1024];

	peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	assert_ptr_equal(strstr(request, "POST /in HTTP/1.1\r\nHost: 127.0.0.1:"), request);
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nWeir-Packets: 3\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(request, "\r\n\r\n[1]"));
	assert_null(strstr(request, "Expect"));
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	assert_true(s->transfer.ended_us - s->transfer.started_us < PEER_WAIT_US);
}

/* Of a request as it came, whose agent said none. */
static void no_media_type_is_made_up(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	char request[1024];

	s->transfer.headers = "Weir-Packets: 1\r\n";
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	assert_non_null(strstr(request, "\r\nWeir-Packets: 1\r\n"));
	assert_null(strstr(request, "Content-Type"));
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
}

static void without_parts_it_is_a_get(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	char request[1024];

	s->transfer.parts = NULL;
	s->transfer.n_parts = s->transfer.len = 0;
	s->transfer.headers = NULL;
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	peer_read(&f->peer, "\r\n\r\n", request, sizeof(request));
	assert_ptr_equal(strstr(request, "GET /in HTTP/1.1\r\nHost: 127.0.0.1:"), request);
	assert_null(strstr(request, "Content-Length"));
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
}

static void the_path_is_as_in_the_url(void **state)
{
	static const char *const cases[][2] = {
		{ "", "/" }, { "/", "/" }, { "?a=b", "/?a=b" }, { "/a/b?c=/d#e/f", "/a/b?c=/d" }
	};
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		char url[256], line[64], request[1024];
		const char *whole = f->tls ? f->relay.https_url : f->peer.url; /* ends with "/in" */
		struct sending *s;

		snprintf(url, sizeof(url), "%.*s%s", (int)strlen(whole) - 3, whole, cases[i][0]);
		snprintf(line, sizeof(line), "POST %s HTTP/1.1\r\n", cases[i][1]);
		s = sending_prepare(f, i, url);
		assert_int_equal(sending_start(s), 0);
		if (i == 0)
			peer_accept(&f->peer);
		peer_read(&f->peer, "[1]", request, sizeof(request));
		assert_ptr_equal(strstr(request, line), request);
		peer_write(&f->peer, PEER_OK);
		sending_wait(s, TRANSFER_ANSWERED, 202);
	}
}

static void a_body_of_many_parts_arrives_whole(void **state)
{
	static struct iovec parts[200];
	static char numbers[200][8], got[4096];
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	char expected[2048] = "";

	s->transfer.len = 0;
	for (unsigned i = 0; i < 200; i++) {
		int n = snprintf(numbers[i], sizeof(numbers[i]), "%u%s", i, i == 199 ? "]" : ",");

		parts[i] = (struct iovec){ numbers[i], (size_t)n };
		s->transfer.len += (size_t)n;
		strcat(expected, numbers[i]);
	}
	s->transfer.parts = parts;
	s->transfer.n_parts = 200;
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	peer_read(&f->peer, "]", got, sizeof(got));
	assert_string_equal(strstr(got, "\r\n\r\n") + 4, expected);
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
}

static void a_slow_reader_gets_it_all(void **state)
{
	const size_t n_each = 200000;
	static struct iovec parts[100];
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);
	char *sent = malloc(n_each), *got = malloc(n_each), c, end[4] = "";

	for (size_t i = 0; i < n_each; i++)
		sent[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		parts[i] = (struct iovec){ sent, n_each };
	s->transfer.parts = parts;
	s->transfer.n_parts = ARRAY_LEN(parts);
	s->transfer.len = n_each * ARRAY_LEN(parts);
	assert_int_equal(sending_start(s), 0);
	peer_accept(&f->peer);
	for (int i = 0; i < 20; i++) /* the sockets fill up */
		peer_turn(f->base);
	while (memcmp(end, CRLF CRLF, 4) != 0) {
		peer_read_bytes(&f->peer, &c, 1);
		memmove(end, end + 1, 3);
		end[3] = c;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		peer_read_bytes(&f->peer, got, n_each);
		assert_memory_equal(got, sent, n_each);
	}
	peer_write(&f->peer, PEER_OK);
	sending_wait(s, TRANSFER_ANSWERED, 202);
	free(sent);
	free(got);
}

static void a_connection_is_used_again(void **state)
{
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < SENDING_MAX; i++) {
		struct sending *s = sending_post(f, i);

		sending_serve(f, PEER_OK);
		sending_wait(s, TRANSFER_ANSWERED, 202);
	}
	assert_false(peer_is_called(&f->peer));
}

static void every_form_of_answer_is_read(void **state)
{
	static const struct {
		const char *answer;
		int status;
		bool keeps; /* the connection is used for the next one */
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200,
		  true },
		{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n", 204, true },
		{ "HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nno!", 404, true },
		{ "HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 301, true },
		{ "HTTP/1.1 202 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 202, false },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200, false },
	};
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct sending *s = sending_post(f, i);

		sending_serve(f, cases[i].answer);
		sending_wait(s, TRANSFER_ANSWERED, cases[i].status);
		if (!cases[i].keeps)
			peer_close(&f->peer);
	}
}

static void an_answer_may_end_with_the_connection(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_post(f, 0);

	sending_serve(f, "HTTP/1.1 200 OK\r\n\r\nsomething");
	peer_close(&f->peer);
	sending_wait(s, TRANSFER_ANSWERED, 200);
}

static void retry_after_is_handed_on(void **state)
{
	static const struct {
		const char *value;
		uint32_t seconds;
	} cases[] = { { "7", 7 },
		      { "100", TRANSFER_MAX_RETRY_AFTER_S },
		      { "0", 0 },
		      { "Fri, 31 Dec 2100 23:59:59 GMT", 0 } };
	struct sending_fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
		struct sending *s = sending_post(f, i);
		char answer[256];

		snprintf(answer, sizeof(answer),
			 "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
			 cases[i].value);
		sending_serve(f, answer);
		sending_wait(s, TRANSFER_ANSWERED, 503);
		assert_int_equal(s->transfer.retry_after_s, cases[i].seconds);
	}
}

static void many_are_under_way_at_once_and_end_by_themselves(void **state)
{
	struct sending_fixture *f = *state;
	int fds[4];

	for (unsigned i = 0; i < 4; i++)
		sending_post(f, i);
	for (unsigned i = 0; i < 4; i++) {
		peer_accept(&f->peer);
		fds[i] = f->peer.fd;
		f->peer.fd = -1;
	}
	for (unsigned i = 4; i-- > 0;) {
		f->peer.fd = fds[i];
		sending_serve(f, PEER_OK);
	}
	for (unsigned i = 0; i < 4; i++)
		sending_wait(&f->all[i], TRANSFER_ANSWERED, 202);
	for (unsigned i = 1; i < 4; i++)
		close(fds[i]);
}

static void the_end_of_one_may_start_another(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *first = sending_prepare(f, 0, NULL), *second = sending_prepare(f, 1, NULL);

	first->then = second;
	assert_int_equal(sending_start(first), 0);
	sending_serve(f, PEER_OK);
	sending_serve(f, PEER_OK);
	sending_wait(second, TRANSFER_ANSWERED, 202);
	assert_false(peer_is_called(&f->peer));
}

static void at_the_end_all_are_broken_and_none_is_started(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *connecting, *waiting, *idle = sending_post(f, 0);
	char request[1024];

	sending_serve(f, PEER_OK);
	sending_wait(idle, TRANSFER_ANSWERED, 202);
	waiting = sending_post(f, 1);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	connecting = sending_post(f, 2);
	waiting->then = sending_prepare(f, 3, NULL);
	sending_end(f);
	sending_wait(waiting, TRANSFER_BROKEN, 0);
	sending_wait(connecting, TRANSFER_BROKEN, 0);
	assert_int_equal(idle->n_done, 1);
	assert_int_equal(waiting->then->n_done, 0);
}

/* ---- which backend ---- */

static unsigned n_ended;

static void on_done(struct transfer *t UNUSED)
{
	n_ended++;
}

static void https_begins_with_a_handshake(void **state)
{
	struct sending_fixture *f = *state;
	struct sender *s = sender_new(f->base, NULL);
	char url[64];
	struct transfer t = {
		.url = url, .connect_ms = 5000, .timeout_ms = 5000, .on_done = on_done
	};
	unsigned char first;

	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", net_addr_port(&f->peer.addr));
	n_ended = 0;
	assert_int_equal(sender_start(s, &t), 0);
	peer_accept(&f->peer);
	peer_read_bytes(&f->peer, (char *)&first, 1);
	assert_int_equal(first, 0x16); /* a TLS handshake */
	peer_close(&f->peer);
	PEER_TURN_UNTIL(f->base, n_ended == 1);
	assert_int_equal(t.result, TRANSFER_CONNECT);
	sender_free(s);
}

static void http_is_spoken_whatever_the_case_of_its_name(void **state)
{
	struct sending_fixture *f = *state;
	struct sender *s = sender_new(f->base, NULL);
	char url[64], request[256];
	struct transfer t = {
		.url = url, .connect_ms = 5000, .timeout_ms = 5000, .on_done = on_done
	};

	snprintf(url, sizeof(url), "HTTP://127.0.0.1:%u/x", net_addr_port(&f->peer.addr));
	assert_int_equal(sender_start(s, &t), 0);
	peer_accept(&f->peer);
	peer_read(&f->peer, "\r\n\r\n", request, sizeof(request));
	peer_write(&f->peer, PEER_OK);
	n_ended = 0;
	PEER_TURN_UNTIL(f->base, n_ended == 1);
	assert_int_equal(t.status, 202);
	sender_free(s);
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
		BOTH(a_post_carries_its_headers_and_its_body),
		BOTH(no_media_type_is_made_up),
		BOTH(without_parts_it_is_a_get),
		BOTH(the_path_is_as_in_the_url),
		BOTH(a_body_of_many_parts_arrives_whole),
		BOTH(a_slow_reader_gets_it_all),
		BOTH(a_connection_is_used_again),
		BOTH(every_form_of_answer_is_read),
		BOTH(an_answer_may_end_with_the_connection),
		BOTH(retry_after_is_handed_on),
		BOTH(many_are_under_way_at_once_and_end_by_themselves),
		BOTH(the_end_of_one_may_start_another),
		BOTH(at_the_end_all_are_broken_and_none_is_started),
		PLAIN(https_begins_with_a_handshake),
		PLAIN(http_is_spoken_whatever_the_case_of_its_name),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender", tests, NULL, NULL);
}
