/* The listeners of one worker, with agents on sockets. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/net/net_allow.h"
#include "node/ingest/address_bound.h"
#include "node/ingest/conn_shared.h"
#include "node/listen/listen.h"
#include "node/node_metrics.h"
#include "t/unit/descriptors.h"

#define MOST 8
#define N_OWN 3
#define PORT LISTEN_SYSLOG_TCP

static struct {
	struct rlimit limit; /* as it was */
	struct event_base *base;
	struct memory_pool pool;
	struct memory memory;
	struct metrics *families;
	struct metrics_shard metrics;
	struct address_bound bound;
	_Atomic unsigned n_connections;
	struct net_addr addr;
	struct listen listen;
	int agents[MOST];
	unsigned n_agents;
} it;

static void on_packet(void *arg UNUSED, struct packet *p UNUSED)
{
	fail_msg("nobody has sent anything");
}

static int open_port(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(net_addr_parse(&it.addr, "127.0.0.1:0"), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&it.addr.sa, it.addr.len), 0);
	assert_int_equal(listen(fd, MOST), 0);
	assert_int_equal(net_local_addr(fd, &it.addr), 0);
	return fd;
}

static int setup(void **state)
{
	struct listen_config config = { .metrics = &it.metrics,
					.memory = &it.memory,
					.bound = &it.bound,
					.n_connections = &it.n_connections,
					.max_connections = MOST,
					.n_own_descriptors = N_OWN,
					.max_body_bytes = 1000,
					.window_bytes = 1 << 20,
					.idle_us = 100 * US_PER_S,
					.host = "test",
					.on_packet = on_packet };

	(void)state;
	memset(&it, 0, sizeof(it));
	getrlimit(RLIMIT_NOFILE, &it.limit);
	it.base = config.base = event_base_new();
	it.pool.left_bytes = 1 << 20;
	memory_init(&it.memory, &it.pool);
	it.families = node_metrics_new();
	if (metrics_shard_init(&it.metrics, it.families) != 0 ||
	    address_bound_init(&it.bound, MOST, MOST) != 0)
		return -1;
	for (enum listen_port port = 0; port < LISTEN_PORTS; port++)
		config.fds[port] = port == PORT ? open_port() : -1;
	if (listen_init(&it.listen, &config) != 0)
		return -1;
	listen_start_accepting(&it.listen);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &it.limit);
	for (unsigned i = 0; i < it.n_agents; i++)
		close(it.agents[i]);
	listen_deinit(&it.listen);
	assert_int_equal(it.n_connections, 0);
	assert_int_equal(it.memory.used_bytes, 0);
	address_bound_deinit(&it.bound);
	metrics_shard_deinit(&it.metrics);
	metrics_free(it.families);
	event_base_free(it.base);
	return 0;
}

static void connect_agents(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		it.agents[it.n_agents++] = fd;
		assert_int_equal(connect(fd, (struct sockaddr *)&it.addr.sa, it.addr.len), 0);
	}
}

static void on_time(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	*(bool *)arg = true;
}

/* How often the loop turns in a while. */
static unsigned count_turns(void)
{
	struct timeval while_us = clock_timeval(300 * US_PER_MS);
	bool is_over = false;
	unsigned n = 0;

	event_base_once(it.base, -1, EV_TIMEOUT, on_time, &is_over, &while_us);
	while (!is_over) {
		event_base_loop(it.base, EVLOOP_ONCE);
		n++;
	}
	return n;
}

static void test_no_descriptor(void **state)
{
	(void)state;
	connect_agents(1);
	leave_descriptors(it.limit, 0);
	assert_in_range(count_turns(), 1, 50);
	assert_int_equal(it.n_connections, 0);
	setrlimit(RLIMIT_NOFILE, &it.limit);
	while (it.n_connections == 0)
		event_base_loop(it.base, EVLOOP_ONCE);
}

static void test_reserve(void **state)
{
	(void)state;
	connect_agents(3);
	leave_descriptors(it.limit, N_OWN + 1);
	event_base_loop(it.base, EVLOOP_NONBLOCK);
	assert_int_equal(it.n_connections, 1);
	assert_int_equal(metrics_get(&it.metrics, M_REFUSED, REFUSAL_TOO_MANY_CONNECTIONS), 2);
}

static void test_no_memory(void **state)
{
	(void)state;
	it.pool.left_bytes = 0;
	connect_agents(2);
	event_base_loop(it.base, EVLOOP_NONBLOCK);
	assert_int_equal(metrics_get(&it.metrics, M_LISTEN_ACCEPTED, PORT), 2);
	assert_int_equal(metrics_get(&it.metrics, M_LISTEN_CLOSED, CLOSE_NO_MEMORY), 2);
}

static unsigned n_from_address(void)
{
	return (unsigned)metrics_get(&it.metrics, M_REFUSED, REFUSAL_TOO_MANY_FROM_ADDRESS);
}

static void test_one_address(void **state)
{
	(void)state;
	it.bound.most = 2;
	connect_agents(4);
	event_base_loop(it.base, EVLOOP_NONBLOCK);
	assert_int_equal(it.n_connections, 2);
	assert_int_equal(n_from_address(), 2);
}

static void test_a_balancer(void **state)
{
	const char *bad, *why, *entry = "127.0.0.1";
	struct net_allow *proxies = NULL;

	(void)state;
	assert_int_equal(net_allow_new(&entry, 1, &proxies, &bad, &why), 0);
	it.listen.shared.config.proxies = proxies;
	it.bound.most = 2;
	connect_agents(4);
	event_base_loop(it.base, EVLOOP_NONBLOCK);
	assert_int_equal(it.n_connections, 4);
	assert_int_equal(n_from_address(), 0);
	net_allow_free(proxies);
	it.listen.shared.config.proxies = NULL;
}

#define TEST(title, fn)                                                                            \
	{                                                                                          \
		.name = title, .test_func = fn, .setup_func = setup, .teardown_func = teardown     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("an agent for whom there is no descriptor does not keep the worker busy",
		     test_no_descriptor),
		TEST("agents do not get the last descriptors", test_reserve),
		TEST("a connection for which there is no memory is closed, and counted",
		     test_no_memory),
		TEST("one address has no more connections than it may", test_one_address),
		TEST("a trusted proxy may have any number", test_a_balancer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
