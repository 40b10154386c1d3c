/* Calls of gRPC on their streams: the client is nghttp2, and a transcript of what it hears is compared. */
#include "node/ingest/grpc_call.h"

#include "common/http/token_book.h"
#include "t/unit/node/ingest/grpc_agent.h"

/* ---- packets ---- */

static void a_message_becomes_a_packet_however_it_was_cut(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	for (size_t n_piece = 1; n_piece < 160; n_piece++) {
		struct body body = BODY(PREFIX_OF_RECORD RECORD, true);

		b->n_packets = 0;
		connect_caller(&a, b);
		call(&a, EXPORT, &body);
		speak_in_pieces(&a, n_piece);
		bench_check_packet(b, RECORD, 1);
		assert_string_equal(hear(&a), "");
		bench_accept(b, 0);
		assert_string_equal(hear(&a), "1:200 1:data/0 1:grpc/0 ");
		hang_up(&a);
	}
}

static void a_refusal_is_a_status(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(PREFIX_OF_RECORD RECORD, true);
	struct agent a;

	connect_caller(&a, b);
	call(&a, EXPORT, &body);
	speak_in_pieces(&a, 100);
	bench_refuse(b, 0, REFUSAL_SPILL_FULL);
	assert_string_equal(hear(&a), "1:200 1:grpc/14 ");
	hang_up(&a);
}

static void a_message_that_is_none_is_refused_at_the_end_or_a_while_later(void **state)
{
	static const char *const bodies[] = { "\1", "\0\0\0\4\1", "\0\0\0\0\x08" RECORD "x" };
	static const size_t lens[] = { 1, 5, 14 };
	static const char *const heard[] = { "1:200 1:grpc/13 ", "1:200 1:grpc/8 ",
					     "1:200 1:grpc/13 " };
	struct agent_bench *b = *state;
	struct agent a;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (int is_last = 0; is_last < 2; is_last++) {
			struct body body = { bodies[i], is_last, lens[i] };

			if (i == 0)
				body.bytes = is_last ? "\1" : "\7"; /* cut off, and no flag */
			connect_caller(&a, b);
			call(&a, EXPORT, &body);
			speak_in_pieces(&a, 100);
			if (!is_last) {
				assert_string_equal(hear(&a), "");
				pass_time(&a, US_PER_S);
			}
			assert_string_equal(hear(&a), heard[i]);
			assert_int_equal(b->n_packets, 0);
			hang_up(&a);
		}
}

/* Its client may wait for an answer before it says more, and never end its side. */
static void a_method_that_is_not_served_is_refused_though_the_call_goes_on(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY("\0\0\0\0\3\x3a\1x", false);
	struct agent a;

	connect_caller(&a, b);
	call(&a, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", &body);
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "");
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "1:200 1:grpc/12 ");
	hang_up(&a);
}

static void a_head_that_is_too_large_has_a_status_too(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(PREFIX_OF_RECORD RECORD, true);
	char value[BENCH_MAX_HEAD];
	struct agent a;

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	connect_caller(&a, b);
	call_with(&a, EXPORT, &body, "a", value);
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "1:200 1:grpc/8 ");
	hang_up(&a);
}

static void a_wrong_token_has_a_status_too(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { BODY(PREFIX_OF_RECORD RECORD, true),
				 BODY(PREFIX_OF_RECORD RECORD, true) };
	struct token_book tokens;
	struct agent a;

	token_book_init(&tokens);
	assert_int_equal(token_book_set(&tokens, "one", BENCH_TOKEN, NULL), 0);
	b->shared.config.api.tokens = &tokens;
	connect_caller(&a, b);
	call_with(&a, EXPORT, &bodies[0], "authorization", "Bearer wrong");
	call_with(&a, EXPORT, &bodies[1], "authorization", "Bearer " BENCH_TOKEN);
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "1:200 1:grpc/16 ");
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "3:200 3:data/0 3:grpc/0 ");
	hang_up(&a);
	token_book_deinit(&tokens);
}

/* ---- deadlines ---- */

