#ifndef WEIR_COMMON_NET_H
#define WEIR_COMMON_NET_H
/*
 * Addresses as people write them, and listening sockets.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/net/net_authority.h"

#define NET_ADDR_STRLEN 80
#define NET_E_RESOLVE 2 /* the name does not resolve */

/* Of IPv4 or IPv6. Each connection keeps two, so it is no larger than these: sockaddr_storage has 128
 * bytes. */
union net_sockaddr {
	sa_family_t ss_family;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct net_addr {
	union net_sockaddr sa;
	socklen_t len;
};

/* "127.0.0.1:8080", "[::1]:8080", ":8080" (any address, IPv6 dual-stack where there is IPv6, else
 * IPv4), "localhost:0". Blocking name lookup; a name that has both is taken by its IPv4 address. */
int net_addr_parse(struct net_addr *addr, const char *text) MUST_CHECK;
/* "127.0.0.1:8080", "[::1]:8080"; an IPv4 peer of a dual-stack socket as the former */
void net_addr_format(const struct net_addr *addr, char out[NET_ADDR_STRLEN]);
uint16_t net_addr_port(const struct net_addr *addr);
/* Who it is: IPv4 as ::ffff:0:0/96, however the socket names it; of IPv6 the /64. */
#define NET_ADDR_KEY_BYTES 16
void net_addr_key(const struct net_addr *addr, uint8_t key[NET_ADDR_KEY_BYTES]);
/* 127.0.0.0/8, however the socket names it, and ::1. */
bool net_addr_is_loopback(const struct net_addr *addr);
/* Of a host that is an address itself, "127.0.0.1" or "::1". NET_E_RESOLVE: it is a name. */
int net_addr_numeric(struct net_addr *addr, const char *host, uint16_t port) MUST_CHECK;

/* A non-blocking, close-on-exec TCP listener with SO_REUSEADDR, and SO_REUSEPORT where asked. */
int net_listen(const struct net_addr *addr, bool reuse_port, int backlog, int *fdp) MUST_CHECK;
/* A non-blocking, close-on-exec UDP socket, bound; SO_REUSEPORT where asked. */
int net_bind_udp(const struct net_addr *addr, bool reuse_port, int *fdp) MUST_CHECK;
/* What a socket is bound to. -EAFNOSUPPORT: neither IPv4 nor IPv6. */
int net_local_addr(int fd, struct net_addr *addr) MUST_CHECK;
/* Non-blocking connect with TCP_NODELAY; 0 also while it is in progress. */
int net_connect(const struct net_addr *addr, int *fdp) MUST_CHECK;

#endif
