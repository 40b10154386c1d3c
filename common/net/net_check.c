#include "common/net/net_check.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/net_given.h"

#define PORT_MAX 65535

/* It is bound and never listens, so nobody's connection comes to it. */
int net_check_local(const struct net_addr *addr)
{
	int fd, one = 1, r = 0;

	if (net_given_has(addr))
		return 0;
	fd = socket(addr->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&addr->sa, addr->len) != 0 && errno != EADDRINUSE)
		r = -errno;
	close(fd);
	return r;
}

static in_port_t port_of(const struct net_addr *addr)
{
	return addr->sa.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)&addr->sa)->sin6_port
					      : ((const struct sockaddr_in *)&addr->sa)->sin_port;
}

static bool is_any(const struct net_addr *addr)
{
	return addr->sa.ss_family == AF_INET6
		       ? IN6_IS_ADDR_UNSPECIFIED(
				 &((const struct sockaddr_in6 *)&addr->sa)->sin6_addr)
		       : ((const struct sockaddr_in *)&addr->sa)->sin_addr.s_addr == INADDR_ANY;
}

bool net_overlap(const struct net_addr *a, const struct net_addr *b)
{
	if (port_of(a) == 0 || port_of(a) != port_of(b))
		return false;
	if (is_any(a) || is_any(b))
		return true;
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

static bool is_port(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= 5 && strspn(text, "0123456789") == len && atoi(text) <= PORT_MAX;
}

void net_explain(int error, const char *text, char why[NET_WHY_STRLEN])
{
	if (error == NET_E_SYNTAX && is_port(text))
		snprintf(why, NET_WHY_STRLEN,
			 "is no HOST:PORT: write :%s for all addresses, or 127.0.0.1:%s", text,
			 text);
	else if (error == NET_E_SYNTAX)
		snprintf(why, NET_WHY_STRLEN,
			 "is no HOST:PORT, such as :8080 for all addresses, or 127.0.0.1:8080");
	else if (error == NET_E_RESOLVE)
		snprintf(why, NET_WHY_STRLEN, "has a host name that does not resolve");
	else
		snprintf(why, NET_WHY_STRLEN, "cannot be listened on: %s", strerror(-error));
}
