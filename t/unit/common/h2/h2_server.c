/* The server's side of HTTP/2, against a client without a socket. */
#include "common/h2/h2_server.h"

#include "common/clock.h"
#include "common/h2/h2_answer.h"
#include "t/unit/common/h2/h2_client.h"

/* A server that answers each request with its body. */
struct side {
	struct h2_server server;
	struct h2_client client;
	struct h2_answer answer; /* of the one stream that there is */
	int32_t id;
	bool refuses;
	bool answers_early; /* when the header section is here */
	size_t n_charged, max_charged;
	uint64_t now_us;
	char told[256]; /* "head/1 body end close " */
};

static struct side *of(struct h2_server *h)
{
	return CONTAINER_OF(h, struct side, server);
}

static void tell(struct side *s, const char *text)
{
	strncat(s->told, text, sizeof(s->told) - strlen(s->told) - 1);
}

static void answer(struct side *s)
{
	buf_append_str(&s->answer.text, "\r\n");
	assert_int_equal(h2_answer_submit(s->server.session, s->id, &s->answer, false), 0);
}

static void *on_begin(struct h2_server *h, int32_t id)
{
	of(h)->id = id;
	return of(h)->refuses ? NULL : of(h);
}

static void on_head(struct h2_server *h, void *stream, bool has_body)
{
	struct side *s = stream;

	tell(s, has_body ? "head+ " : "head ");
	s->answer.is_call = h->head.is_grpc;
	buf_append_str(&s->answer.text, "HTTP/1.1 200 OK\r\nContent-Type: a\r\n");
	if (s->answers_early)
		answer(s);
}

static void on_body(struct h2_server *h, void *stream, const char *data, size_t len)
{
	struct side *s = stream;

	(void)h;
	tell(s, "body ");
	if (s->answers_early)
		return;
	buf_append_str(&s->answer.text, "\r\n");
	buf_append(&s->answer.text, data, len);
}

static void on_end(struct h2_server *h, void *stream)
{
	struct side *s = stream;

	(void)h;
	tell(s, "end ");
	if (!s->answers_early)
		assert_int_equal(h2_answer_submit(s->server.session, s->id, &s->answer, false), 0);
}

static void on_answered_early(struct h2_server *h, void *stream)
{
	(void)h;
	tell(stream, "early ");
}

static void on_close(struct h2_server *h, void *stream)
{
	(void)h;
	tell(stream, "close ");
}

static bool on_charge(struct h2_server *h, size_t n_bytes)
{
	struct side *s = of(h);

	if (s->n_charged + n_bytes > s->max_charged)
		return false;
	s->n_charged += n_bytes;
	return true;
}

static void on_discharge(struct h2_server *h, size_t n_bytes)
{
	assert_true(of(h)->n_charged >= n_bytes);
	of(h)->n_charged -= n_bytes;
}

static void on_due(struct h2_server *h)
{
	(void)h;
}

static void on_failure(struct h2_server *h, enum h2_failure failure, const char *frame)
{
	tell(of(h), failure == H2_FLOOD ? frame : "failure ");
}

static int start(void **state)
{
	static const struct h2_server_ops ops = { .on_begin = on_begin,
						  .on_head = on_head,
						  .on_body = on_body,
						  .on_end = on_end,
						  .on_answered_early = on_answered_early,
						  .on_close = on_close,
						  .on_charge = on_charge,
						  .on_discharge = on_discharge,
						  .on_due = on_due,
						  .on_failure = on_failure };
	struct side *s = calloc(1, sizeof(*s));

	s->now_us = 1;
	s->max_charged = SIZE_MAX;
	s->server = (struct h2_server){ .ops = &ops, .now_us = &s->now_us, .max_head_bytes = 4096 };
	assert_int_equal(h2_server_start(&s->server, NULL), 0);
	h2_client_init(&s->client);
	*state = s;
	return 0;
}

static int stop(void **state)
{
	struct side *s = *state;

	h2_server_deinit(&s->server);
	assert_int_equal(s->n_charged, 0);
	nghttp2_session_del(s->client.session);
	buf_deinit(&s->answer.text);
	free(s);
	return 0;
}

