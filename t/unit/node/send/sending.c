#include "t/unit/node/send/sending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state, bool by_curl)
{
	struct sending_fixture *f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	if (by_curl)
		f->curl = sender_curl_new(f->base, NULL, NULL, false);
	else
		f->plain = sender_plain_new(f->base, NULL);
	assert_true(f->curl || f->plain);
	peer_init(&f->peer, f->base, "127.0.0.1:0");
	*state = f;
	return 0;
}

int sending_setup_plain(void **state)
{
	return set_up(state, false);
}

int sending_setup_curl(void **state)
{
	return set_up(state, true);
}

void sending_end(struct sending_fixture *f)
{
	f->is_ending = true;
	sender_plain_free(f->plain);
	sender_curl_free(f->curl);
	f->plain = NULL;
	f->curl = NULL;
}

int sending_teardown(void **state)
{
	struct sending_fixture *f = *state;

	sending_end(f);
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
	s->n_done++;
	if (s->then)
		assert_int_equal(sending_start(s->then) == 0, !s->fixture->is_ending);
}

struct sending *sending_prepare(struct sending_fixture *f, unsigned i, const char *url)
{
	struct sending *s = &f->all[i];

	*s = (struct sending){ .fixture = f, .part = { "[1]", 3 } };
	s->transfer = (struct transfer){ .url = url ? url : f->peer.url,
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
	r = f->curl ? sender_curl_start(f->curl, &s->transfer)
		    : sender_plain_start(f->plain, &s->transfer);
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
