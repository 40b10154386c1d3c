#include "common/net/net_given.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define FIRST_FD 3

/* The sockets belong to the process, as its environment does. */
static struct given {
	int fd, type; /* type 0: a socket that nobody here can use */
	char text[NET_ADDR_STRLEN];
	bool is_taken;
} given[NET_GIVEN_MOST];
static long n_given;

/* There may be more than there is room for, which net_given_check refuses. */
static int n_known(void)
{
	return n_given < NET_GIVEN_MOST ? (int)n_given : NET_GIVEN_MOST;
}

static int socket_option(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : 0;
}

/* A stream that does not listen is a connection (Accept=yes), which is of no use here. */
static int usable_type(int fd)
{
	int type = socket_option(fd, SO_TYPE);

	return type == SOCK_STREAM && !socket_option(fd, SO_ACCEPTCONN) ? 0 : type;
}

/* What is no socket, or cannot be made to fit, has no type, so that nobody takes it. */
static void take_over(struct given *g, int fd)
{
	struct net_addr addr;
	int flags = fcntl(fd, F_GETFL);

	*g = (struct given){ .fd = fd, .text = "?" };
	if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || net_local_addr(fd, &addr) != 0)
		return;
	g->type = usable_type(fd);
	net_addr_format(&addr, g->text);
}

/* 0: they are not for this process. */
static long count_in_environment(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	return pid && n && strtol(pid, NULL, 10) == (long)getpid() ? strtol(n, NULL, 10) : 0;
}

void net_given_init(void)
{
	n_given = count_in_environment();
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int i = 0; i < n_known(); i++)
		take_over(&given[i], FIRST_FD + i);
}

static struct given *find(const struct net_addr *addr, int type)
{
	char text[NET_ADDR_STRLEN];

	net_addr_format(addr, text);
	for (int i = 0; i < n_known(); i++)
		if (given[i].type == type && strcmp(given[i].text, text) == 0)
			return &given[i];
	return NULL;
}

static int duplicate(struct given *g, int *fdp)
{
	int fd = fcntl(g->fd, F_DUPFD_CLOEXEC, FIRST_FD);

	if (fd < 0)
		return -errno;
	g->is_taken = true;
	*fdp = fd;
	return 0;
}

int net_given_listen(const struct net_addr *addr, bool reuse_port, int backlog, int *fdp)
{
	struct given *g = find(addr, SOCK_STREAM);

	return g ? duplicate(g, fdp) : net_listen(addr, reuse_port, backlog, fdp);
}

int net_given_bind_udp(const struct net_addr *addr, bool reuse_port, int *fdp)
{
	struct given *g = find(addr, SOCK_DGRAM);

	return g ? duplicate(g, fdp) : net_bind_udp(addr, reuse_port, fdp);
}

bool net_given_has(const struct net_addr *addr)
{
	return find(addr, SOCK_STREAM) != NULL;
}

int net_given_check(const char *component)
{
	if (n_given > NET_GIVEN_MOST) {
		log_error(component, "the service manager has opened too many sockets",
			  "sockets=%ld most=%d", n_given, NET_GIVEN_MOST);
		return -EINVAL;
	}
	for (int i = 0; i < n_known(); i++) {
		if (given[i].is_taken)
			continue;
		log_error(component, "a socket of the service manager has no use",
			  "addr=%s remedy=%s runbook=%s", given[i].text,
			  "let a port have that very address, or stop the socket unit",
			  LOG_RUNBOOK "a-socket-of-systemd-has-no-use");
		return -EINVAL;
	}
	return 0;
}
