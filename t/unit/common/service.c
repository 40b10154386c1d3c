#include "common/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* The manager's end: a socket with an abstract name, which NOTIFY_SOCKET gets. */
static int listen_as_manager(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char name[80];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int n = snprintf(name, sizeof(name), "@weir-test-service-%ld", (long)getpid());

	assert_true(fd >= 0);
	memcpy(addr.sun_path + 1, name + 1, (size_t)n - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int fd, const char *begin)
{
	char text[100];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(n > 0);
	text[n] = '\0';
	assert_memory_equal(text, begin, strlen(begin));
}

static void the_manager_is_told(void **state)
{
	int fd = listen_as_manager();

	(void)state;
	service_ready();
	expect(fd, "READY=1");
	service_reloading();
	expect(fd, "RELOADING=1\nMONOTONIC_USEC=");
	service_stopping();
	expect(fd, "STOPPING=1");
	service_alive();
	expect(fd, "WATCHDOG=1");
	close(fd);
	service_alive(); /* nobody is there any more: nothing happens */
	unsetenv("NOTIFY_SOCKET");
}

static void a_manager_that_does_not_read_holds_nobody_up(void **state)
{
	int fd = listen_as_manager();

	(void)state;
	for (int i = 0; i < 5000; i++)
		service_alive();
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void without_a_manager_nothing_is_sent(void **state)
{
	static char long_path[300] = "/";

	(void)state;
	service_ready();
	setenv("NOTIFY_SOCKET", "nowhere", 1);
	service_ready();
	memset(long_path + 1, 'x', sizeof(long_path) - 2);
	setenv("NOTIFY_SOCKET", long_path, 1);
	service_ready();
	unsetenv("NOTIFY_SOCKET");
}

static void half_of_the_watchdogs_time_is_kept(void **state)
{
	char pid[20];

	(void)state;
	assert_int_equal(service_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(service_watchdog_ms(), 15000);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(service_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1); /* of another process */
	assert_int_equal(service_watchdog_ms(), 0);
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manager_is_told),
		cmocka_unit_test(a_manager_that_does_not_read_holds_nobody_up),
		cmocka_unit_test(without_a_manager_nothing_is_sent),
		cmocka_unit_test(half_of_the_watchdogs_time_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("common/service", tests, NULL, NULL);
}
