/* Transfers by HTTP/2 and calls of gRPC, to a server that answers as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/send/h2_link.h"
#include "node/send/sender.h"
#include "t/unit/h2_peer.h"
#include "t/unit/peer.h"

#define MANY 40

struct call {
	struct transfer transfer;
	struct iovec part;
	char error[400], message[64];
	size_t message_len;
	unsigned n_done;
};

struct bench {
	struct event_base *base;
	struct sender *sender;
	struct h2_peer peer;
	struct call calls[MANY];
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->base = event_base_new();
	b->sender = sender_new(b->base, NULL);
	h2_peer_init(&b->peer, b->base);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	sender_free(b->sender);
	h2_peer_deinit(&b->peer);
	event_base_free(b->base);
	free(b);
	return 0;
}

static void on_done(struct transfer *t)
{
	struct call *c = CONTAINER_OF(t, struct call, transfer);

	snprintf(c->error, sizeof(c->error), "%s", t->error);
	c->message_len = t->json_len < sizeof(c->message) ? t->json_len : 0;
	if (c->message_len)
		memcpy(c->message, t->json, c->message_len);
	c->n_done++;
}

static struct call *prepare(struct bench *b, unsigned i, const char *url, const char *method)
{
	struct call *c = &b->calls[i];

	*c = (struct call){ .part = { "\0\0\0\0\1x", 6 } };
	c->transfer =
		(struct transfer){ .url = url,
				   .method = method,
				   .headers = "Weir-Packets: 3\r\nAuthorization: Bearer t\r\n",
				   .parts = &c->part,
				   .n_parts = 1,
				   .len = 6,
				   .connect_ms = 20000,
				   .timeout_ms = 60000,
				   .on_done = on_done };
	return c;
}

static void start(struct bench *b, struct call *c)
{
	assert_int_equal(sender_start(b->sender, &c->transfer), 0);
}

static void wait_for(struct bench *b, struct call *c, enum transfer_result result, int status)
{
	PEER_TURN_UNTIL(b->base, c->n_done);
	assert_int_equal(c->n_done, 1);
	assert_int_equal(c->transfer.result, result);
	assert_int_equal(c->transfer.status, status);
}

static struct call *call(struct bench *b, enum transfer_result result, int status)
{
	struct call *c = prepare(b, 0, b->peer.grpc_url, "/a.B/C");

	start(b, c);
	wait_for(b, c, result, status);
	return c;
}

static void a_post_goes_by_http2(void **state)
{
	struct bench *b = *state;
	struct call *c = prepare(b, 0, b->peer.h2c_url, NULL);

	b->peer.answer = (struct h2_answer){ "503", "retry-after: 7\n", "later", 5 };
	start(b, c);
	wait_for(b, c, TRANSFER_ANSWERED, 503);
	assert_int_equal(c->transfer.retry_after_s, 7);
	assert_true(h2_peer_has(&b->peer, ":method: POST\n"));
	assert_true(h2_peer_has(&b->peer, ":path: /in\n"));
	assert_true(h2_peer_has(&b->peer, "weir-packets: 3\n"));
	assert_int_equal(b->peer.body.len, 6);
}

static void many_share_one_connection(void **state)
{
	struct bench *b = *state;

	b->peer.is_holding = true;
	for (unsigned i = 0; i < MANY; i++)
		start(b, prepare(b, i, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->peer.n_open == MANY);
	assert_int_equal(b->peer.n_conns, 1);
	h2_peer_release(&b->peer);
	for (unsigned i = 0; i < MANY; i++)
		wait_for(b, &b->calls[i], TRANSFER_ANSWERED, 200);
}

static void more_than_the_host_allows_get_another_connection(void **state)
{
	struct bench *b = *state;

	b->peer.max_streams = 2;
	start(b, prepare(b, 0, b->peer.h2c_url, NULL));
	wait_for(b, &b->calls[0], TRANSFER_ANSWERED, 200); /* its settings are known */
	b->peer.is_holding = true;
	for (unsigned i = 1; i <= 4; i++)
		start(b, prepare(b, i, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->peer.n_open == 4);
	assert_in_range(b->peer.n_conns, 2, 3);
	h2_peer_release(&b->peer);
	for (unsigned i = 1; i <= 4; i++)
		wait_for(b, &b->calls[i], TRANSFER_ANSWERED, 200);
}

