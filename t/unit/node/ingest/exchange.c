/* The requests of a connection: a transcript in, packets and answers out. No socket anywhere. */
#include "common/http/token_book.h"
#include "t/unit/node/ingest/agent_bench.h"

#define POST(body_len, body)                                                                       \
	"POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: " #body_len "\r\n\r\n" body
#define TWO "[{\"a\":1},{\"b\":2}]"
#define POST_TWO POST(17, TWO)
#define POST_ONE POST(7, "{\"a\":1}")

/* A client: what it has sent and nobody has taken yet. */
struct agent {
	struct agent_bench *b;
	struct requests rs;
	char unread[16384];
	size_t n_unread;
};

static void connect_agent(struct agent *a, struct agent_bench *b)
{
	struct net_addr peer;

	memset(a, 0, sizeof(*a));
	a->b = b;
	assert_int_equal(net_addr_numeric(&peer, "192.0.2.7", 4711), 0);
	exchange_init(&a->rs, &b->shared, &peer);
}

static void hang_up(struct agent *a)
{
	exchange_abandon_all(&a->rs);
}

/* Sends it in pieces of n_piece bytes, as conn.c would hand them on. */
static void say_in_pieces(struct agent *a, const char *bytes, size_t n_piece)
{
	for (size_t len = strlen(bytes); len > 0;) {
		size_t n = n_piece < len ? n_piece : len;
		ssize_t n_taken;

		assert_true(a->n_unread + n <= sizeof(a->unread));
		memcpy(a->unread + a->n_unread, bytes, n);
		a->n_unread += n;
		bytes += n;
		len -= n;
		n_taken = exchange_feed(&a->rs, a->unread, a->n_unread);
		assert_in_range(n_taken, 0, a->n_unread);
		a->n_unread -= (size_t)n_taken;
		memmove(a->unread, a->unread + n_taken, a->n_unread);
	}
}

static void say(struct agent *a, const char *bytes)
{
	say_in_pieces(a, bytes, SIZE_MAX);
}

/* The status lines of the answers whose turn it is: "202 503 close". */
static const char *hear(struct agent *a)
{
	static char heard[1024];
	struct buf out CLEANUP(buf_deinit) = { 0 };
	bool ends = exchange_render(&a->rs, &out);
	const char *at = buf_str(&out);

	heard[0] = '\0';
	while ((at = strstr(at, "HTTP/1.1 "))) {
		at += strlen("HTTP/1.1 ");
		if (*at < '0' || *at > '9') /* in a sentence */
			continue;
		strncat(heard, at, 3);
		strcat(heard, " ");
	}
	assert_true(!ends == !strstr(buf_str(&out), "Connection: close"));
	if (ends)
		strcat(heard, "close");
	return heard;
}

static void a_packet_comes_up_as_it_was_sent_however_it_was_cut(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	for (size_t n_piece = 1; n_piece <= strlen(POST_TWO); n_piece++) {
		b->n_packets = 0;
		connect_agent(&a, b);
		say_in_pieces(&a, POST_TWO, n_piece);
		bench_check_packet(b, TWO, 2);
		assert_string_equal(hear(&a), "");
		bench_accept(b, 0);
		assert_string_equal(hear(&a), "202 ");
		hang_up(&a);
	}
}

static void a_chunked_packet_is_put_together(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
	assert_int_equal(b->n_packets, 1);
	assert_memory_equal(b->packets[0]->body, "{\"a\":1}", 7);
	hang_up(&a);
}

/* What a client claims costs at most four times what it has sent, and a large body moves seldom. */
static void a_body_gets_room_by_what_is_here(void **state)
{
	struct agent_bench *b = *state;
	const size_t claimed = 900000;
	char piece[10001];
	size_t capacity = 0;
	unsigned n_moves = 0;
	struct agent a;

	b->shared.config.limits.max_body_bytes = claimed;
	memset(piece, 'x', sizeof(piece) - 1);
	piece[sizeof(piece) - 1] = '\0';
	connect_agent(&a, b);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 900000\r\n\r\n");
	assert_in_range(a.rs.packet->capacity, 0, PACKET_FIRST_BYTES);
	for (size_t n_here = 10000; n_here < claimed; n_here += 10000) {
		say(&a, piece);
		n_moves += a.rs.packet->capacity != capacity;
		capacity = a.rs.packet->capacity;
		assert_int_equal(a.rs.packet->len, n_here);
		assert_in_range(capacity, n_here,
				4 * n_here < PACKET_FIRST_BYTES ? PACKET_FIRST_BYTES : 4 * n_here);
	}
	assert_int_equal(capacity, claimed);
	assert_int_equal(n_moves, 3); /* where it began, behind 64 KB, and behind a quarter */
	hang_up(&a);
}

