/* https:// and grpcs://: what the handshake agrees on, and handshakes and connections that go wrong. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/tls/tls_context.h"
#include "node/send/sender.h"
#include "t/unit/h2_peer.h"
#include "t/unit/peer.h"
#include "t/unit/tls_relay.h"

#define MANY 20
#define CALL_BODY "\0\0\0\0\1x"

static struct certs certs;

struct sent {
	struct transfer transfer;
	struct iovec part;
	char error[400];
	unsigned n_done;
};

struct bench {
	struct event_base *base;
	struct tls_context *tls;
	char ca[256];
	struct sender *sender;
	struct h2_peer h2;
	struct peer peer;        /* of HTTP/1.1 */
	struct tls_relay modern; /* before h2 */
	struct tls_relay old;    /* before peer */
	struct sent all[MANY];
};

static int set_up_group(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	certs_init(&certs);
	certs_write(&certs, "good", &(struct cert_spec){ .cn = "good", .names = "IP:127.0.0.1" });
	certs_write(&certs, "late",
		    &(struct cert_spec){ .cn = "late",
					 .names = "IP:127.0.0.1",
					 .from_s = -9 * CERTS_DAY_S,
					 .until_s = -CERTS_DAY_S });
	certs_write(&certs, "other",
		    &(struct cert_spec){ .cn = "other", .names = "DNS:other.example" });
	return 0;
}

static int tear_down_group(void **state)
{
	(void)state;
	certs_deinit(&certs);
	return 0;
}

static void make_sender(struct bench *b)
{
	struct tls_config config = { .role = TLS_CLIENT, .ca = b->ca, .alpn = SENDER_PROTOCOL };
	char why[TLS_WHY_SIZE];

	assert_int_equal(tls_context_new(&config, &b->tls, why), 0);
	b->sender = sender_new(b->base, NULL);
	assert_non_null(b->sender);
	sender_set_tls(b->sender, b->tls);
}

static struct net_addr addr_of(const struct h2_peer *p)
{
	struct net_addr addr;

	assert_int_equal(net_local_addr(p->listen_fd, &addr), 0);
	return addr;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct net_addr addr;

	b->base = event_base_new();
	snprintf(b->ca, sizeof(b->ca), "%s", certs_path(&certs, "ca.pem"));
	make_sender(b);
	h2_peer_init(&b->h2, b->base);
	peer_init(&b->peer, b->base, "127.0.0.1:0");
	addr = addr_of(&b->h2);
	tls_relay_init(&b->modern, b->base, &addr, &certs, "good");
	b->modern.protocol = "h2";
	tls_relay_init(&b->old, b->base, &b->peer.addr, &certs, "good");
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	sender_free(b->sender);
	tls_context_free(b->tls);
	tls_relay_deinit(&b->modern);
	tls_relay_deinit(&b->old);
	h2_peer_deinit(&b->h2);
	peer_deinit(&b->peer);
	event_base_free(b->base);
	free(b);
	return 0;
}

static void on_done(struct transfer *t)
{
	struct sent *s = CONTAINER_OF(t, struct sent, transfer);

	snprintf(s->error, sizeof(s->error), "%s", t->error);
	s->n_done++;
}

/* A POST, or, where the URL is of gRPC, a call. */
static struct sent *post(struct bench *b, unsigned i, const char *url)
{
	struct sent *s = &b->all[i];

	*s = (struct sent){ .part = { CALL_BODY, sizeof(CALL_BODY) - 1 } };
	s->transfer = (struct transfer){ .url = url,
					 .method = strncmp(url, "grpcs", 5) == 0 ? "/a.B/C" : NULL,
					 .headers = "Weir-Packets: 3\r\n",
					 .parts = &s->part,
					 .n_parts = 1,
					 .len = sizeof(CALL_BODY) - 1,
					 .connect_ms = 20000,
					 .timeout_ms = 60000,
					 .on_done = on_done };
	assert_int_equal(sender_start(b->sender, &s->transfer), 0);
	return s;
}

static void wait_for(struct bench *b, struct sent *s, enum transfer_result result, int status)
{
	PEER_TURN_UNTIL(b->base, s->n_done);
	assert_int_equal(s->n_done, 1);
	if (s->transfer.result != result)
		fail_msg("it ended otherwise: %s", s->error);
	assert_int_equal(s->transfer.status, status);
}

