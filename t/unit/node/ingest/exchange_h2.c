/* Requests by HTTP/2: a transcript of what the client hears is compared. No socket anywhere. */
#include "common/h2/h2_budget.h"
#include "common/http/token_book.h"
#include "t/unit/node/ingest/h2_agent.h"

#define TWO "[{\"a\":1},{\"b\":2}]"

static void a_packet_comes_up_as_it_was_sent_however_it_was_cut(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	for (size_t n_piece = 1; n_piece < 120; n_piece++) {
		struct body body = { TWO, true };

		b->n_packets = 0;
		connect_agent(&a, b);
		post(&a, &body);
		speak_in_pieces(&a, n_piece);
		bench_check_packet(b, TWO, 2);
		assert_string_equal(hear(&a), "");
		bench_accept(b, 0);
		assert_string_equal(hear(&a), "1:202 ");
		hang_up(&a);
	}
}

static void answers_leave_when_they_are_ready(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { { "[1]", true }, { "[2", false }, { "[3]", true }, { "x", true } };
	struct agent a;

	connect_agent(&a, b);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		post(&a, &bodies[i]);
	speak_in_pieces(&a, SIZE_MAX / 4);
	assert_int_equal(b->n_packets, 2);
	assert_string_equal(hear(&a), "7:400 ");
	bench_accept(b, 1);
	assert_string_equal(hear(&a), "5:202 ");
	bench_refuse(b, 0, REFUSAL_SPILL_FULL);
	assert_string_equal(hear(&a), "1:503 ");
	bodies[1] = (struct body){ "]", true };
	assert_int_equal(nghttp2_session_resume_data(a.session, 3), 0);
	speak_in_pieces(&a, SIZE_MAX / 4);
	bench_accept(b, 2);
	assert_string_equal(hear(&a), "3:202 ");
	hang_up(&a);
}

/* Or those who wait beside it would be cut off with the timeout of a header section. */
static void a_malformed_header_section_is_over_when_it_is_refused(void **state)
{
	struct agent_bench *b = *state;
	struct body good = { TWO, true }, bad = { TWO, true };
	struct agent a;

	connect_agent(&a, b);
	post(&a, &good);
	post_with(&a, &bad, "connection", "close");
	speak_in_pieces(&a, SIZE_MAX / 4);
	assert_int_equal(exchange_h2_state(a.h), CONN_WAITING);
	assert_string_equal(hear(&a), "3:reset/1 ");
	assert_int_equal(b->n_packets, 1);
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "1:202 ");
	assert_int_equal(exchange_h2_state(a.h), CONN_IDLE);
	hang_up(&a);
}

static void a_stream_that_is_reset_leaves_its_packet_to_its_fate(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { { "[1]", true }, { "[2", false } };
	struct agent a;

	connect_agent(&a, b);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		post(&a, &bodies[i]);
	speak_in_pieces(&a, 100);
	assert_int_equal(b->n_packets, 1);
	for (int32_t id = 1; id <= 3; id += 2)
		assert_int_equal(nghttp2_submit_rst_stream(a.session, 0, id, NGHTTP2_CANCEL), 0);
	speak_in_pieces(&a, 100);
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "");
	assert_int_equal(exchange_h2_state(a.h), CONN_IDLE);
	hang_up(&a);
}

