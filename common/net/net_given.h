#ifndef WEIR_COMMON_NET_GIVEN_H
#define WEIR_COMMON_NET_GIVEN_H
/*
 * Sockets that a service manager has opened for this program, by the protocol of
 * sd_listen_fds(3): LISTEN_PID and LISTEN_FDS name descriptors from 3 on. Whoever listens takes
 * the one with its address, and opens a socket only where there is none. From one thread.
 */
#include "common/net/net.h"

#define NET_GIVEN_MOST 32

/* Once, before anything is opened. */
void net_given_init(void);
/* As net_listen and net_bind_udp, or a duplicate of the given socket with this very address. */
int net_given_listen(const struct net_addr *addr, bool reuse_port, int backlog,
		     int *fdp) MUST_CHECK;
int net_given_bind_udp(const struct net_addr *addr, bool reuse_port, int *fdp) MUST_CHECK;
/* Whether a listening socket with this address is given. */
bool net_given_has(const struct net_addr *addr);
/* After all is opened. -EINVAL: a socket is left, on which nobody would answer. The log names it. */
int net_given_check(const char *component) MUST_CHECK;

#endif
