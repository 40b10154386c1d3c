#ifndef WEIR_NODE_LISTEN_SOCKETS_H
#define WEIR_NODE_LISTEN_SOCKETS_H
/*
 * Opens the sockets of a kind for one worker after the other: over UDP and TCP at one address, and
 * over TCP at another one, for TLS.
 */
#include "common/net/net.h"
#include "node/listen/listen_port.h"

#define LISTEN_ADDRESSES (2 * LISTEN_KINDS) /* of each kind, and then those for TLS */

struct listen_sockets {
	struct net_addr addrs[LISTEN_ADDRESSES]; /* port 0 until the first worker has it */
	bool is_wanted[LISTEN_ADDRESSES];
	bool is_open; /* the first worker has its own */
};

/* addresses: NULL where a kind is not wanted. 0, or the reason is logged. */
int listen_sockets_init(struct listen_sockets *s,
			const char *const addresses[LISTEN_ADDRESSES]) MUST_CHECK;
/* Those of one more worker; -1 where none is wanted. 0, or the reason is logged. */
int listen_sockets_open(struct listen_sockets *s, int fds[LISTEN_PORTS]) MUST_CHECK;

#endif
