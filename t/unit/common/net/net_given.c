#include "common/net/net_given.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/net/net_check.h"

#define FIRST_FD 3

/* Opens a socket as a service manager does, as descriptor FIRST_FD + i. */
static void give(int i, const char *where, int type, struct net_addr *addr)
{
	struct net_addr wanted;
	int fd;

	assert_int_equal(net_addr_parse(&wanted, where), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(net_listen(&wanted, false, 5, &fd), 0);
	else
		assert_int_equal(net_bind_udp(&wanted, false, &fd), 0);
	assert_int_equal(net_local_addr(fd, addr), 0);
	if (fd != FIRST_FD + i) {
		assert_int_equal(dup2(fd, FIRST_FD + i), FIRST_FD + i);
		close(fd);
	}
}

static void init(long pid, int n)
{
	char text[40];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	snprintf(text, sizeof(text), "%d", n);
	setenv("LISTEN_FDS", text, 1);
	net_given_init();
	assert_null(getenv("LISTEN_PID"));
	assert_null(getenv("LISTEN_FDS"));
}

static void assert_same_socket(int fd, const struct net_addr *addr)
{
	struct net_addr got;

	assert_true(fd > FIRST_FD);
	assert_int_equal(net_local_addr(fd, &got), 0);
	assert_memory_equal(&got.sa, &addr->sa, addr->len);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

static void a_port_takes_the_socket_with_its_address(void **state)
{
	struct net_addr tcp, udp, other;
	int fd;

	(void)state;
	give(0, "127.0.0.1:0", SOCK_STREAM, &tcp);
	give(1, "127.0.0.1:0", SOCK_DGRAM, &udp);
	init(getpid(), 2);
	assert_int_equal(net_given_check("test"), -EINVAL);
	assert_true(net_given_has(&tcp));
	assert_false(net_given_has(&udp));
	for (int worker = 0; worker < 2; worker++) { /* without SO_REUSEPORT, so none is opened */
		assert_int_equal(net_given_listen(&tcp, false, 5, &fd), 0);
		assert_same_socket(fd, &tcp);
		assert_int_equal(net_given_bind_udp(&udp, false, &fd), 0);
		assert_same_socket(fd, &udp);
	}
	assert_int_equal(net_given_check("test"), 0);
	assert_int_equal(net_addr_parse(&other, "127.0.0.1:0"), 0);
	assert_int_equal(net_given_listen(&other, false, 5, &fd), 0); /* one of its own */
	close(fd);
	close(FIRST_FD);
	close(FIRST_FD + 1);
}

/* A socket for all addresses would open a port that is meant for this machine alone. */
static void another_host_is_another_socket(void **state)
{
	struct net_addr any, loopback;
	char text[32];

	(void)state;
	give(0, ":0", SOCK_STREAM, &any);
	init(getpid(), 1);
	snprintf(text, sizeof(text), "127.0.0.1:%u", net_addr_port(&any));
	assert_int_equal(net_addr_parse(&loopback, text), 0);
	assert_false(net_given_has(&loopback));
	assert_true(net_given_has(&any));
	assert_int_equal(net_check_local(&any), 0);
	close(FIRST_FD);
}

static void what_cannot_be_used_is_told(void **state)
{
	struct net_addr addr;

	(void)state;
	give(0, "127.0.0.1:0", SOCK_STREAM, &addr);
	init((long)getpid() + 1, 1); /* for another process */
	assert_false(net_given_has(&addr));
	assert_int_equal(net_given_check("test"), 0);
	init(getpid(), -1);
	assert_int_equal(net_given_check("test"), 0);
	init(getpid(), NET_GIVEN_MOST + 1);
	assert_int_equal(net_given_check("test"), -EINVAL);
	close(FIRST_FD);
	init(getpid(), 1); /* it is closed */
	assert_int_equal(net_given_check("test"), -EINVAL);
	assert_int_equal(open("/dev/null", O_RDONLY), FIRST_FD);
	init(getpid(), 1);
	assert_int_equal(net_given_check("test"), -EINVAL);
	close(FIRST_FD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_takes_the_socket_with_its_address),
		cmocka_unit_test(another_host_is_another_socket),
		cmocka_unit_test(what_cannot_be_used_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/net/net_given", tests, NULL, NULL);
}