/* The peer's part: it takes a connection if asked to, reads a request and answers. */
static void serve(struct bench *b, bool is_new)
{
	char request[1024];

	if (is_new)
		peer_accept(&b->peer);
	peer_read(&b->peer, "x", request, sizeof(request));
	peer_write(&b->peer, PEER_OK);
}

/* ---- what is agreed on ---- */

static void a_server_that_agrees_to_http2_gets_streams_of_one_connection(void **state)
{
	struct bench *b = *state;

	for (unsigned i = 0; i < MANY; i++)
		post(b, i, b->modern.https_url);
	for (unsigned i = 0; i < MANY; i++)
		wait_for(b, &b->all[i], TRANSFER_ANSWERED, 200);
	assert_int_equal(b->modern.n_accepted, 1);
	assert_true(h2_peer_has(&b->h2, ":scheme: https\n"));
	assert_true(h2_peer_has(&b->h2, ":path: /in\n"));
	assert_true(h2_peer_has(&b->h2, "weir-packets: 3\n"));
}

static void a_call_goes_by_http2(void **state)
{
	struct bench *b = *state;

	b->h2.answer = (struct h2_answer){ "200",
					   "content-type: application/grpc\n",
					   CALL_BODY,
					   sizeof(CALL_BODY) - 1,
					   "grpc-status: 0\n",
					   false };
	wait_for(b, post(b, 0, b->modern.grpcs_url), TRANSFER_ANSWERED, 200);
	assert_true(h2_peer_has(&b->h2, ":path: /a.B/C\n"));
	assert_true(h2_peer_has(&b->h2, ":scheme: https\n"));
}

static void a_body_of_a_megabyte_arrives_whole(void **state)
{
	struct bench *b = *state;
	size_t len = 1u << 20;
	char *body = malloc(len);
	struct sent *s = &b->all[0];

	memset(body, 'b', len);
	*s = (struct sent){ .part = { body, len } };
	s->transfer = (struct transfer){ .url = b->modern.https_url,
					 .parts = &s->part,
					 .n_parts = 1,
					 .len = len,
					 .connect_ms = 20000,
					 .timeout_ms = 60000,
					 .on_done = on_done };
	assert_int_equal(sender_start(b->sender, &s->transfer), 0);
	wait_for(b, s, TRANSFER_ANSWERED, 200);
	assert_int_equal(b->h2.body.len, len);
	free(body);
}

/* The first connection asks; what it has learned is kept. */
static void a_server_of_http1_gets_requests_by_it(void **state)
{
	struct bench *b = *state;
	struct sent *s = post(b, 0, b->old.https_url);

	PEER_TURN_UNTIL(b->base, b->old.n_accepted == 2);
	peer_accept(&b->peer); /* the one that was asked on */
	serve(b, true);
	wait_for(b, s, TRANSFER_ANSWERED, 202);
	s = post(b, 1, b->old.https_url);
	serve(b, false);
	wait_for(b, s, TRANSFER_ANSWERED, 202);
	assert_int_equal(b->old.n_accepted, 2);
}

static void all_that_wait_for_the_handshake_go_on_by_http1(void **state)
{
	struct bench *b = *state;

	b->old.protocol = "http/1.1";
	for (unsigned i = 0; i < 4; i++)
		post(b, i, b->old.https_url);
	PEER_TURN_UNTIL(b->base, b->old.n_accepted == 5);
	peer_accept(&b->peer);
	for (unsigned i = 0; i < 4; i++)
		serve(b, true);
	for (unsigned i = 0; i < 4; i++)
		wait_for(b, &b->all[i], TRANSFER_ANSWERED, 202);
}

static void a_host_that_took_no_connection_is_asked_again(void **state)
{
	struct bench *b = *state;
	struct sent *s = post(b, 0, b->old.https_url);

	PEER_TURN_UNTIL(b->base, b->old.n_accepted == 2);
	peer_accept(&b->peer);
	serve(b, true);
	wait_for(b, s, TRANSFER_ANSWERED, 202);
	peer_close(&b->peer);
	peer_refuse(&b->peer);
	PEER_TURN_UNTIL(b->base, !b->old.conns[0] && !b->old.conns[1]);
	wait_for(b, post(b, 1, b->old.https_url), TRANSFER_CONNECT, 0);
	b->old.to = addr_of(&b->h2);
	b->old.protocol = "h2";
	wait_for(b, post(b, 2, b->old.https_url), TRANSFER_ANSWERED, 200);
}

