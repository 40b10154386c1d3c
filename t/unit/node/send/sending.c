#include "t/unit/node/send/sending.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_up_tls(struct sending_fixture *f)
{
	struct tls_config config = { .role = TLS_CLIENT, .ca = f->ca };
	char why[TLS_WHY_SIZE];

	signal(SIGPIPE, SIG_IGN);
	certs_init(&f->certs);
	certs_write(&f->certs, "server",
		    &(struct cert_spec){ .cn = "server", .names = "IP:127.0.0.1" });
	snprintf(f->ca, sizeof(f->ca), "%s", certs_path(&f->certs, "ca.pem"));
	assert_int_equal(tls_context_new(&config, &f->tls, why), 0);
	tls_relay_init(&f->relay, f->base, &f->peer.addr, &f->certs, "server");
}

static int set_up(void **state, bool by_tls)
{
	struct sending_fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	peer_init(&f->peer, f->base, "127.0.0.1:0");
	if (by_tls)
		set_up_tls(f);
	f->plain = sender_plain_new(f->base, NULL, f->tls);
	assert_non_null(f->plain);
	*state = f;
	return 0;
}

int sending_setup_plain(void **state)
{
	return set_up(state, false);
}

int sending_setup_tls(void **state)
{
	return set_up(state, true);
}

void sending_end(struct sending_fixture *f)
{
	f->is_ending = true;
	sender_plain_free(f->plain);
	f->plain = NULL;
}

int sending_teardown(void **state)
{
	struct sending_fixture *f = *state;

	sending_end(f);
	if (f->tls) {
		tls_relay_deinit(&f->relay);
		certs_deinit(&f->certs);
	}
	tls_context_free(f->tls);
	peer_deinit(&f->peer);
	event_base_free(f->base);
	free(f);
	return 0;
}

static void on_done(struct transfer *t)
{
	struct sending *s = CONTAINER_OF(t, struct sending, transfer);

	assert_false(s->fixture->inside_start);
	assert_true(t->ended_us >= t->started_us && t->started_us);
	snprintf(s->error, sizeof(s->error), "%s", t->error);
	s->kept_len = t->json_len;
	s->was_cut = t->is_json_cut;
	s->was_long = t->is_json_long;
	s->n_done++;
	if (s->then)
		assert_int_equal(sending_start(s->then) == 0, !s->fixture->is_ending);
}

struct sending *sending_prepare(struct sending_fixture *f, unsigned i, const char *url)
{
	struct sending *s = &f->all[i];

	*s = (struct sending){ .fixture = f, .part = { "[1]", 3 } };
	s->transfer = (struct transfer){ .url = url      ? url
						: f->tls ? f->relay.https_url
							 : f->peer.url,
					 .headers = SENDING_HEADERS,
					 .parts = &s->part,
					 .n_parts = 1,
					 .len = 3,
					 .connect_ms = 2000,
					 .timeout_ms = 10000,
					 .on_done = on_done };
	return s;
}

int sending_start(struct sending *s)
{
	struct sending_fixture *f = s->fixture;
	bool was_inside = f->inside_start;
	int r;

	f->inside_start = true;
	r = sender_plain_start(f->plain, &s->transfer);
	f->inside_start = was_inside;
	return r;
}

struct sending *sending_post(struct sending_fixture *f, unsigned i)
{
	struct sending *s = sending_prepare(f, i, NULL);

	assert_int_equal(sending_start(s), 0);
	return s;
}

void sending_wait(struct sending *s, enum transfer_result result, int status)
{
	PEER_TURN_UNTIL(s->fixture->base, s->n_done);
	assert_int_equal(s->n_done, 1);
	assert_int_equal(s->transfer.result, result);
	assert_int_equal(s->transfer.status, status);
	assert_int_equal(!*s->error, result == TRANSFER_ANSWERED);
}

void sending_serve(struct sending_fixture *f, const char *answer)
{
	char request[1024];

	if (f->peer.fd < 0)
		peer_accept(&f->peer);
	peer_read(&f->peer, "[1]", request, sizeof(request));
	peer_write(&f->peer, answer);
}
