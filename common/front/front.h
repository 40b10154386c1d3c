#ifndef WEIR_COMMON_FRONT_H
#define WEIR_COMMON_FRONT_H
/*
 * A small server of HTTP/1.1. Its own thread accepts, reads whole requests within limits, and hands
 * them to a pool of threads. So slow clients hold a place among the connections, and never a thread.
 */
#include "common/front/front_config.h"

struct front;
/* *addr: where to listen, then where it listens. tls_addr: the same for the TLS port; NULL: there is
 * none. Copies config; borrows what it points to. Negative
 * errno. */
int front_new(const struct front_config *config, struct net_addr *addr, struct net_addr *tls_addr,
	      struct front **frontp) MUST_CHECK;
/* From now on connections are closed after an answer. Any thread. */
void front_drain(struct front *f);
/* Waits for the requests that are being served. */
void front_free(struct front *f);

#endif
