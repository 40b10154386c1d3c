/* How much of an answer is kept, by both ways of sending. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/http/http_conn.h"
#include "common/http/http_response.h"
#include "t/unit/node/send/sending.h"

#define PIECE_BYTES 16000u
#define PIECES 10u
#define LONG_BYTES (PIECE_BYTES * PIECES)

/* The peer answers with LONG_BYTES of that type. */
static void serve_long(struct sending *s, const char *type)
{
	struct peer *peer = &s->fixture->peer;
	char head[128], piece[PIECE_BYTES + 1];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %u\r\n\r\n", type,
		 LONG_BYTES);
	sending_serve(s->fixture, head);
	memset(piece, 'x', PIECE_BYTES);
	piece[PIECE_BYTES] = '\0';
	for (unsigned i = 0; i < PIECES; i++) {
		peer_write(peer, piece);
		peer_turn(s->fixture->base);
	}
	sending_wait(s, TRANSFER_ANSWERED, 200);
}

static void get_long(void **state, size_t keep_max, const char *type, struct sending **sp)
{
	struct sending_fixture *f = *state;

	*sp = sending_prepare(f, 0, NULL);
	(*sp)->transfer.keep_max = keep_max;
	assert_int_equal(sending_start(*sp), 0);
	serve_long(*sp, type);
}

static void a_long_answer_of_any_type_is_kept_whole(void **state)
{
	struct sending *s;

	assert_true(LONG_BYTES > HTTP_RESPONSE_KEEP_BYTES);
	get_long(state, LONG_BYTES, "application/vnd.elasticsearch+json", &s);
	assert_int_equal(s->kept_len, LONG_BYTES);
	assert_false(s->was_cut);
}

static void of_a_longer_one_the_front_is_kept(void **state)
{
	struct sending *s;

	get_long(state, LONG_BYTES - 1, "application/json", &s);
	assert_int_equal(s->kept_len, LONG_BYTES - 1);
	assert_true(s->was_cut && s->was_long);
}

static struct sending *get(void **state, const char *answer)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);

	s->transfer.keep_max = 100;
	assert_int_equal(sending_start(s), 0);
	sending_serve(f, answer);
	peer_close(&f->peer);
	sending_wait(s, TRANSFER_ANSWERED, 200);
	return s;
}

/* Its status counts, and who asks for its body learns that it is not whole. */
static void one_that_ends_before_its_end_is_cut(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct sending *s = get(state, answers[i]);

		assert_true(s->was_cut && !s->was_long);
	}
	assert_false(get(state, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")->was_cut);
	assert_false(get(state, "HTTP/1.1 200 OK\r\n\r\n{}")->was_cut);
}

#define TINY_CHUNK "10\r\n0123456789abcdef\r\n"

/* What stands between its bytes counts, too: fewer of these are kept than are asked for. */
static void one_of_tiny_chunks_is_too_long(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);

	s->transfer.keep_max = HTTP_CONN_MAX_ANSWER;
	assert_int_equal(sending_start(s), 0);
	sending_serve(f, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (unsigned n_bytes = 0; !s->n_done; n_bytes += strlen(TINY_CHUNK)) {
		assert_true(n_bytes < 2 * HTTP_CONN_MAX_ANSWER);
		peer_write(&f->peer, TINY_CHUNK);
		if (n_bytes % 4096 < strlen(TINY_CHUNK))
			event_base_loop(f->base, EVLOOP_NONBLOCK);
	}
	sending_wait(s, TRANSFER_ANSWERED, 200);
	assert_in_range(s->kept_len, 1, HTTP_CONN_MAX_ANSWER - 1);
	assert_true(s->was_cut && s->was_long);
}

static void one_that_does_not_end_in_time_is_cut(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_prepare(f, 0, NULL);

	s->transfer.keep_max = 100;
	s->transfer.timeout_ms = 300;
	assert_int_equal(sending_start(s), 0);
	sending_serve(f, "HTTP/1.1 200 OK\r\n\r\n");
	sending_wait(s, TRANSFER_ANSWERED, 200);
	assert_true(s->was_cut);
}

static void json_alone_is_kept_where_nothing_is_asked(void **state)
{
	struct sending_fixture *f = *state;
	struct sending *s = sending_post(f, 0);

	sending_serve(f, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
			 "Content-Length: 2\r\n\r\n{}");
	sending_wait(s, TRANSFER_ANSWERED, 200);
	assert_int_equal(s->kept_len, 2);
	s = sending_post(f, 1);
	sending_serve(f, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			 "Content-Length: 2\r\n\r\nok");
	sending_wait(s, TRANSFER_ANSWERED, 200);
	assert_int_equal(s->kept_len, 0);
	assert_false(s->was_cut);
}

#define BOTH(test)                                                                                 \
	{ #test, test, sending_setup_plain, sending_teardown, NULL },                              \
	{                                                                                          \
#test " (TLS)", test, sending_setup_tls, sending_teardown, NULL                    \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_long_answer_of_any_type_is_kept_whole),
		BOTH(of_a_longer_one_the_front_is_kept),
		BOTH(one_that_ends_before_its_end_is_cut),
		BOTH(one_of_tiny_chunks_is_too_long),
		BOTH(one_that_does_not_end_in_time_is_cut),
		BOTH(json_alone_is_kept_where_nothing_is_asked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/sender_answers", tests, NULL, NULL);
}
