/* Watches of the health by gRPC: what they are told, and when they end. */
#include "node/ingest/h2_watch.h"

#include "t/unit/node/ingest/grpc_agent.h"

static void a_watch_is_told_what_changes(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(ASK("\0"), true);
	struct agent a;

	connect_caller(&a, b);
	call(&a, WATCH, &body);
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "1:200 1:data/1 ");
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "");
	b->health.has_roster = false;
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "1:data/2 ");
	b->health.has_roster = true;
	pass_time(&a, 1000 * US_PER_S); /* nor is it cut off as one that reads no answer */
	assert_string_equal(hear(&a), "0:ping/0 1:data/1 ");
	assert_int_equal(exchange_h2_state(a.h), CONN_WAITING);
	hang_up(&a);
	assert_int_equal(b->shared.n_watches, 0);
}

static void a_watch_ends_with_its_deadline_or_its_connection(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { BODY(ASK("\0"), true), BODY(ASK("\3\x0a\1x"), true) };
	struct agent a;

	connect_caller(&a, b);
	call_with(&a, WATCH, &bodies[0], "grpc-timeout", "1S");
	call(&a, WATCH, &bodies[1]);
	speak_in_pieces(&a, 100);
	hear(&a);
	assert_heard(&a, "3:data/3 ");
	pass_time(&a, US_PER_S);
	assert_string_equal(hear(&a), "1:grpc/4 ");
	exchange_h2_shut_down(a.h);
	pass_time(&a, US_PER_S);
	hear(&a);
	assert_heard(&a, "3:grpc/14 ");
	exchange_h2_shut_down(a.h);
	hear(&a);
	assert_true(a.is_over);
	assert_int_equal(b->shared.n_watches, 0);
	hang_up(&a);
}

/* A window of one byte is opened byte by byte: the latest state is told, and nothing piles up. */
static void a_watch_that_does_not_read_is_told_the_latest(void **state)
{
	const nghttp2_settings_entry settings = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 3 };
	struct agent_bench *b = *state;
	struct body body = BODY(ASK("\0"), true);
	struct agent a;

	connect_agent(&a, b);
	a.hears_data = true;
	assert_int_equal(nghttp2_submit_settings(a.session, NGHTTP2_FLAG_NONE, &settings, 1), 0);
	call(&a, WATCH, &body);
	speak_in_pieces(&a, 100);
	assert_string_equal(hear(&a), "1:200 1:data/0 ");
	for (int i = 0; i < 5; i++) {
		b->health.has_roster = i % 2 == 1;
		pass_time(&a, US_PER_S);
		assert_string_equal(hear(&a), "");
	}
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(nghttp2_submit_window_update(a.session, 0, 1, 1), 0);
		speak_in_pieces(&a, 100);
		hear(&a);
	}
	assert_int_equal(a.n_data_bytes, 2 * GRPC_SERVING_BYTES);
	assert_int_equal(a.last_byte, GRPC_NOT_SERVING);
	hang_up(&a);
}

/* It ends in the turn in which it asks, and another answer of its connection is still to be sent. */
static void a_watch_whose_client_has_ended_is_told_nothing(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { BODY(ASK("\0"), true), BODY(ASK("\0"), true) };
	struct agent a;

	connect_caller(&a, b);
	call(&a, WATCH, &bodies[0]);
	call(&a, CHECK, &bodies[1]);
	speak_in_pieces(&a, SIZE_MAX / 4);
	assert_int_equal(b->shared.n_watches, 1);
	assert_true(exchange_h2_end_input(a.h));
	assert_int_equal(b->shared.n_watches, 0);
	hear(&a);
	assert_heard(&a, "3:data/1 ");
	assert_null(strstr(a.heard, "1:data"));
	hang_up(&a);
}

static void watches_are_bounded(void **state)
{
	struct agent_bench *b = *state;
	struct body bodies[] = { BODY(ASK("\0"), true), BODY(ASK("\0"), true) };
	struct agent a;

	connect_caller(&a, b);
	b->shared.n_watches = CONN_MAX_WATCHES - 1;
	call(&a, WATCH, &bodies[0]);
	call(&a, WATCH, &bodies[1]);
	speak_in_pieces(&a, 100);
	hear(&a);
	assert_heard(&a, "1:data/1 ");
	assert_heard(&a, "3:200 3:grpc/14 ");
	hang_up(&a);
	assert_int_equal(b->shared.n_watches, CONN_MAX_WATCHES - 1);
}

/* A machine that lost its power says no farewell. */
static void a_watch_whose_client_is_gone_is_found_by_ping(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(ASK("\0"), true);
	struct agent a;

	connect_caller(&a, b);
	call(&a, WATCH, &body);
	speak_in_pieces(&a, 100);
	hear(&a);
	for (int i = 0; i < 3; i++) { /* each answer is good for another while */
		pass_time(&a, b->shared.config.limits.idle_us + 1);
		assert_string_equal(hear(&a), "0:ping/0 ");
		pass_time(&a, b->shared.config.limits.write_us);
		assert_string_equal(hear(&a), "");
		speak_in_pieces(&a, 100);
	}
	pass_time(&a, b->shared.config.limits.idle_us + 1);
	assert_string_equal(hear(&a), "0:ping/0 ");
	b->shared.now_us += b->shared.config.limits.write_us + 1;
	assert_false(exchange_h2_look(a.h));
	hang_up(&a);
	assert_int_equal(b->shared.n_watches, 0);
}

static void without_a_watch_nobody_is_asked(void **state)
{
	struct agent_bench *b = *state;
	struct body body = BODY(PREFIX_OF_RECORD RECORD, true);
	struct agent a;

	connect_caller(&a, b);
	call(&a, EXPORT, &body);
	speak_in_pieces(&a, 100);
	pass_time(&a, 2 * b->shared.config.limits.idle_us);
	assert_string_equal(hear(&a), "");
	bench_accept(b, 0);
	hang_up(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_watch_is_told_what_changes),
		BENCH_TEST(a_watch_ends_with_its_deadline_or_its_connection),
		BENCH_TEST(a_watch_that_does_not_read_is_told_the_latest),
		BENCH_TEST(a_watch_whose_client_has_ended_is_told_nothing),
		BENCH_TEST(watches_are_bounded),
		BENCH_TEST(a_watch_whose_client_is_gone_is_found_by_ping),
		BENCH_TEST(without_a_watch_nobody_is_asked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