static void a_call_needs_http2(void **state)
{
	struct bench *b = *state;
	struct sent *s = post(b, 0, b->old.grpcs_url);

	wait_for(b, s, TRANSFER_CONNECT, 0);
	assert_string_equal(s->error, "its handshake does not agree to HTTP/2");
}

/* ---- handshakes that fail ---- */

static void fails_with(struct bench *b, const char *url, const char *words)
{
	struct sent *s = post(b, 0, url);

	wait_for(b, s, TRANSFER_CONNECT, 0);
	if (!strstr(s->error, words))
		fail_msg("'%s' does not say '%s'", s->error, words);
}

static void a_certificate_that_is_not_believed_is_no_connection(void **state)
{
	static const struct {
		const char *name, *words;
	} wrong[] = { { "late", "its certificate is refused: certificate has expired" },
		      { "other", "its certificate is refused: IP address mismatch" } };
	struct bench *b = *state;
	struct net_addr to = addr_of(&b->h2);

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct tls_relay relay;

		tls_relay_init(&relay, b->base, &to, &certs, wrong[i].name);
		relay.protocol = "h2";
		fails_with(b, relay.https_url, wrong[i].words);
		fails_with(b, relay.grpcs_url, wrong[i].words);
		tls_relay_deinit(&relay);
	}
	assert_int_equal(b->h2.n_requests, 0);
}

static void an_unknown_authority_is_no_connection(void **state)
{
	struct bench *b = *state;
	struct certs strangers;
	struct tls_relay relay;
	struct net_addr to = addr_of(&b->h2);

	certs_init(&strangers);
	certs_write(&strangers, "x", &(struct cert_spec){ .cn = "x", .names = "IP:127.0.0.1" });
	tls_relay_init(&relay, b->base, &to, &strangers, "x");
	fails_with(b, relay.https_url, "its certificate is refused: ");
	tls_relay_deinit(&relay);
	certs_deinit(&strangers);
}

/* With TLS 1.3 the client has greeted already when it hears of it. */
static void who_has_no_certificate_hears_why(void **state)
{
	struct bench *b = *state;
	struct sent *s;

	tls_relay_ask(&b->modern, &certs);
	s = post(b, 0, b->modern.https_url);
	PEER_TURN_UNTIL(b->base, s->n_done);
	assert_int_equal(s->transfer.status, 0);
	assert_true(s->transfer.result != TRANSFER_ANSWERED);
	if (!strstr(s->error, "certificate required"))
		fail_msg("'%s'", s->error);
}

static void a_server_that_says_nothing_is_no_connection(void **state)
{
	struct bench *b = *state;
	char url[64];
	struct sent *s = &b->all[0];
	unsigned char first;

	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", net_addr_port(&b->peer.addr));
	*s = (struct sent){ .n_done = 0 };
	s->transfer = (struct transfer){
		.url = url, .connect_ms = 200, .timeout_ms = 60000, .on_done = on_done
	};
	assert_int_equal(sender_start(b->sender, &s->transfer), 0);
	peer_accept(&b->peer);
	peer_read_bytes(&b->peer, (char *)&first, 1);
	assert_int_equal(first, 0x16); /* it greets */
	wait_for(b, s, TRANSFER_CONNECT, 0);
	assert_string_equal(s->error, "no connection in time");
}

static void of_what_is_no_tls_the_words_say_so(void **state)
{
	static const char *const says[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x03",
					    "" };
	struct bench *b = *state;
	char urls[2][64];

	snprintf(urls[0], sizeof(urls[0]), "https://127.0.0.1:%u/", net_addr_port(&b->peer.addr));
	snprintf(urls[1], sizeof(urls[1]), "grpcs://127.0.0.1:%u", net_addr_port(&b->peer.addr));
	for (unsigned i = 0; i < ARRAY_LEN(says) * ARRAY_LEN(urls); i++) {
		struct sent *s = post(b, 0, urls[i % 2]);

		peer_accept(&b->peer);
		peer_read_bytes(&b->peer, NULL, 32);
		peer_write(&b->peer, says[i / 2]);
		peer_close(&b->peer);
		wait_for(b, s, TRANSFER_CONNECT, 0);
		assert_true(strncmp(s->error, "TLS: ", 5) == 0 || strstr(s->error, "reset"));
	}
}

