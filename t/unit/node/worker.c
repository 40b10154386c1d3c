/* worker.[ch] on its own thread, with a real Redis and no analyzer: its phases. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/node_metrics.h"
#include "node/worker.h"
#include "t/unit/node/node_bench.h"

#define REQUEST "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 2\r\n\r\n{}"

static struct {
	struct worker worker;
	struct net_addr addr;
	bool is_running;
} it;

/* ---- an agent ---- */

static int dial(void)
{
	struct timeval tv = { .tv_sec = 20 };
	int fd, flags;

	assert_int_equal(net_connect(&it.addr, &fd), 0);
	flags = fcntl(fd, F_GETFL);
	assert_int_equal(fcntl(fd, F_SETFL, flags & ~O_NONBLOCK), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The header section of an answer, and its body of which the test knows the end. */
static void hear(int fd, char *out, size_t size, const char *end)
{
	size_t len = 0;
	ssize_t n;

	out[0] = '\0';
	while (!strstr(out, end) && (n = recv(fd, out + len, size - 1 - len, 0)) > 0) {
		len += (size_t)n;
		out[len] = '\0';
	}
	assert_non_null(strstr(out, end));
}

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) == 0;
}

/* Both links to Redis are up: an agent's packet is stored. Agents repeat what was answered 503. */
static void wait_until_it_stores(void)
{
	char answer[1024];
	int fd = dial();

	do {
		say(fd, REQUEST);
		hear(fd, answer, sizeof(answer), "}");
	} while (strstr(answer, " 503 "));
	assert_non_null(strstr(answer, " 202 "));
	close(fd);
	NODE_BENCH_WAIT_UNTIL(metrics_get(&it.worker.metrics, M_CONNECTIONS, 0) == 0);
}

static int setup(void **state)
{
	struct roster *roster;
	int fd;

	if (node_bench_setup(state) != 0 || net_addr_parse(&it.addr, "127.0.0.1:0") != 0 ||
	    net_listen(&it.addr, true, 16, &fd) != 0 || net_local_addr(fd, &it.addr) != 0)
		return -1;
	assert_int_equal(worker_init(&it.worker, &the_node_bench.shared, 0, fd, -1), 0);
	roster = redis_pool_roster(the_node_bench.pool);
	worker_send_roster(&it.worker, roster);
	roster_unref(roster);
	assert_int_equal(worker_start(&it.worker), 0);
	it.is_running = true;
	NODE_BENCH_WAIT_UNTIL(metrics_get(&it.worker.metrics, M_REDIS_UP, 0) == 1);
	wait_until_it_stores();
	return 0;
}

static void join(void)
{
	if (it.is_running)
		worker_join(&it.worker);
	it.is_running = false;
}

static int teardown(void **state)
{
	worker_set_phase(&it.worker, WORKER_DONE);
	join();
	assert_int_equal(it.worker.memory.used_bytes, 0);
	assert_int_equal(fate_n_in_flight(&it.worker.fate), 0);
	worker_deinit(&it.worker);
	return node_bench_teardown(state);
}

/* ---- claims ---- */

static void a_packet_that_no_analyzer_takes_is_accepted_from_the_spill(void **state UNUSED)
{
	char answer[1024];
	int fd = dial();

	say(fd, REQUEST);
	hear(fd, answer, sizeof(answer), "\"messages\":1}");
	assert_non_null(strstr(answer, " 202 "));
	close(fd);
}

static void while_draining_it_serves_on_and_each_answer_closes(void **state UNUSED)
{
	char answer[1024];
	int first = dial(), fd;

	say(first, REQUEST);
	hear(first, answer, sizeof(answer), "\"messages\":1}");
	assert_null(strstr(answer, "Connection: close"));
	worker_set_phase(&it.worker, WORKER_DRAINING);
	NODE_BENCH_WAIT_UNTIL(atomic_load(&it.worker.wanted) == WORKER_DRAINING);
	do { /* until its loop has heard of it */
		fd = dial();
		say(fd, REQUEST);
		hear(fd, answer, sizeof(answer), "\"messages\":1}");
		assert_non_null(strstr(answer, " 202 "));
		if (strstr(answer, "Connection: close"))
			assert_true(is_closed(fd));
		close(fd);
	} while (!strstr(answer, "Connection: close"));
	say(first, REQUEST);
	hear(first, answer, sizeof(answer), "\"messages\":1}");
	assert_non_null(strstr(answer, "Connection: close"));
	close(first);
}

static void finishing_it_closes_idle_connections_and_ends_by_itself(void **state UNUSED)
{
	char answer[1024];
	int fd = dial();

	say(fd, REQUEST);
	hear(fd, answer, sizeof(answer), "\"messages\":1}");
	worker_set_phase(&it.worker, WORKER_FINISHING);
	assert_true(is_closed(fd));
	join();
	assert_int_equal(it.worker.phase, WORKER_DONE);
	close(fd);
}

static void a_request_that_is_being_sent_is_still_answered(void **state UNUSED)
{
	char answer[1024];
	int fd = dial();

	say(fd, "POST /ingest HTTP/1.1\r\nHost: w\r\nContent-Length: 2\r\n\r\n{");
	NODE_BENCH_WAIT_UNTIL(metrics_get(&it.worker.metrics, M_CONNECTIONS, 0) == 1);
	worker_set_phase(&it.worker, WORKER_FINISHING);
	say(fd, "}");
	hear(fd, answer, sizeof(answer), "\"messages\":1}");
	assert_non_null(strstr(answer, " 202 "));
	join();
	close(fd);
}

static void a_worker_that_has_left_has_no_lease(void **state UNUSED)
{
	struct node_bench *b = &the_node_bench;
	const char *nodes = redis_pool_key(b->pool, KEY_NODES);
	char *lease;

	do {
		lease = NODE_BENCH_TEXT(b, "ZSCORE", nodes, "n1/0");
		if (!lease)
			usleep(2000);
	} while (!lease);
	free(lease);
	worker_set_phase(&it.worker, WORKER_FINISHING);
	join();
	lease = NODE_BENCH_TEXT(b, "ZSCORE", nodes, "n1/0");
	assert_true(!lease || strtod(lease, NULL) <= 0);
	free(lease);
}

static void a_phase_is_never_taken_back(void **state UNUSED)
{
	worker_set_phase(&it.worker, WORKER_FINISHING);
	worker_set_phase(&it.worker, WORKER_SERVING);
	worker_set_phase(&it.worker, WORKER_FINISHING);
	join();
	assert_int_equal(it.worker.phase, WORKER_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_packet_that_no_analyzer_takes_is_accepted_from_the_spill),
		TEST(while_draining_it_serves_on_and_each_answer_closes),
		TEST(finishing_it_closes_idle_connections_and_ends_by_itself),
		TEST(a_request_that_is_being_sent_is_still_answered),
		TEST(a_worker_that_has_left_has_no_lease),
		TEST(a_phase_is_never_taken_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("node/worker", tests, node_bench_group_setup,
					   node_bench_group_teardown);
}
