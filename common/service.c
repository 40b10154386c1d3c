#include "common/service.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

/* False: the variable is not set, or is nothing that can be sent to. */
static bool find_manager(struct sockaddr_un *addr, socklen_t *lenp)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(addr->sun_path) || (path[0] != '/' && path[0] != '@'))
		return false;
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(addr->sun_path, path, len);
	if (path[0] == '@')
		addr->sun_path[0] = '\0'; /* a name in the abstract namespace */
	*lenp = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

static void tell(const char *message)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd;

	if (!find_manager(&addr, &len))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&addr,
	       len);
	close(fd);
}

void service_ready(void)
{
	tell("READY=1");
}

void service_reloading(void)
{
	char message[64];

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_us());
	tell(message);
}

void service_stopping(void)
{
	tell("STOPPING=1");
}

uint64_t service_watchdog_ms(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t ms;

	if (!us || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	ms = strtoull(us, NULL, 10) / 2 / US_PER_MS;
	return ms > 0 ? ms : 1;
}

void service_alive(void)
{
	tell("WATCHDOG=1");
}
