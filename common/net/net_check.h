#ifndef WEIR_COMMON_NET_CHECK_H
#define WEIR_COMMON_NET_CHECK_H
/*
 * Whether a program could listen where it is told, and why not, before it does.
 */
#include "common/net/net.h"

#define NET_WHY_STRLEN 200

/* A negative errno: it is no address of this machine, or its port is not allowed. A port that is in
 * use is fine. */
int net_check_local(const struct net_addr *addr) MUST_CHECK;
/* Whether they cannot have a socket each: they have one port, and one address, or one of them has all
 * addresses. Port 0 is a free one each time. */
bool net_overlap(const struct net_addr *a, const struct net_addr *b);
/* What is wrong with `text`, given what net_addr_parse or net_check_local returned: "is no
 * HOST:PORT: write :8080". */
void net_explain(int error, const char *text, char why[NET_WHY_STRLEN]);

#endif
