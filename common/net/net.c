#include "common/net/net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A kernel without IPv6 refuses the socket; a dual-stack one serves both families. */
static bool have_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static void set_any(struct net_addr *addr)
{
	if (have_ipv6()) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr->sa;

		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_any;
		addr->len = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&addr->sa;

		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_ANY);
		addr->len = sizeof(*in);
	}
}

static void set_port(struct net_addr *addr, uint16_t port)
{
	if (addr->sa.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&addr->sa)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&addr->sa)->sin_port = htons(port);
}

/* With one address to keep and no second try, IPv4 is the one more often reachable. */
static const struct addrinfo *prefer_ipv4(const struct addrinfo *list)
{
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		if (ai->ai_family == AF_INET)
			return ai;
	}
	return list;
}

static int resolve_host(struct net_addr *addr, const char *host, const struct addrinfo *hints)
{
	const struct addrinfo *chosen;
	struct addrinfo *list;
	int r = getaddrinfo(host, NULL, hints, &list);

	if (r == EAI_MEMORY)
		return -ENOMEM;
	if (r != 0)
		return NET_E_RESOLVE;
	chosen = prefer_ipv4(list);
	assert(chosen->ai_addrlen <= sizeof(addr->sa));
	memcpy(&addr->sa, chosen->ai_addr, chosen->ai_addrlen);
	addr->len = chosen->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static int resolve(struct net_addr *addr, const struct net_authority *a)
{
	struct addrinfo hints = { .ai_family = a->bracketed ? AF_INET6 : AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = a->bracketed ? AI_NUMERICHOST : 0 };
	int r = resolve_host(addr, a->host, &hints);

	return r == NET_E_RESOLVE && a->bracketed ? NET_E_SYNTAX : r;
}

int net_addr_parse(struct net_addr *addr, const char *text)
{
	struct net_authority a;
	int r = net_authority_parse(&a, text, strlen(text));

	*addr = (struct net_addr){ 0 };
	if (r == 0 && !a.has_port)
		r = NET_E_SYNTAX;
	if (r != 0)
		return r;
	if (a.host[0] == '\0')
		set_any(addr);
	else
		r = resolve(addr, &a);
	if (r == 0)
		set_port(addr, a.port);
	return r;
}

int net_addr_numeric(struct net_addr *addr, const char *host, uint16_t port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	int r;

	*addr = (struct net_addr){ 0 };
	r = resolve_host(addr, host, &hints);
	if (r == 0)
		set_port(addr, port);
	return r;
}

uint16_t net_addr_port(const struct net_addr *addr)
{
	if (addr->sa.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&addr->sa)->sin6_port);
	if (addr->sa.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&addr->sa)->sin_port);
	return 0;
}

static void format_ipv6(const struct net_addr *addr, char out[NET_ADDR_STRLEN])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;
	char host[INET6_ADDRSTRLEN], zone[1 + IF_NAMESIZE] = "";

	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		/* An IPv4 peer of a dual-stack listener: people know it by its IPv4 address. */
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof(host));
		snprintf(out, NET_ADDR_STRLEN, "%s:%u", host, net_addr_port(addr));
		return;
	}
	inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	if (in6->sin6_scope_id != 0)
		snprintf(zone, sizeof(zone), "%%%u", in6->sin6_scope_id);
	snprintf(out, NET_ADDR_STRLEN, "[%s%s]:%u", host, zone, net_addr_port(addr));
}

void net_addr_format(const struct net_addr *addr, char out[NET_ADDR_STRLEN])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->sa;
	char host[INET_ADDRSTRLEN];

	switch (addr->sa.ss_family) {
	case AF_INET6:
		format_ipv6(addr, out);
		return;
	case AF_INET:
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(out, NET_ADDR_STRLEN, "%s:%u", host, net_addr_port(addr));
		return;
	default:
		snprintf(out, NET_ADDR_STRLEN, "?");
	}
}

static int set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static int open_socket(const struct net_addr *addr, int type, int *fdp)
{
	*fdp = socket(addr->sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return *fdp >= 0 ? 0 : -errno;
}

static int bind_to(int fd, const struct net_addr *addr, bool reuse_port)
{
	int r = 0;

	if (reuse_port)
		r = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && addr->sa.ss_family == AF_INET6)
		r = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (r != 0)
		return r;
	return bind(fd, (const struct sockaddr *)&addr->sa, addr->len) == 0 ? 0 : -errno;
}

static int bind_and_listen(int fd, const struct net_addr *addr, bool reuse_port, int backlog)
{
	int r = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (r == 0)
		r = bind_to(fd, addr, reuse_port);
	if (r != 0)
		return r;
	return listen(fd, backlog) == 0 ? 0 : -errno;
}

int net_bind_udp(const struct net_addr *addr, bool reuse_port, int *fdp)
{
	int fd, r = open_socket(addr, SOCK_DGRAM, &fd);

	if (r != 0)
		return r;
	r = bind_to(fd, addr, reuse_port);
	if (r != 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

int net_listen(const struct net_addr *addr, bool reuse_port, int backlog, int *fdp)
{
	int fd, r = open_socket(addr, SOCK_STREAM, &fd);

	if (r != 0)
		return r;
	r = bind_and_listen(fd, addr, reuse_port, backlog);
	if (r != 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

int net_local_addr(int fd, struct net_addr *addr)
{
	*addr = (struct net_addr){ .len = sizeof(addr->sa) };
	if (getsockname(fd, (struct sockaddr *)&addr->sa, &addr->len) != 0)
		return -errno;
	return addr->sa.ss_family == AF_INET || addr->sa.ss_family == AF_INET6 ? 0 : -EAFNOSUPPORT;
}

int net_connect(const struct net_addr *addr, int *fdp)
{
	int fd, r = open_socket(addr, SOCK_STREAM, &fd);

	if (r != 0)
		return r;
	r = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (r == 0 && connect(fd, (const struct sockaddr *)&addr->sa, addr->len) != 0 &&
	    errno != EINPROGRESS)
		r = -errno;
	if (r != 0) {
		close(fd);
		return r;
	}
	*fdp = fd;
	return 0;
}

void net_addr_key(const struct net_addr *addr, uint8_t key[NET_ADDR_KEY_BYTES])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	memset(key, 0, NET_ADDR_KEY_BYTES);
	if (addr->sa.ss_family == AF_INET) {
		key[10] = key[11] = 0xff;
		memcpy(key + 12, &in->sin_addr, 4);
	} else if (addr->sa.ss_family == AF_INET6) {
		memcpy(key, &in6->sin6_addr, IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) ? 16 : 8);
	}
}

bool net_addr_is_loopback(const struct net_addr *addr)
{
	const struct in6_addr *in6 = &((const struct sockaddr_in6 *)&addr->sa)->sin6_addr;
	uint8_t key[NET_ADDR_KEY_BYTES];

	net_addr_key(addr, key);
	if (addr->sa.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(in6))
		return IN6_IS_ADDR_LOOPBACK(in6);
	return key[12] == 127;
}
