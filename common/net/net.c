#include "common/net/net.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* 1 to 5 digits, at most 65535. */
static int parse_port(const char *text, uint16_t *portp)
{
	size_t n_digits = strspn(text, "0123456789");
	unsigned long port;

	if (n_digits == 0 || n_digits > 5 || text[n_digits] != '\0')
		return NET_E_SYNTAX;
	port = strtoul(text, NULL, 10);
	if (port > UINT16_MAX)
		return NET_E_SYNTAX;
	*portp = (uint16_t)port;
	return 0;
}

struct authority {
	char host[NET_HOST_SIZE]; /* without brackets; "" where none is given */
	bool bracketed;           /* so it must be a numeric IPv6 address */
	bool has_port;
	uint16_t port;
};

/* HOST[:PORT], [IPV6][:PORT] or :PORT, of the first len bytes. */
static int authority_parse(struct authority *a, const char *text, size_t len)
{
	char copy[sizeof(a->host) + 8]; /* brackets, colon, five digits, NUL */
	char *host = copy, *host_end;
	int r;

	*a = (struct authority){ 0 };
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return NET_E_SYNTAX;
	memcpy(copy, text, len);
	copy[len] = '\0';
	a->bracketed = copy[0] == '[';
	if (a->bracketed) {
		host++;
		host_end = strchr(host, ']');
		if (!host_end || host_end == host)
			return NET_E_SYNTAX;
		*host_end++ = '\0';
	} else {
		host_end = host + strcspn(host, ":");
	}
	if (*host_end == ':') {
		*host_end++ = '\0';
		a->has_port = true;
		r = parse_port(host_end, &a->port);
		if (r != 0)
			return r;
	} else if (*host_end != '\0') {
		return NET_E_SYNTAX;
	}
	if (strlen(host) >= sizeof(a->host))
		return NET_E_SYNTAX;
	strcpy(a->host, host);
	return 0;
}

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
	memcpy(&addr->sa, chosen->ai_addr, chosen->ai_addrlen);
	addr->len = chosen->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static int resolve(struct net_addr *addr, const struct authority *a)
{
	struct addrinfo hints = { .ai_family = a->bracketed ? AF_INET6 : AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = a->bracketed ? AI_NUMERICHOST : 0 };
	int r = resolve_host(addr, a->host, &hints);

	return r == NET_E_RESOLVE && a->bracketed ? NET_E_SYNTAX : r;
}

int net_addr_parse(struct net_addr *addr, const char *text)
{
	struct authority a;
	int r = authority_parse(&a, text, strlen(text));

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
	return getsockname(fd, (struct sockaddr *)&addr->sa, &addr->len) == 0 ? 0 : -errno;
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

/* Bytes that would end or break a request line or a Host header. */
static bool has_blank_or_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p <= ' ' || *p == 0x7f)
			return true;
	}
	return false;
}

static int url_path(struct net_url *url, const char *text)
{
	size_t len = strcspn(text, "#"); /* a fragment is the client's own */
	int n = snprintf(url->path, sizeof(url->path), "%s%.*s", *text == '/' ? "" : "/", (int)len,
			 text);

	return n > 0 && (size_t)n < sizeof(url->path) ? 0 : NET_E_SYNTAX;
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

int net_url_parse(struct net_url *url, const char *text)
{
	struct authority a;
	size_t authority_len;
	int r;

	*url = (struct net_url){ 0 };
	url->tls = strncasecmp(text, "https://", 8) == 0;
	if (!url->tls && strncasecmp(text, "http://", 7) != 0)
		return NET_E_SYNTAX;
	text += url->tls ? 8 : 7;
	if (has_blank_or_control(text))
		return NET_E_SYNTAX;
	authority_len = strcspn(text, "/?#");
	r = authority_parse(&a, text, authority_len);
	if (r != 0)
		return r;
	if (a.host[0] == '\0' || strpbrk(a.host, "@\\\"<>") || (a.has_port && a.port == 0))
		return NET_E_SYNTAX;
	strcpy(url->host, a.host);
	url->port = a.has_port ? a.port : url->tls ? 443 : 80;
	return url_path(url, text + authority_len);
}