/* Each side hears what the other has to say, until both are silent. False: the server cannot go on. */
static bool talk(struct side *s)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };
	const uint8_t *data;
	ssize_t n;

	s->client.heard[0] = '\0';
	do {
		buf_clear(&out);
		while ((n = nghttp2_session_mem_send(s->client.session, &data)) > 0)
			if (!h2_server_feed(&s->server, (const char *)data, (size_t)n))
				return false;
		if (!h2_server_render(&s->server, &out, 1 << 16))
			return false;
		if (out.len > 0)
			assert_int_equal(nghttp2_session_mem_recv(s->client.session,
								  (uint8_t *)out.data, out.len),
					 (ssize_t)out.len);
	} while (out.len > 0);
	return true;
}

static void a_request_comes_up_and_its_answer_goes_out(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(talk(s));
	assert_string_equal(s->told, "head+ body end close ");
	assert_string_equal(s->client.heard, "1:200 ");
	assert_string_equal(s->client.data, "hello");
}

static void the_status_of_a_call_follows_its_message(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a/B", "application/grpc", "hello", 5);
	assert_true(talk(s));
	assert_string_equal(s->client.heard, "1:200 1:grpc/0 ");
	assert_string_equal(s->client.data, "hello");
}

static void a_request_that_is_not_taken_may_be_sent_again(void **state)
{
	struct side *s = *state;

	s->refuses = true;
	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(talk(s));
	assert_string_equal(s->client.heard, "1:reset/7 ");
	assert_string_equal(s->told, "");
}

static void an_answer_may_come_before_the_request_is_whole(void **state)
{
	struct side *s = *state;

	s->answers_early = true;
	h2_client_post(&s->client, "/a", "text/plain", "", SIZE_MAX);
	assert_true(talk(s));
	assert_string_equal(s->told, "head+ early ");
	h2_server_reset(&s->server, 1, NGHTTP2_NO_ERROR);
	assert_true(talk(s));
	assert_string_equal(s->told, "head+ early close ");
}

static void the_end_is_said_twice_and_requests_between_are_taken(void **state)
{
	struct side *s = *state;

	assert_true(talk(s));
	assert_false(h2_server_shut_down(&s->server));
	h2_client_post(&s->client, "/a", "text/plain", "", SIZE_MAX); /* on its way already */
	assert_true(talk(s));
	assert_string_equal(s->client.heard, "goaway:2147483647/0 ");
	assert_string_equal(s->told, "head+ ");
	s->now_us += US_PER_S - 1;
	assert_false(h2_server_shut_down(&s->server));
	s->now_us++;
	assert_true(h2_server_shut_down(&s->server));
	assert_true(talk(s));
	assert_string_equal(s->client.heard, "goaway:1/0 ");
	assert_false(h2_server_is_over(&s->server, true));
	assert_true(h2_server_is_over(&s->server, false));
	assert_false(h2_server_stop(&s->server));
}

static void a_flood_ends_it_and_is_named(void **state)
{
	struct side *s = *state;

	assert_true(talk(s));
	for (int i = 0; i < H2_BUDGET_FULL + 10 && !s->server.is_flooded; i++) {
		assert_int_equal(nghttp2_submit_ping(s->client.session, NGHTTP2_FLAG_NONE, NULL),
				 0);
		assert_true(talk(s));
	}
	assert_string_equal(s->told, "PING");
	assert_non_null(strstr(s->client.heard, "goaway:0/11 "));
	assert_true(h2_server_is_over(&s->server, false));
}

#define FRAME(bytes) (bytes), sizeof(bytes) - 1

/* nghttp2 throws them away. */
static void headers_of_a_stream_that_is_over_are_a_flood(void **state)
{
	struct side *s = *state;

	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(talk(s));
	s->told[0] = '\0';
	for (int i = 0; i < H2_BUDGET_FULL + 10; i++)
		assert_true(h2_server_feed(&s->server, FRAME("\0\0\1\1\5\0\0\0\1\x82")));
	assert_string_equal(s->told, "HEADERS");
}

/* A frame of GOAWAY with the code PROTOCOL_ERROR is due. */
static bool ends_with_an_error(struct side *s)
{
	struct buf out CLEANUP(buf_deinit) = { 0 };

	assert_true(h2_server_render(&s->server, &out, 1 << 16));
	return out.len > 0 && memmem(out.data, out.len, "\7\0\0\0\0\0\0\0\0", 9) &&
	       out.data[out.len - 1] == NGHTTP2_PROTOCOL_ERROR;
}