/* The packet goes its way all the same, and nobody waits for it. */
static void a_deadline_ends_a_call_whose_packet_is_on_its_way(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(PREFIX_OF_RECORD RECORD, true);
	struct agent a;

	connect_caller(&a, b);
	call_with(&a, EXPORT, &body, "grpc-timeout", "2S");
	speak_in_pieces(&a, 100);
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "");
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "1:200 1:grpc/4 ");
	pass_time(&a, US_PER_S);
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "");
	assert_int_equal(exchange_h2_state(a.h), CONN_IDLE);
	hang_up(&a);
}

static void a_deadline_ends_a_call_that_is_still_coming(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { BODY(PREFIX_OF_RECORD "\x0a", false),
				 BODY(PREFIX_OF_RECORD RECORD, true) };
	struct agent a;

	connect_caller(&a, b);
	call_with(&a, EXPORT, &bodies[0], "grpc-timeout", "500m");
	call_with(&a, EXPORT, &bodies[1], "grpc-timeout", "1H");
	speak_in_pieces(&a, 100);
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "1:200 1:grpc/4 ");
	pass_time(&a, 3600 * US_PER_S);
	hear(&a);
	assert_heard(&a, "3:200 3:grpc/4 ");
	hang_up(&a);
}

/* ---- health ---- */

static void health_is_told_of_the_node_and_of_what_it_serves(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = {
		BODY(ASK("\0"), true),
		BODY(ASK("\x33\x0a\x31opentelemetry.proto.collector.logs.v1.LogsService"), true),
		BODY(ASK("\3\x0a\1x"), true),
		BODY(ASK("\2\x0a\1"), true),
	};
	static const char *const heard[] = { "1:data/1 ", "1:grpc/0 ",       "3:data/1 ",
					     "3:grpc/0 ", "5:200 5:grpc/5 ", "7:200 7:grpc/3 " };
	struct agent a;

	connect_caller(&a, b);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		call(&a, CHECK, &bodies[i]);
	speak_in_pieces(&a, 1);
	hear(&a);
	for (size_t i = 0; i < ARRAY_LEN(heard); i++)
		assert_heard(&a, heard[i]);
	hang_up(&a);
}

/* ---- memory ---- */

/* Clients repeat UNAVAILABLE and what was refused before it was looked at, and drop what got INTERNAL. */
static void memory_that_is_used_up_makes_a_call_unavailable(void **state)
{
	struct agent_bench *b = *state;
	unsigned n_refused = 0;
	const uint8_t *data;

	for (size_t n_left = 0; n_left < 30000; n_left += 50) {
		struct body body = BODY(PREFIX_OF_RECORD RECORD, true);
		size_t n;
		ssize_t n_bytes;
		bool is_open = true;
		struct agent a;

		connect_caller(&a, b);
		call(&a, n_left % 100 ? EXPORT : WATCH, &body);
		n = memory_left(&b->memory) - n_left;
		assert_true(memory_take(&b->memory, n));
		while (is_open && (n_bytes = nghttp2_session_mem_send(a.session, &data)) > 0)
			is_open = exchange_h2_feed(a.h, (const char *)data, (size_t)n_bytes);
		if (is_open && !strcmp(hear(&a), "closed"))
			is_open = false;
		if (is_open && strstr(a.heard, "reset/"))
			assert_heard(&a, "1:reset/7 "); /* it may be sent again */
		n_refused += is_open && strstr(a.heard, "1:200 1:grpc/14 ");
		memory_give(&b->memory, n);
		for (unsigned i = 0; i < b->n_packets; i++)
			bench_accept(b, i);
		b->n_packets = 0;
		hang_up(&a);
	}
	assert_in_range(n_refused, 1, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_message_becomes_a_packet_however_it_was_cut),
		BENCH_TEST(a_refusal_is_a_status),
		BENCH_TEST(a_message_that_is_none_is_refused_at_the_end_or_a_while_later),
		BENCH_TEST(a_method_that_is_not_served_is_refused_though_the_call_goes_on),
		BENCH_TEST(a_head_that_is_too_large_has_a_status_too),
		BENCH_TEST(a_wrong_token_has_a_status_too),
		BENCH_TEST(a_deadline_ends_a_call_whose_packet_is_on_its_way),
		BENCH_TEST(a_deadline_ends_a_call_that_is_still_coming),
		BENCH_TEST(health_is_told_of_the_node_and_of_what_it_serves),
		BENCH_TEST(memory_that_is_used_up_makes_a_call_unavailable),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
