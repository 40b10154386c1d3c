#ifndef WEIR_T_UNIT_COMMON_FRONT_OTHER_END_H
#define WEIR_T_UNIT_COMMON_FRONT_OTHER_END_H
/* Include after cmocka.h. */
#include <sys/socket.h>

#include "common/net/net.h"

/* The server's end of a connection, which is in this process, too. -1: it is not there yet. */
static inline int other_end_of(int fd)
{
	struct net_addr own, peer;

	assert_int_equal(net_local_addr(fd, &own), 0);
	for (int other = 3; other < 1024; other++) {
		peer.len = sizeof(peer.sa);
		if (getpeername(other, (struct sockaddr *)&peer.sa, &peer.len) == 0 &&
		    peer.sa.ss_family == AF_INET && net_addr_port(&peer) == net_addr_port(&own))
			return other;
	}
	return -1;
}

#endif
