#ifndef WEIR_COMMON_NET_AUTHORITY_H
#define WEIR_COMMON_NET_AUTHORITY_H
/* A host and a port as addresses and URLs have them. Pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define NET_HOST_SIZE 256                      /* of a host name or address, with its NUL */
#define NET_AUTHORITY_SIZE (NET_HOST_SIZE + 8) /* "[" host "]:65535" */
#define NET_E_SYNTAX 1                         /* not HOST:PORT */

struct net_authority {
	char host[NET_HOST_SIZE]; /* without brackets; "" where none is given */
	bool bracketed;           /* so it must be a numeric IPv6 address */
	bool has_port;
	uint16_t port;
};

/* HOST[:PORT], [IPV6][:PORT] or :PORT, of the first len bytes. NET_E_SYNTAX. */
int net_authority_parse(struct net_authority *a, const char *text, size_t len) MUST_CHECK;

#endif