static void what_is_too_large_costs_its_stream_alone(void **state)
{
	struct agent_bench *b = *state;
	char large[BENCH_MAX_BODY + 2], field[BENCH_MAX_HEAD + 1];
	struct body bodies[] = { { large, true }, { "[2]", true }, { "[3]", true } };
	struct agent a;

	memset(large, ' ', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	memset(field, 'x', sizeof(field) - 1);
	field[sizeof(field) - 1] = '\0';
	connect_agent(&a, b);
	post(&a, &bodies[0]);
	post_with(&a, &bodies[1], "a", field);
	post(&a, &bodies[2]);
	speak_in_pieces(&a, SIZE_MAX / 4);
	bench_accept(b, 0);
	hear(&a);
	assert_non_null(strstr(a.heard, "1:413 "));
	assert_non_null(strstr(a.heard, "3:431 "));
	assert_non_null(strstr(a.heard, "5:202 "));
	hang_up(&a);
}

/* What comes of a packet for which so much memory is left: "1:503 ", or "closed". */
static const char *send_within(struct agent *a, size_t n_left)
{
	struct memory *memory = &a->b->memory;
	size_t n = memory_left(memory) - n_left;
	const uint8_t *data;
	bool is_open = true;
	ssize_t n_bytes;

	assert_true(memory_take(memory, n));
	while (is_open && (n_bytes = nghttp2_session_mem_send(a->session, &data)) > 0)
		is_open = exchange_h2_feed(a->h, (const char *)data, (size_t)n_bytes);
	memory_give(memory, n);
	return is_open ? hear(a) : "closed";
}

static void memory_that_is_used_up_is_503(void **state)
{
	struct agent_bench *b = *state;
	char bytes[1000 + 1];
	unsigned n_refused = 0, n_closed = 0;

	memset(bytes, ' ', sizeof(bytes) - 1);
	bytes[sizeof(bytes) - 1] = '\0';
	for (size_t n_left = 0; n_left < 40000; n_left += 100) {
		struct body body = { bytes, true };
		struct agent a;
		const char *heard;

		connect_agent(&a, b);
		speak_in_pieces(&a, 100);
		hear(&a);
		post_with(&a, &body, "content-length", "1000");
		heard = send_within(&a, n_left);
		n_closed += strcmp(heard, "closed") == 0;
		if (strncmp(heard, "1:503 ", 6) == 0)
			n_refused++;
		hang_up(&a);
	}
	assert_in_range(n_refused, 1, 400);
	assert_in_range(n_closed, 1, 400);
	assert_int_equal(b->n_packets, 0);
}

static void without_memory_for_a_last_word_there_is_none(void **state)
{
	struct agent_bench *b = *state;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct agent a;
	size_t n;

	connect_agent(&a, b);
	speak_in_pieces(&a, 100);
	hear(&a);
	n = memory_left(&b->memory);
	assert_true(memory_take(&b->memory, n));
	exchange_h2_end(a.h, CLOSE_IDLE);
	assert_false(exchange_h2_render(a.h, &out, &a.is_over));
	assert_int_equal(a.connection.close_reason, CLOSE_IDLE);
	memory_give(&b->memory, n);
	hang_up(&a);
}

static void the_end_is_said_twice(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { { "[1]", true }, { "[2]", true }, { "[3]", true } };
	struct agent a;

	connect_agent(&a, b);
	post(&a, &bodies[0]);
	speak_in_pieces(&a, 100);
	exchange_h2_shut_down(a.h);
	post(&a, &bodies[1]); /* on its way before the client hears of it */
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "goaway:2147483647/0 ");
	b->shared.now_us += 2 * US_PER_S;
	exchange_h2_shut_down(a.h);
	assert_string_equal(hear(&a), "goaway:3/0 ");
	assert_false(a.is_over);
	bench_accept(b, 0);
	hear(&a);
	assert_false(a.is_over);
	bench_accept(b, 1);
	assert_string_equal(hear(&a), "3:202 ");
	assert_true(a.is_over);
	assert_int_equal(a.connection.close_reason, CLOSE_ANSWERED);
	hang_up(&a);
}

static void a_body_that_does_not_come_is_408(void **state)
{
	struct agent_bench *b = *state;
	struct body body = { "[1", false };
	struct agent a;

	connect_agent(&a, b);
	post(&a, &body);
	speak_in_pieces(&a, 100);
	assert_true(exchange_h2_look(a.h));
	assert_string_equal(hear(&a), "");
	b->shared.now_us += 101 * US_PER_S;
	assert_true(exchange_h2_look(a.h));
	assert_string_equal(hear(&a), "1:408 ");
	b->shared.now_us += 3 * US_PER_S;
	assert_true(exchange_h2_look(a.h));
	assert_string_equal(hear(&a), "1:reset/0 ");
	hang_up(&a);
}

static void wrong_tokens_end_the_connection_after_a_while(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[30];
	struct token_book tokens;
	struct agent a;

	token_book_init(&tokens);
	assert_int_equal(token_book_set(&tokens, "one", BENCH_TOKEN, NULL), 0);
	b->shared.config.api.tokens = &tokens;
	connect_agent(&a, b);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		bodies[i] = (struct body){ "[1]", true };
		post_with(&a, &bodies[i], "authorization", "Bearer wrong");
	}
	speak_in_pieces(&a, 100);
	assert_int_equal(exchange_h2_state(a.h), CONN_DELAYED);
	hear(&a);
	assert_non_null(strstr(a.heard, "1:401 "));
	assert_null(strstr(a.heard, ":429 "));
	assert_non_null(strstr(a.heard, ":reset/7 "));
	exchange_h2_release(a.h);
	hear(&a);
	assert_non_null(strstr(a.heard, ":429 "));
	assert_true(a.is_over);
	hang_up(&a);
	token_book_deinit(&tokens);
}

static int window_of(struct agent *a)
{
	speak_in_pieces(a, 100);
	hear(a);
	return nghttp2_session_get_remote_window_size(a->session);
}

static void the_window_of_a_connection_follows_the_memory(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { { "[1]", true }, { "[2]", true } };
	struct agent a;

	connect_agent(&a, b);
	assert_int_equal(window_of(&a), 64 << 10);
	b->pool.left_bytes += 64 << 20;
	post(&a, &bodies[0]);
	assert_in_range(window_of(&a), (1 << 20) - 3, 1 << 20);
	b->pool.left_bytes -= 64 << 20;
	hang_up(&a);
	connect_agent(&a, b);
	post(&a, &bodies[1]);
	assert_in_range(window_of(&a), (64 << 10) - 3, 64 << 10);
	hang_up(&a);
}