static void what_nghttp2_lets_pass_is_an_error_all_the_same(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool is_error;
	} rows[] = {
		/* PRIORITY of a stream, and of none */
		{ FRAME("\0\0\5\2\0\0\0\0\7\0\0\0\0\7"), false },
		{ FRAME("\0\0\5\2\0\0\0\0\0\0\0\0\0\7"), true },
		/* HEADERS of stream 1, which is over; of 7; of 7, and then of 5, which was left out */
		{ FRAME("\0\0\1\1\5\0\0\0\1\x82"), false },
		{ FRAME("\0\0\1\1\5\0\0\0\7\x82"), false },
		{ FRAME("\0\0\1\1\5\0\0\0\7\x82\0\0\1\1\5\0\0\0\5\x82"), true },
	};
	struct side *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
		assert_true(talk(s));
		assert_true(h2_server_feed(&s->server, rows[i].bytes, rows[i].len));
		assert_int_equal(ends_with_an_error(s), rows[i].is_error);
		stop(state);
		assert_int_equal(start(state), 0);
		s = *state;
	}
}

static void feed(struct side *s, const char *bytes, size_t len)
{
	assert_true(h2_server_feed(&s->server, bytes, len));
}

/* HEADERS of stream 1 with POST, without END_HEADERS; and the rest of it. */
#define HALF FRAME("\0\0\2\1\0\0\0\0\1\x83\x86")
#define REST FRAME("\0\0\4\x9\4\0\0\0\1\x84\x41\1w")
/* "connection: ", which no request of HTTP/2 may have. */
#define BAD                                                                                        \
	FRAME("\0\0\xd\x9\4\0\0\0\1\0\xa"                                                          \
	      "connection\0")

static void a_header_section_is_charged_until_it_is_over(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} ends[] = { { REST }, { BAD } };
	struct side *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		assert_true(talk(s));
		feed(s, HALF);
		assert_true(s->n_charged > 0);
		feed(s, ends[i].bytes, ends[i].len);
		assert_int_equal(s->n_charged, 0);
		stop(state);
		assert_int_equal(start(state), 0);
		s = *state;
	}
	assert_true(talk(s));
	feed(s, HALF); /* it stands until the end */
}

static void a_header_section_without_memory_is_not_taken(void **state)
{
	struct side *s = *state;

	s->max_charged = 100;
	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(talk(s));
	assert_string_equal(s->client.heard, "1:reset/7 ");
	assert_string_equal(s->told, "close ");
	s->told[0] = '\0';
	s->max_charged = SIZE_MAX;
	h2_client_post(&s->client, "/a", "text/plain", "hello", 5);
	assert_true(talk(s));
	assert_string_equal(s->told, "head+ body end close ");
}

/* The server resets it while it comes. */
static void a_header_section_of_a_stream_that_is_gone_is_not_kept(void **state)
{
	struct side *s = *state;
	struct buf out CLEANUP(buf_deinit) = { 0 };

	assert_true(talk(s));
	feed(s, HALF);
	h2_server_reset(&s->server, 1, NGHTTP2_CANCEL);
	assert_true(h2_server_render(&s->server, &out, 1 << 16));
	assert_string_equal(s->told, "close ");
	feed(s, REST);
	assert_int_equal(s->n_charged, 0);
}

static void what_is_no_http2_is_told(void **state)
{
	struct side *s = *state;

	assert_false(h2_server_feed(&s->server, "GET / HTTP/1.1\r\n\r\n and more", 26));
	assert_string_equal(s->told, "failure ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_comes_up_and_its_answer_goes_out, start,
						stop),
		cmocka_unit_test_setup_teardown(the_status_of_a_call_follows_its_message, start,
						stop),
		cmocka_unit_test_setup_teardown(a_request_that_is_not_taken_may_be_sent_again,
						start, stop),
		cmocka_unit_test_setup_teardown(an_answer_may_come_before_the_request_is_whole,
						start, stop),
		cmocka_unit_test_setup_teardown(
			the_end_is_said_twice_and_requests_between_are_taken, start, stop),
		cmocka_unit_test_setup_teardown(a_flood_ends_it_and_is_named, start, stop),
		cmocka_unit_test_setup_teardown(headers_of_a_stream_that_is_over_are_a_flood, start,
						stop),
		cmocka_unit_test_setup_teardown(what_nghttp2_lets_pass_is_an_error_all_the_same,
						start, stop),
		cmocka_unit_test_setup_teardown(a_header_section_is_charged_until_it_is_over, start,
						stop),
		cmocka_unit_test_setup_teardown(a_header_section_without_memory_is_not_taken, start,
						stop),
		cmocka_unit_test_setup_teardown(
			a_header_section_of_a_stream_that_is_gone_is_not_kept, start, stop),
		cmocka_unit_test_setup_teardown(what_is_no_http2_is_told, start, stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