static void answers_leave_in_the_order_of_the_requests(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, POST_ONE POST_TWO "GET /livez HTTP/1.1\r\nHost: w\r\n\r\n" POST_ONE);
	assert_int_equal(b->n_packets, 3);
	bench_refuse(b, 1, REFUSAL_SPILL_FULL);
	assert_string_equal(hear(&a), "");
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 503 200 ");
	bench_accept(b, 2);
	assert_string_equal(hear(&a), "202 ");
	hang_up(&a);
}

static void no_more_than_64_requests_wait_and_the_rest_stays_unread(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	for (unsigned i = 0; i < EXCHANGE_MAX_PIPELINED + 3; i++)
		say(&a, POST_ONE);
	assert_int_equal(b->n_packets, EXCHANGE_MAX_PIPELINED);
	assert_false(exchange_may_read(&a.rs));
	assert_int_equal(a.n_unread, 3 * strlen(POST_ONE));
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 ");
	assert_true(exchange_may_read(&a.rs));
	hang_up(&a);
}

static void a_refused_request_is_read_to_its_end_and_the_next_is_served(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, "POST /nowhere HTTP/1.1\r\nHost: w\r\nContent-Length: 4\r\n\r\nGE");
	assert_string_equal(hear(&a), "");
	say(&a, "T " POST_ONE);
	assert_string_equal(hear(&a), "404 ");
	assert_int_equal(b->n_packets, 1);
	say(&a, POST(3, "nul"));
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 400 ");
	hang_up(&a);
}

static void what_is_no_http_ends_the_connection_with_one_answer(void **state)
{
	static const struct {
		const char *bytes, *answer;
	} cases[] = {
		{ "nonsense\r\n\r\n", "400 close" },
		{ "POST /ingest HTTP/1.1\r\n\r\n", "400 close" },
		{ "BREW / HTTP/1.1\r\nHost: w\r\n\r\n", "501 close" },
		{ "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 1025\r\n\r\n", "413 close" },
		{ "POST /ingest HTTP/1.1\r\nHost: w\r\n\r\n", "411 close" },
		{ "GET / HTTP/2.0\r\n\r\n", "505 close" },
		{ "GET /livez HTTP/1.1\r\nHost: w\r\n\r\nPRI * HTTP/2.0\r\n\r\n", "200 505 close" },
	};
	struct agent_bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agent a;

		connect_agent(&a, b);
		say(&a, cases[i].bytes);
		assert_false(exchange_may_read(&a.rs));
		assert_int_equal(a.rs.close_reason, CLOSE_REFUSED);
		assert_string_equal(hear(&a), cases[i].answer);
		hang_up(&a);
	}
	assert_int_equal(b->n_packets, 0);
}

static void a_client_that_asks_for_it_is_told_that_the_connection_ends(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\nConnection: close\r\n"
		"Content-Length: 2\r\n\r\n{}" POST_ONE);
	assert_int_equal(b->n_packets, 1);
	assert_false(exchange_may_read(&a.rs));
	assert_int_equal(a.rs.close_reason, CLOSE_ANSWERED);
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 close");
	hang_up(&a);
}

static void a_100_is_sent_when_it_is_its_turn_and_only_for_a_packet_that_may_come(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, POST_ONE "POST /ingest HTTP/1.1\r\nHost: w\r\nExpect: 100-continue\r\n"
			 "Content-Length: 2\r\n\r\n");
	assert_string_equal(hear(&a), "");
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 100 ");
	assert_string_equal(hear(&a), "");
	say(&a, "{}");
	bench_accept(b, 1);
	assert_string_equal(hear(&a), "202 ");

	say(&a, "POST /nowhere HTTP/1.1\r\nHost: w\r\nExpect: 100-continue\r\n"
		"Content-Length: 2\r\n\r\n");
	assert_string_equal(hear(&a), "404 close");
	hang_up(&a);
}

static void without_memory_a_packet_is_refused_before_its_body_comes(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	atomic_store(&b->pool.left_bytes, 0);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\nExpect: 100-continue\r\n"
		"Content-Length: 1000\r\n\r\n");
	assert_string_equal(hear(&a), "503 close");
	assert_int_equal(a.rs.close_reason, CLOSE_REFUSED);
	hang_up(&a);
}