static void the_end_of_the_sender_within_a_handshake_is_fine(void **state)
{
	struct bench *b = *state;
	char url[64];
	struct sent *s;

	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", net_addr_port(&b->peer.addr));
	s = post(b, 0, url);
	peer_accept(&b->peer);
	peer_read_bytes(&b->peer, NULL, 32);
	sender_free(b->sender);
	b->sender = NULL;
	assert_int_equal(s->n_done, 1);
	assert_int_equal(s->transfer.result, TRANSFER_BROKEN);
}

/* ---- connections that stand ---- */

static void garbage_breaks_what_is_under_way(void **state)
{
	struct bench *b = *state;
	struct sent *s = post(b, 0, b->modern.https_url);

	b->h2.is_holding = true;
	PEER_TURN_UNTIL(b->base, b->h2.n_open == 1);
	tls_relay_spoil(&b->modern);
	wait_for(b, s, TRANSFER_BROKEN, 0);
	assert_int_equal(strncmp(s->error, "TLS: ", 5), 0);

	s = post(b, 1, b->old.https_url);
	PEER_TURN_UNTIL(b->base, b->old.n_accepted == 2);
	peer_accept(&b->peer);
	peer_accept(&b->peer);
	peer_read_bytes(&b->peer, NULL, 32);
	tls_relay_spoil(&b->old);
	wait_for(b, s, TRANSFER_BROKEN, 0);
	assert_int_equal(strncmp(s->error, "TLS: ", 5), 0);
}

static void idle_connections_that_are_closed_are_made_anew(void **state)
{
	struct bench *b = *state;

	wait_for(b, post(b, 0, b->modern.https_url), TRANSFER_ANSWERED, 200);
	h2_peer_hang_up(&b->h2);
	wait_for(b, post(b, 1, b->modern.https_url), TRANSFER_ANSWERED, 200);
	assert_int_equal(b->modern.n_accepted, 2);
}

static void keys_may_be_changed(void **state)
{
	struct bench *b = *state;

	wait_for(b, post(b, 0, b->modern.https_url), TRANSFER_ANSWERED, 200);
	tls_relay_greet_again(&b->modern);
	wait_for(b, post(b, 1, b->modern.https_url), TRANSFER_ANSWERED, 200);
	assert_int_equal(b->modern.n_accepted, 1);
}

/* TLS 1.2 lets a server ask for it. OpenSSL's server ends a connection whose client refuses that. */
static void a_renegotiation_does_not_take_place(void **state)
{
	struct bench *b = *state;
	struct sent *s;

	tls_relay_age(&b->modern);
	b->h2.is_holding = true;
	s = post(b, 0, b->modern.https_url);
	PEER_TURN_UNTIL(b->base, b->h2.n_open == 1);
	tls_relay_greet_again(&b->modern);
	wait_for(b, s, TRANSFER_BROKEN, 0);
	assert_int_equal(b->modern.alert, SSL_AD_NO_RENEGOTIATION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_agrees_to_http2_gets_streams_of_one_connection),
		TEST(a_call_goes_by_http2),
		TEST(a_body_of_a_megabyte_arrives_whole),
		TEST(a_server_of_http1_gets_requests_by_it),
		TEST(all_that_wait_for_the_handshake_go_on_by_http1),
		TEST(a_host_that_took_no_connection_is_asked_again),
		TEST(a_call_needs_http2),
		TEST(a_certificate_that_is_not_believed_is_no_connection),
		TEST(an_unknown_authority_is_no_connection),
		TEST(who_has_no_certificate_hears_why),
		TEST(a_server_that_says_nothing_is_no_connection),
		TEST(of_what_is_no_tls_the_words_say_so),
		TEST(the_end_of_the_sender_within_a_handshake_is_fine),
		TEST(garbage_breaks_what_is_under_way),
		TEST(idle_connections_that_are_closed_are_made_anew),
		TEST(keys_may_be_changed),
		TEST(a_renegotiation_does_not_take_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender_tls", tests, set_up_group, tear_down_group);
}
