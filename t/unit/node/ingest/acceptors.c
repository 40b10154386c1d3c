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
#include "node/ingest/acceptors.h"
#include "t/unit/descriptors.h"

#define PORT 7
#define MOST 8
#define N_OWN 3

/* Clients that connect, and what was admitted of them. */
static struct {
	struct rlimit limit; /* as it was */
	struct net_addr addr;
	uint64_t now_us;
	struct acceptors acceptors;
	int clients[MOST], admitted[MOST];
	unsigned n_clients, n_admitted, n_with_descriptor;
} it;

static void admit(void *arg, unsigned port, int fd, const struct net_addr *peer,
		  bool has_descriptor)
{
	assert_ptr_equal(arg, &it);
	assert_int_equal(port, PORT);
	assert_int_equal(peer->sa.ss_family, AF_INET);
	it.admitted[it.n_admitted++] = fd;
	it.n_with_descriptor += has_descriptor;
}

static int setup(void **state)
{
	struct acceptors_config config = { .name = "test",
					   .base = event_base_new(),
					   .now_usp = &it.now_us,
					   .n_own_descriptors = N_OWN,
					   .admit = admit,
					   .arg = &it };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	memset(&it, 0, sizeof(it));
	getrlimit(RLIMIT_NOFILE, &it.limit);
	it.now_us = clock_mono_us();
	acceptors_init(&it.acceptors, &config);
	if (net_addr_parse(&it.addr, "127.0.0.1:0") != 0 ||
	    bind(fd, (struct sockaddr *)&it.addr.sa, it.addr.len) != 0 || listen(fd, MOST) != 0 ||
	    net_local_addr(fd, &it.addr) != 0)
		return -1;
	return acceptors_add(&it.acceptors, PORT, fd);
}

static int teardown(void **state)
{
	(void)state;
	setrlimit(RLIMIT_NOFILE, &it.limit);
	acceptors_close(&it.acceptors);
	event_base_free(it.acceptors.config.base);
	for (unsigned i = 0; i < it.n_clients; i++)
		close(it.clients[i]);
	for (unsigned i = 0; i < it.n_admitted; i++)
		close(it.admitted[i]);
	return 0;
}

static void connect_one(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	it.clients[it.n_clients++] = fd;
	assert_int_equal(connect(fd, (struct sockaddr *)&it.addr.sa, it.addr.len), 0);
}

static void turn(void)
{
	event_base_loop(it.acceptors.config.base, EVLOOP_NONBLOCK);
}

static void test_begin(void **state)
{
	(void)state;
	connect_one();
	acceptors_look(&it.acceptors);
	turn();
	assert_int_equal(it.n_admitted, 0);
	it.now_us += US_PER_S;
	acceptors_look(&it.acceptors);
	turn();
	assert_int_equal(it.n_admitted, 1);
	connect_one();
	turn();
	assert_int_equal(it.n_admitted, 2);
	assert_int_equal(it.n_with_descriptor, 2);
}

static void test_reserve(void **state)
{
	(void)state;
	acceptors_start(&it.acceptors);
	for (int i = 0; i < 3; i++)
		connect_one();
	leave_descriptors(it.limit, N_OWN + 1);
	turn();
	assert_int_equal(it.n_admitted, 3);
	assert_int_equal(it.n_with_descriptor, 1);
}

static void test_pause(void **state)
{
	struct event *event = it.acceptors.each[0].event;

	(void)state;
	acceptors_start(&it.acceptors);
	connect_one();
	leave_descriptors(it.limit, 0);
	for (int i = 0; i < 2; i++) {
		turn();
		assert_false(event_pending(event, EV_READ, NULL));
		acceptors_look(&it.acceptors);
		assert_false(event_pending(event, EV_READ, NULL));
		it.now_us += US_PER_S;
		acceptors_look(&it.acceptors);
		assert_true(event_pending(event, EV_READ, NULL));
	}
	assert_int_equal(it.n_admitted, 0);
	setrlimit(RLIMIT_NOFILE, &it.limit);
	turn();
	assert_int_equal(it.n_admitted, 1);
}

static void test_last(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		connect_one();
	acceptors_take_the_last(&it.acceptors);
	assert_int_equal(it.n_admitted, 3);
	acceptors_close(&it.acceptors);
	assert_int_equal(it.acceptors.n, 0);
}

#define TEST(title, fn)                                                                            \
	{                                                                                          \
		.name = title, .test_func = fn, .setup_func = setup, .teardown_func = teardown     \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("they begin when told to, or after a while", test_begin),
		TEST("the last descriptors are not for agents", test_reserve),
		TEST("without any, who waits wakes nobody until a moment has passed", test_pause),
		TEST("who waits at the end is taken", test_last),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("acceptors", tests, NULL, NULL);
}
