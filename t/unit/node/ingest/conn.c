/* A connection on a socket pair: its states, how long they last, and how it ends. */
#include "t/unit/node/ingest/agent_bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/ingest/conn.h"

#define HEAD "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 2\r\n\r\n"

static int agent; /* the client's end */

static struct conn *connect_agent(struct agent_bench *b)
{
	struct net_addr peer;
	struct conn *c;
	int fds[2];

	assert_int_equal(net_addr_numeric(&peer, "192.0.2.7", 4711), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	b->n_connections++;
	c = conn_new(&b->shared, fds[0], &peer);
	assert_non_null(c);
	agent = fds[1];
	return c;
}

/* One turn of a worker's loop. */
static void turn(struct agent_bench *b)
{
	assert_true(event_base_loop(b->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
	conn_flush_all(&b->shared);
}

static void say(struct agent_bench *b, const char *bytes)
{
	assert_int_equal(write(agent, bytes, strlen(bytes)), strlen(bytes));
	turn(b);
}

static const char *hear(void)
{
	static char heard[4096];
	ssize_t n = read(agent, heard, sizeof(heard) - 1);

	heard[n > 0 ? n : 0] = '\0';
	return heard;
}

static bool is_in(const struct agent_bench *b, enum conn_state state)
{
	return b->shared.lists[state].n == 1 && conn_shared_n_connections(&b->shared) == 1;
}

static void a_request_goes_through_the_states(void **state)
{
	struct agent_bench *b = *state;
	struct conn *c = connect_agent(b);

	assert_true(is_in(b, CONN_IDLE));
	say(b, "POST /ingest HTTP/1.1\r\nHost: ");
	assert_true(is_in(b, CONN_HEAD));
	say(b, "w\r\nContent-Length: 2\r\n\r\n{");
	assert_true(is_in(b, CONN_BODY));
	say(b, "}");
	assert_true(is_in(b, CONN_WAITING));
	bench_accept(b, 0);
	turn(b);
	assert_true(is_in(b, CONN_IDLE));
	assert_non_null(strstr(hear(), "202 Accepted"));
	conn_close(c, CLOSE_STOPPED);
	close(agent);
}

/* A client that sends one packet after another must not run into the timeout of the first. */
static void the_time_of_a_state_begins_anew_with_each_request(void **state)
{
	struct agent_bench *b = *state;
	struct conn *c = connect_agent(b);

	say(b, HEAD);
	assert_true(is_in(b, CONN_BODY));
	c->since_us = 1;
	say(b, "{}" HEAD "{");
	assert_true(is_in(b, CONN_BODY));
	assert_true(c->since_us > 1);
	c->since_us = 1;
	say(b, "}");
	say(b, HEAD);
	assert_true(c->since_us > 1);
	c->since_us = 1;
	say(b, "{");
	assert_int_equal(c->since_us, 1);
	conn_close(c, CLOSE_STOPPED);
	close(agent);
}

static void a_timeout_within_a_request_is_answered_and_the_connection_lingers(void **state)
{
	static const struct {
		const char *sent, *answer;
	} cases[] = { { "POST", "408 Request Timeout" }, { HEAD "{", "408 Request Timeout" } };
	struct agent_bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conn *c = connect_agent(b);

		say(b, cases[i].sent);
		conn_on_timeout(c);
		turn(b);
		assert_non_null(strstr(hear(), cases[i].answer));
		assert_true(is_in(b, CONN_LINGER));
		say(b, "what still comes is thrown away");
		assert_true(is_in(b, CONN_LINGER));
		close(agent);
		turn(b);
		assert_int_equal(conn_shared_n_connections(&b->shared), 0);
		assert_int_equal(b->n_connections, 0);
	}
}

static void an_idle_one_is_closed_silently(void **state)
{
	struct agent_bench *b = *state;

	conn_on_timeout(connect_agent(b));
	assert_string_equal(hear(), "");
	assert_int_equal(conn_shared_n_connections(&b->shared), 0);
	close(agent);
}

static void a_half_closed_one_gets_its_answers_first(void **state)
{
	struct agent_bench *b = *state;

	connect_agent(b);
	say(b, HEAD "{}");
	assert_int_equal(shutdown(agent, SHUT_WR), 0);
	turn(b);
	assert_true(is_in(b, CONN_WAITING));
	bench_accept(b, 0);
	turn(b);
	assert_non_null(strstr(hear(), "202 Accepted"));
	assert_int_equal(conn_shared_n_connections(&b->shared), 0);
	close(agent);
}

static void more_requests_than_fit_wait_and_are_all_answered(void **state)
{
	struct agent_bench *b = *state;
	struct conn *c = connect_agent(b);
	unsigned n = EXCHANGE_MAX_PIPELINED + 5;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(write(agent, HEAD "{}", strlen(HEAD "{}")), strlen(HEAD "{}"));
	turn(b);
	assert_int_equal(b->n_packets, EXCHANGE_MAX_PIPELINED);
	assert_true(c->is_held);
	for (unsigned i = 0; i < EXCHANGE_MAX_PIPELINED; i++)
		bench_accept(b, i);
	turn(b);
	turn(b);
	assert_int_equal(b->n_packets, n);
	conn_close(c, CLOSE_STOPPED);
	close(agent);
}

static void draining_closes_after_the_next_answer(void **state)
{
	struct agent_bench *b = *state;

	connect_agent(b);
	say(b, HEAD "{}");
	b->shared.is_draining = true;
	bench_accept(b, 0);
	turn(b);
	assert_non_null(strstr(hear(), "Connection: close"));
	assert_true(is_in(b, CONN_LINGER));
	close(agent);
	turn(b);
	assert_int_equal(conn_shared_n_connections(&b->shared), 0);
}

/* As of many actions of _bulk. */
static void give_items(struct agent_bench *b, struct answer *answer, size_t n)
{
	assert_true(memory_take(&b->memory, n));
	answer->style.format = FORMAT_ANSWER_BULK;
	answer->items = malloc(n);
	answer->n_items_bytes = answer->n_items_charged = n;
	memset(answer->items, 'x', n);
}

/* Reads all that comes, in pieces; bytes of answers that were moved in memory meanwhile. */
static size_t hear_slowly(struct agent_bench *b, const struct conn *c, struct buf *heard)
{
	size_t n_moved = 0;
	char bytes[1 << 15];
	ssize_t n;

	while ((n = read(agent, bytes, sizeof(bytes))) > 0) {
		size_t n_sent = c->n_sent;

		buf_append(heard, bytes, (size_t)n);
		turn(b);
		n_moved += c->n_sent < n_sent ? c->out.len : 0;
	}
	return n_moved;
}

static void a_long_answer_to_a_slow_client_moves_once(void **state)
{
	struct agent_bench *b = *state;
	struct conn *c = connect_agent(b);
	const size_t n_items = 2 << 20;
	struct buf heard = { 0 };
	const char *end;
	size_t n_moved;

	say(b, HEAD "{}" HEAD "{}");
	assert_int_equal(b->n_packets, 2);
	give_items(b, &b->packets[0]->exchange->answer, n_items);
	bench_accept(b, 0);
	turn(b);
	assert_true(is_in(b, CONN_WRITING));
	assert_in_range(b->shared.render.capacity, 0, 1 << 20);
	bench_accept(b, 1);
	turn(b);
	n_moved = hear_slowly(b, c, &heard);
	assert_in_range(n_moved, 1, n_items + 1000);
	assert_true(is_in(b, CONN_IDLE));
	assert_int_equal(c->out.capacity, 0);
	assert_memory_equal(buf_str(&heard), "HTTP/1.1 200 OK\r\n", 17);
	end = heard.data + heard.len - strlen("]}");
	while (end > heard.data && strncmp(end, "HTTP/1.1 202 ", 13) != 0)
		end--;
	assert_true(end > heard.data + n_items);
	assert_memory_equal(end - strlen("x]}"), "x]}", 3);
	buf_deinit(&heard);
	conn_close(c, CLOSE_STOPPED);
	close(agent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_request_goes_through_the_states),
		BENCH_TEST(the_time_of_a_state_begins_anew_with_each_request),
		BENCH_TEST(a_timeout_within_a_request_is_answered_and_the_connection_lingers),
		BENCH_TEST(an_idle_one_is_closed_silently),
		BENCH_TEST(a_half_closed_one_gets_its_answers_first),
		BENCH_TEST(more_requests_than_fit_wait_and_are_all_answered),
		BENCH_TEST(draining_closes_after_the_next_answer),
		BENCH_TEST(a_long_answer_to_a_slow_client_moves_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/conn", tests, NULL, NULL);
}
