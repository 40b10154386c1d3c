#ifndef WEIR_COMMON_FRONT_CONN_H
#define WEIR_COMMON_FRONT_CONN_H
/*
 * The life of a connection: reads requests, decides, hands them to the pool; deadlines.
 */
#include "common/front/front_state.h"

/* Takes fd; reads what is there, and may close the connection. is_tls: it came to the TLS port. */
void front_conn_open(struct front_crowd *crowd, int fd, const struct net_addr *peer, bool is_tls);
/* Now and then: deadlines, and what streams have to say. */
void front_conn_tick(struct front_crowd *crowd);

#endif