/* nghttp2 ignores them, and says nothing of them but their beginning. */
static void frames_of_unknown_types_use_up_the_budget(void **state)
{
	static const char frame[] = "\0\0\2\x99\0\0\0\0\1ab";
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	speak_in_pieces(&a, 100);
	hear(&a);
	for (int i = 0; i < H2_BUDGET_FULL - 10; i++)
		assert_true(exchange_h2_feed(a.h, frame, sizeof(frame) - 1));
	assert_string_equal(hear(&a), "");
	for (int i = 0; i < 20; i++)
		assert_true(exchange_h2_feed(a.h, frame, sizeof(frame) - 1));
	assert_string_equal(hear(&a), "goaway:0/11 ");
	assert_int_equal(a.connection.close_reason, CLOSE_FLOOD);
	hang_up(&a);
}

/* By hand: the client of h2_agent.h sends header sections whole. */
static void feed_frame(struct agent *a, uint8_t type, uint8_t flags, const char *text, uint8_t len)
{
	char frame[9 + UINT8_MAX] = { 0, 0, (char)len, (char)type, (char)flags, 0, 0, 0, 1 };

	memcpy(frame + 9, text, len);
	assert_true(exchange_h2_feed(a->h, frame, 9 + (size_t)len));
}

/* "NAME: xx...", as a literal that is not indexed. */
static size_t write_field(char *to, char name, char n_value)
{
	to[0] = 0;
	to[1] = 1;
	to[2] = name;
	to[3] = n_value;
	memset(to + 4, 'x', (size_t)n_value);
	return 4 + (size_t)n_value;
}

/* A client may leave it as it is until header-timeout, and a malformed one until idle-timeout. */
static void a_header_section_is_charged_while_it_comes(void **state)
{
	struct agent_bench *b = *state;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	uint64_t n_begun, n_half;
	struct agent a;
	char fields[256];
	size_t len = 0;
	bool ends;

	connect_agent(&a, b);
	speak_in_pieces(&a, SIZE_MAX / 4);
	hear(&a);
	feed_frame(&a, NGHTTP2_HEADERS, 0, "\x83\x86", 2);
	n_begun = b->memory.used_bytes;
	for (char name = 'a'; name <= 'c'; name++)
		len += write_field(fields + len, name, 50);
	for (int i = 0; i < 2; i++)
		feed_frame(&a, NGHTTP2_CONTINUATION, 0, fields, (uint8_t)len);
	n_half = b->memory.used_bytes;
	assert_true(n_half - n_begun >= 512); /* the field lines have more than 256 bytes */
	assert_int_equal(exchange_h2_state(a.h), CONN_HEAD);
	feed_frame(&a, NGHTTP2_CONTINUATION, 0, "\0\12connection\0", 13);
	assert_true(b->memory.used_bytes <= n_half - 512 + 256); /* its reset takes some */
	answer_all(&a);
	assert_true(exchange_h2_render(a.h, &out, &ends));
	assert_int_equal(exchange_h2_state(a.h), CONN_IDLE);
	hang_up(&a);
}

/* body-timeout may be shorter than header-timeout. */
static void a_header_section_that_ends_after_its_answer_does_no_harm(void **state)
{
	struct agent_bench *b = *state;
	struct buf out CLEANUP(buf_deinit) = { 0 };
	struct agent a;
	bool ends;

	connect_agent(&a, b);
	speak_in_pieces(&a, SIZE_MAX / 4);
	feed_frame(&a, NGHTTP2_HEADERS, 0, "\x83\x86", 2);
	b->shared.now_us += b->shared.config.limits.body_us + US_PER_S;
	assert_true(exchange_h2_look(a.h));
	answer_all(&a);
	assert_true(exchange_h2_render(a.h, &out, &ends));
	feed_frame(&a, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, "\x84\x41\x01w", 4);
	feed_frame(&a, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, "{}", 2);
	assert_true(exchange_h2_render(a.h, &out, &ends));
	hang_up(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_packet_comes_up_as_it_was_sent_however_it_was_cut),
		BENCH_TEST(answers_leave_when_they_are_ready),
		BENCH_TEST(a_malformed_header_section_is_over_when_it_is_refused),
		BENCH_TEST(a_stream_that_is_reset_leaves_its_packet_to_its_fate),
		BENCH_TEST(what_is_too_large_costs_its_stream_alone),
		BENCH_TEST(memory_that_is_used_up_is_503),
		BENCH_TEST(without_memory_for_a_last_word_there_is_none),
		BENCH_TEST(the_end_is_said_twice),
		BENCH_TEST(a_body_that_does_not_come_is_408),
		BENCH_TEST(wrong_tokens_end_the_connection_after_a_while),
		BENCH_TEST(the_window_of_a_connection_follows_the_memory),
		BENCH_TEST(frames_of_unknown_types_use_up_the_budget),
		BENCH_TEST(a_header_section_that_ends_after_its_answer_does_no_harm),
		BENCH_TEST(a_header_section_is_charged_while_it_comes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