/* Each is refused, and the connections do not add up. */
static void a_host_that_allows_nothing_gets_nothing(void **state)
{
	struct bench *b = *state;

	b->peer.max_streams = 0;
	start(b, prepare(b, 0, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->calls[0].n_done);
	start(b, prepare(b, 1, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->calls[1].n_done);
	assert_int_equal(b->calls[1].transfer.result, TRANSFER_BROKEN);
	assert_in_range(b->peer.n_conns, 1, 6);
}

/* A packet that ends connections shall not end the streams of others. */
static void one_that_is_alone_has_a_connection_of_its_own(void **state)
{
	struct bench *b = *state;
	struct call *alone = prepare(b, 0, b->peer.h2c_url, NULL);

	alone->transfer.is_fresh = true;
	b->peer.is_holding = true;
	start(b, alone);
	PEER_TURN_UNTIL(b->base, b->peer.n_open == 1);
	start(b, prepare(b, 1, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->peer.n_open == 2);
	assert_int_equal(b->peer.n_conns, 2);
	h2_peer_release(&b->peer);
	wait_for(b, alone, TRANSFER_ANSWERED, 200);
	wait_for(b, &b->calls[1], TRANSFER_ANSWERED, 200);
}

#define OK_TRAILERS "grpc-status: 0\n"

static void a_call_has_what_grpc_wants(void **state)
{
	struct bench *b = *state;
	struct call *c;

	b->peer.answer = (struct h2_answer){ "200", "content-type: application/grpc\n",
					     "\0\0\0\0\2ab", 7, OK_TRAILERS };
	c = call(b, TRANSFER_ANSWERED, 200);
	assert_int_equal(c->message_len, 2);
	assert_memory_equal(c->message, "ab", 2);
	assert_string_equal(c->error, "");
	assert_true(h2_peer_has(&b->peer, ":path: /a.B/C\n"));
	assert_true(h2_peer_has(&b->peer, "content-type: application/grpc\n"));
	assert_true(h2_peer_has(&b->peer, "te: trailers\n"));
	assert_true(h2_peer_has(&b->peer, "grpc-timeout: 60000m\n"));
	assert_true(h2_peer_has(&b->peer, "authorization: Bearer t\n"));
	assert_true(h2_peer_has(&b->peer, "weir-packets: 3\n"));
	assert_int_equal(b->peer.body.len, 6);
}

static void a_refusal_is_told_in_words(void **state)
{
	struct bench *b = *state;
	struct call *c;

	b->peer.answer = (struct h2_answer){
		"200",
		"content-type: application/grpc\ngrpc-status: 14\ngrpc-message: queue is full\n"
		"grpc-status-details-bin: CA4SG1RoaXMgbm9kZSBpcyBzaHV0dGluZyBkb3duLhowCih0eXBlLmdvb2dsZWFw"
		"aXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgQKAggC\n"
	};
	c = call(b, TRANSFER_ANSWERED, 503);
	assert_string_equal(c->error, "UNAVAILABLE: queue is full");
	assert_int_equal(c->transfer.retry_after_s, 2);
	b->peer.answer = (struct h2_answer){ "200", NULL, NULL, 0,
					     "grpc-status: 3\ngrpc-message: no %22time%22\n" };
	c = call(b, TRANSFER_ANSWERED, 400);
	assert_string_equal(c->error, "INVALID_ARGUMENT: no \"time\"");
}

static void what_stands_between_may_answer_by_http(void **state)
{
	struct bench *b = *state;
	struct call *c;

	b->peer.answer = (struct h2_answer){ "503", "content-type: text/plain\nretry-after: 3\n",
					     "sorry", 5 };
	c = call(b, TRANSFER_ANSWERED, 503);
	assert_string_equal(c->error, "HTTP 503 without a grpc-status");
	assert_int_equal(c->transfer.retry_after_s, 3);
}

static void a_broken_answer_is_none(void **state)
{
	static const struct {
		struct h2_answer answer;
		const char *why;
	} cases[] = {
		{ { "200", NULL, "\0\0\0\0\2ab", 7 }, "the answer has no grpc-status" },
		{ { "200", NULL, NULL, 0, OK_TRAILERS }, "the answer has no message" },
		{ { "200", OK_TRAILERS }, "the answer has no message" },
		{ { "200", NULL, "\1\0\0\0\2ab", 7, OK_TRAILERS }, "the answer is compressed" },
		{ { "200", NULL, "\0\0\0\0\3ab", 7, OK_TRAILERS },
		  "the answer is not one message of the length that it tells" },
		{ { "200", NULL, "\0\0\0\0\0\0\0\0\0\0", 10, OK_TRAILERS },
		  "the answer is not one message of the length that it tells" },
		{ { "200", NULL, "\0\xff\xff\xff\xff", 5, OK_TRAILERS },
		  "the answer is not one message of the length that it tells" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		b->peer.answer = cases[i].answer;
		assert_string_equal(call(b, TRANSFER_BROKEN, 0)->error, cases[i].why);
	}
	b->peer.answer = (struct h2_answer){ .status = NULL };
	assert_true(*call(b, TRANSFER_BROKEN, 0)->error);
}

static void endless_answers_end(void **state)
{
	static char bytes[3 << 20];
	struct bench *b = *state;

	b->peer.answer = (struct h2_answer){ "200", NULL, bytes, sizeof(bytes), OK_TRAILERS };
	assert_true(*call(b, TRANSFER_BROKEN, 0)->error);
	b->peer.answer = (struct h2_answer){ "200", NULL, "\0\0\0\0\0", 5, .is_endless = true };
	assert_true(*call(b, TRANSFER_BROKEN, 0)->error);
}

static void a_call_that_is_not_answered_ends_in_time(void **state)
{
	struct bench *b = *state;
	struct call *c = prepare(b, 0, b->peer.grpc_url, "/a.B/C");

	b->peer.is_holding = true;
	c->transfer.timeout_ms = 50;
	start(b, c);
	wait_for(b, c, TRANSFER_TIMEOUT, 0);
	h2_peer_release(&b->peer);
}

/* Its time ends while the connection takes what it still has to say. */
static void those_beside_one_that_times_out_go_on(void **state)
{
	struct bench *b = *state;
	struct call *late = prepare(b, 0, b->peer.grpc_url, "/a.B/C");
	struct call *other = prepare(b, 1, b->peer.h2c_url, NULL);

	b->peer.is_holding = true;
	late->transfer.timeout_ms = 50;
	start(b, late);
	start(b, other);
	wait_for(b, late, TRANSFER_TIMEOUT, 0);
	h2_peer_release(&b->peer);
	wait_for(b, other, TRANSFER_ANSWERED, 200);
	assert_int_equal(b->peer.n_conns, 1);
}

static struct call *post(struct bench *b, unsigned i, uint32_t timeout_ms)
{
	struct call *c = prepare(b, i, b->peer.h2c_url, NULL);

	c->transfer.timeout_ms = timeout_ms;
	start(b, c);
	return c;
}

/* Its host has lost power, and the kernel here takes small requests for it all the same. */
static void a_dead_connection_gets_no_second_request(void **state)
{
	struct bench *b = *state;

	wait_for(b, post(b, 0, 60000), TRANSFER_ANSWERED, 200);
	h2_peer_vanish(&b->peer);
	wait_for(b, post(b, 1, 50), TRANSFER_TIMEOUT, 0);
	wait_for(b, post(b, 2, 60000), TRANSFER_ANSWERED, 200);
	assert_int_equal(b->peer.n_conns, 2);
	PEER_TURN_UNTIL(b->base, h2_peer_is_left(&b->peer, 0));
}

static void what_is_under_way_on_a_silent_connection_goes_on(void **state)
{
	struct bench *b = *state;
	struct call *late, *other, *next;

	wait_for(b, post(b, 0, 60000), TRANSFER_ANSWERED, 200);
	b->peer.is_holding = true;
	other = post(b, 1, 60000);
	late = post(b, 2, 50);
	wait_for(b, late, TRANSFER_TIMEOUT, 0);
	next = post(b, 3, 60000);
	PEER_TURN_UNTIL(b->base, b->peer.n_conns == 2);
	assert_false(h2_peer_is_left(&b->peer, 0));
	h2_peer_release(&b->peer);
	wait_for(b, other, TRANSFER_ANSWERED, 200);
	wait_for(b, next, TRANSFER_ANSWERED, 200);
	PEER_TURN_UNTIL(b->base, h2_peer_is_left(&b->peer, 0));
}

static void a_connection_that_answers_others_is_kept(void **state)
{
	struct bench *b = *state;
	struct call *late;
	bool is_in_time;

	wait_for(b, post(b, 0, 60000), TRANSFER_ANSWERED, 200);
	b->peer.is_holding = true;
	late = post(b, 1, 300);
	PEER_TURN_UNTIL(b->base, b->peer.n_open == 1);
	b->peer.is_holding = false;
	wait_for(b, post(b, 2, 60000), TRANSFER_ANSWERED, 200);
	is_in_time = !late->n_done; /* a busy machine may be late */
	wait_for(b, late, TRANSFER_TIMEOUT, 0);
	wait_for(b, post(b, 3, 60000), TRANSFER_ANSWERED, 200);
	assert_true(b->peer.n_conns == 1 || !is_in_time);
}

/* Until 2^30 requests are sent nobody can wait, so the first one gets one of the last ids. */
static int32_t first_id;
int __real_h2_streams_init(struct h2_streams *s);
int __wrap_h2_streams_init(struct h2_streams *s);
int __wrap_h2_streams_init(struct h2_streams *s)
{
	int r = __real_h2_streams_init(s);

	if (r == 0 && first_id)
		assert_int_equal(nghttp2_session_set_next_stream_id(s->session, first_id), 0);
	return r;
}

static void a_connection_that_has_no_more_ids_gives_way_to_another(void **state)
{
	struct bench *b = *state;

	first_id = H2_LINK_LAST_ID - 2;
	for (unsigned i = 0; i < 5; i++) {
		struct call *c = prepare(b, i, b->peer.h2c_url, NULL);

		start(b, c);
		wait_for(b, c, TRANSFER_ANSWERED, 200);
	}
	first_id = 0;
	assert_int_equal(b->peer.n_conns, 3);
}

static void what_met_the_end_of_an_idle_connection_is_sent_again(void **state)
{
	struct bench *b = *state;
	struct call *c = prepare(b, 0, b->peer.h2c_url, NULL);

	start(b, c);
	wait_for(b, c, TRANSFER_ANSWERED, 200);
	h2_peer_hang_up(&b->peer);
	c = prepare(b, 1, b->peer.h2c_url, NULL);
	start(b, c);
	wait_for(b, c, TRANSFER_ANSWERED, 200);
	assert_int_equal(b->peer.n_conns, 2);
}

static void nobody_there_is_no_connection(void **state)
{
	struct bench *b = *state;
	struct call *c = prepare(b, 0, "h2c://127.0.0.1:1/x", NULL);

	start(b, c);
	wait_for(b, c, TRANSFER_CONNECT, 0);
	assert_true(*c->error);
	c = prepare(b, 1, "grpc://no-such-host.invalid:1", "/a.B/C");
	start(b, c);
	wait_for(b, c, TRANSFER_CONNECT, 0);
	assert_non_null(strstr(c->error, "no-such-host.invalid"));
}

/* What is under way, and what waits for a connection, ends with the sender. */
static void the_end_of_the_sender_ends_all(void **state)
{
	struct bench *b = *state;

	b->peer.is_holding = true;
	start(b, prepare(b, 0, b->peer.h2c_url, NULL));
	PEER_TURN_UNTIL(b->base, b->peer.n_open == 1);
	start(b, prepare(b, 1, b->peer.h2c_url, NULL));
	start(b, prepare(b, 2, "h2c://127.0.0.1:1/x", NULL));
	sender_free(b->sender);
	b->sender = NULL;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(b->calls[i].n_done, 1);
		assert_int_equal(b->calls[i].transfer.result, TRANSFER_BROKEN);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_post_goes_by_http2),
		TEST(many_share_one_connection),
		TEST(more_than_the_host_allows_get_another_connection),
		TEST(a_host_that_allows_nothing_gets_nothing),
		TEST(one_that_is_alone_has_a_connection_of_its_own),
		TEST(a_call_has_what_grpc_wants),
		TEST(a_refusal_is_told_in_words),
		TEST(what_stands_between_may_answer_by_http),
		TEST(a_broken_answer_is_none),
		TEST(endless_answers_end),
		TEST(a_call_that_is_not_answered_ends_in_time),
		TEST(those_beside_one_that_times_out_go_on),
		TEST(a_dead_connection_gets_no_second_request),
		TEST(what_is_under_way_on_a_silent_connection_goes_on),
		TEST(a_connection_that_answers_others_is_kept),
		TEST(what_met_the_end_of_an_idle_connection_is_sent_again),
		TEST(a_connection_that_has_no_more_ids_gives_way_to_another),
		TEST(nobody_there_is_no_connection),
		TEST(the_end_of_the_sender_ends_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