static void a_packet_outlives_its_connection(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, POST_ONE POST_TWO POST_ONE "POST /ingest HTTP/1.1\r\nHost: w\r\n"
					   "Content-Length: 9\r\n\r\n{");
	bench_accept(b, 1);
	hang_up(&a);
	assert_null(b->shared.dirty);
	assert_null(b->packets[0]->exchange->requests);
	bench_accept(b, 0);
	bench_refuse(b, 2, REFUSAL_SHUTTING_DOWN);
	assert_null(b->shared.dirty);
}

static void an_end_within_a_request_keeps_the_refusal_it_has(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, "POST /nowhere HTTP/1.1\r\nHost: w\r\nContent-Length: 9\r\n\r\nab");
	assert_int_equal(exchange_refuse_and_end(&a.rs, REFUSAL_BODY_TIMEOUT, CLOSE_BODY_TIMEOUT),
			 0);
	assert_string_equal(hear(&a), "404 close");
	hang_up(&a);

	connect_agent(&a, b);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 9\r\n\r\nab");
	assert_int_equal(exchange_refuse_and_end(&a.rs, REFUSAL_BODY_TIMEOUT, CLOSE_BODY_TIMEOUT),
			 0);
	assert_string_equal(hear(&a), "408 close");
	assert_int_equal(a.rs.close_reason, CLOSE_BODY_TIMEOUT);
	hang_up(&a);
}

#define GUESS(token)                                                                               \
	"POST /ingest HTTP/1.1\r\nHost: w\r\nAuthorization: Bearer " token                         \
	"\r\nContent-Length: 2\r\n\r\n{}"

static void too_many_wrong_tokens_are_answered_late_and_end_the_connection(void **state)
{
	struct agent_bench *b = *state;
	struct token_book tokens;
	struct agent a;

	token_book_init(&tokens);
	assert_int_equal(token_book_set(&tokens, "one", BENCH_TOKEN, NULL), 0);
	b->shared.config.api.tokens = &tokens;
	connect_agent(&a, b);
	for (unsigned i = 0; i < TOKEN_GUARD_BURST; i++)
		say(&a, GUESS("wrong"));
	assert_string_equal(hear(&a), "401 401 401 401 401 401 401 401 401 401 ");
	say(&a, GUESS("wrong") GUESS("wrong"));
	assert_false(exchange_may_read(&a.rs));
	assert_string_equal(hear(&a), "");
	exchange_release(&a.rs);
	assert_string_equal(hear(&a), "429 close");
	hang_up(&a);

	connect_agent(&a, b);
	say(&a, GUESS(BENCH_TOKEN));
	bench_accept(b, 0);
	assert_string_equal(hear(&a), "202 ");
	say(&a, GUESS("wrong"));
	hang_up(&a);
	b->shared.config.api.tokens = NULL;
	token_book_deinit(&tokens);
}

static void each_request_counts_as_begun_once(void **state)
{
	struct agent_bench *b = *state;
	struct agent a;

	connect_agent(&a, b);
	say(&a, "POST /ingest HTTP/1.1\r\nHost: w\r\n");
	assert_int_equal(a.rs.n_begun, 0);
	say(&a, "Content-Length: 2\r\n\r\n");
	assert_int_equal(a.rs.n_begun, 1);
	say(&a, "{}" POST_ONE POST_TWO);
	assert_int_equal(a.rs.n_begun, 3);
	hang_up(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH_TEST(a_packet_comes_up_as_it_was_sent_however_it_was_cut),
		BENCH_TEST(a_chunked_packet_is_put_together),
		BENCH_TEST(a_body_gets_room_by_what_is_here),
		BENCH_TEST(answers_leave_in_the_order_of_the_requests),
		BENCH_TEST(no_more_than_64_requests_wait_and_the_rest_stays_unread),
		BENCH_TEST(a_refused_request_is_read_to_its_end_and_the_next_is_served),
		BENCH_TEST(what_is_no_http_ends_the_connection_with_one_answer),
		BENCH_TEST(a_client_that_asks_for_it_is_told_that_the_connection_ends),
		BENCH_TEST(a_100_is_sent_when_it_is_its_turn_and_only_for_a_packet_that_may_come),
		BENCH_TEST(without_memory_a_packet_is_refused_before_its_body_comes),
		BENCH_TEST(a_packet_outlives_its_connection),
		BENCH_TEST(an_end_within_a_request_keeps_the_refusal_it_has),
		BENCH_TEST(too_many_wrong_tokens_are_answered_late_and_end_the_connection),
		BENCH_TEST(each_request_counts_as_begun_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/exchange", tests, NULL, NULL);
}
