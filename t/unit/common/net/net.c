#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/net/net.h"

static bool kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void addresses_read_and_print_the_same(void **state)
{
	static const char *const texts[] = { "127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535",
					     "[2001:db8::1]:1" };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char out[NET_ADDR_STRLEN];
		struct net_addr addr;

		assert_int_equal(net_addr_parse(&addr, texts[i]), 0);
		net_addr_format(&addr, out);
		assert_string_equal(out, texts[i]);
	}
	struct net_addr addr;
	assert_int_equal(net_addr_parse(&addr, "127.0.0.1:8080"), 0);
	assert_int_equal(net_addr_port(&addr), 8080);
	assert_int_equal(addr.len, sizeof(struct sockaddr_in));
}

static void what_is_not_host_and_port_is_refused(void **state)
{
	static const char *const texts[] = { "",
					     "127.0.0.1",
					     "8080",
					     ":",
					     "127.0.0.1:",
					     "127.0.0.1:x",
					     "127.0.0.1:65536",
					     "127.0.0.1:-1",
					     "127.0.0.1:80 ",
					     "127.0.0.1:000080",
					     "::1:80",
					     "[::1]",
					     "[::1]80",
					     "[::1:80",
					     "[]:80",
					     "[127.0.0.1]:80",
					     "[x]:80",
					     "http://h:80" };
	char long_host[400];
	struct net_addr addr;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int r = net_addr_parse(&addr, texts[i]);

		if (r != NET_E_SYNTAX)
			print_error("\"%s\" gave %d\n", texts[i], r);
		assert_int_equal(r, NET_E_SYNTAX);
	}
	memset(long_host, 'a', sizeof(long_host));
	strcpy(long_host + 390, ":80");
	assert_int_equal(net_addr_parse(&addr, long_host), NET_E_SYNTAX);
}

static void names_are_resolved(void **state)
{
	struct net_addr addr;
	char out[NET_ADDR_STRLEN];
	(void)state;

	assert_int_equal(net_addr_parse(&addr, "localhost:5"), 0);
	net_addr_format(&addr, out);
	assert_true(strcmp(out, "127.0.0.1:5") == 0 || strcmp(out, "[::1]:5") == 0);
	/* Labels never begin with '-', so no lookup leaves this machine. */
	assert_int_equal(net_addr_parse(&addr, "-not..a name-:5"), NET_E_RESOLVE);
}

static void listen_on(const char *text, bool reuse_port, int *fdp, struct net_addr *bound)
{
	struct net_addr addr;

	assert_int_equal(net_addr_parse(&addr, text), 0);
	assert_int_equal(net_listen(&addr, reuse_port, 16, fdp), 0);
	assert_int_equal(net_local_addr(*fdp, bound), 0);
	assert_int_not_equal(net_addr_port(bound), 0);
}

static int wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 5000) == 1 ? p.revents : 0;
}

static void connect_to(uint16_t port, int *fdp)
{
	struct net_addr addr;
	char text[32];
	int error = -1;
	socklen_t len = sizeof(error);

	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	assert_int_equal(net_addr_parse(&addr, text), 0);
	assert_int_equal(net_connect(&addr, fdp), 0);
	assert_true(wait_for(*fdp, POLLOUT) & POLLOUT);
	assert_int_equal(getsockopt(*fdp, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, 0);
}

static int int_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
	return value;
}

static void a_listener_and_a_connection_do_not_block_nor_outlive_exec(void **state)
{
	struct net_addr bound;
	int fds[2];
	(void)state;

	listen_on("127.0.0.1:0", false, &fds[0], &bound);
	assert_int_equal(int_option(fds[0], SOL_SOCKET, SO_REUSEADDR), 1);
	assert_int_equal(int_option(fds[0], SOL_SOCKET, SO_REUSEPORT), 0);
	assert_int_equal(int_option(fds[0], SOL_SOCKET, SO_ACCEPTCONN), 1);
	connect_to(net_addr_port(&bound), &fds[1]);
	assert_int_not_equal(int_option(fds[1], IPPROTO_TCP, TCP_NODELAY), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		close(fds[i]);
	}
}

static void no_host_listens_on_every_family_there_is(void **state)
{
	struct net_addr addr, bound, peer = { .len = sizeof(peer.sa) };
	char out[NET_ADDR_STRLEN];
	int listener, client, served;
	(void)state;

	assert_int_equal(net_addr_parse(&addr, ":0"), 0);
	assert_int_equal(addr.sa.ss_family, kernel_has_ipv6() ? AF_INET6 : AF_INET);
	listen_on(":0", false, &listener, &bound);
	connect_to(net_addr_port(&bound), &client);
	assert_true(wait_for(listener, POLLIN) & POLLIN);
	served = accept(listener, (struct sockaddr *)&peer.sa, &peer.len);
	assert_true(served >= 0);
	net_addr_format(&peer, out);
	assert_memory_equal(out, "127.0.0.1:", 10); /* not as [::ffff:127.0.0.1] */
	close(served);
	close(client);
	close(listener);
}

static void a_port_is_shared_only_where_asked(void **state)
{
	struct net_addr bound, other;
	int first, second;
	(void)state;

	listen_on("127.0.0.1:0", true, &first, &bound);
	assert_int_equal(net_listen(&bound, true, 16, &second), 0);
	assert_int_equal(net_local_addr(second, &other), 0);
	assert_int_equal(net_addr_port(&other), net_addr_port(&bound));
	close(second);
	close(first);
	listen_on("127.0.0.1:0", false, &first, &bound);
	second = -7;
	assert_int_equal(net_listen(&bound, false, 16, &second), -EADDRINUSE);
	assert_int_equal(second, -7);
	close(first);
}

static void a_host_that_is_an_address_needs_no_lookup(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	static const char *const texts[] = { "127.0.0.1:80", "[::1]:80" };
	static const char *const names[] = { "localhost", "h", "", "127.0.0.1:80", "[::1]" };
	struct net_addr addr;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		char out[NET_ADDR_STRLEN];

		assert_int_equal(net_addr_numeric(&addr, hosts[i], 80), 0);
		net_addr_format(&addr, out);
		assert_string_equal(out, texts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(net_addr_numeric(&addr, names[i], 80), NET_E_RESOLVE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_read_and_print_the_same),
		cmocka_unit_test(a_host_that_is_an_address_needs_no_lookup),
		cmocka_unit_test(what_is_not_host_and_port_is_refused),
		cmocka_unit_test(names_are_resolved),
		cmocka_unit_test(a_listener_and_a_connection_do_not_block_nor_outlive_exec),
		cmocka_unit_test(no_host_listens_on_every_family_there_is),
		cmocka_unit_test(a_port_is_shared_only_where_asked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/net", tests, NULL, NULL);
}
