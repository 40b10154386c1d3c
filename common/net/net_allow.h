#ifndef WEIR_COMMON_NET_ALLOW_H
#define WEIR_COMMON_NET_ALLOW_H
/*
 * Where connections may go: ranges of addresses, and patterns of host names.
 *
 *   10.0.0.0/8   fd00::/8   192.168.1.7   addresses
 *   *.example.com   analyzer-*   h        names; '*' stands for any characters, dots too
 *
 * A name that no pattern matches is judged by its addresses; one that a pattern matches may have
 * any, but for those below. Because names change what they resolve to, each address is judged when
 * a connection to it is made.
 *
 * Addresses that lead to a machine's surroundings (metadata of clouds, link-local, "this host",
 * multicast) are allowed only by an entry that names them, never by a wider range or a pattern. An
 * IPv4 address within an IPv6 one (::ffff:0:0/96, 64:ff9b::/96) counts as the IPv4 address.
 *
 * Pure. Not changed once it is made, so threads may share it.
 */
#include "common/net/net.h"

struct net_allow;

/* NET_E_SYNTAX: *badp is the entry (borrowed), *whyp what is wrong with it (static). -ENOMEM. */
int net_allow_new(const char *const *entries, size_t n_entries, struct net_allow **allowp,
		  const char **badp, const char **whyp) MUST_CHECK;
/* From now on `allow` allows what `newer` does, for all threads. Takes newer; both last until
 * net_allow_free(allow). */
void net_allow_replace(struct net_allow *allow, struct net_allow *newer);
void net_allow_free(struct net_allow *allow);

/* Whether a pattern matches. Upper case is lower case; a dot at the end of `host` is ignored. */
bool net_allow_has_name(const struct net_allow *allow, const char *host);
/*
 * NULL: what was asked for as `host`, the address itself or a name, may be connected to at addr.
 * Else why not: static, to stand behind "ADDRESS ". Without a list (NULL) all is allowed.
 */
const char *net_allow_refuses(const struct net_allow *allow, const char *host,
			      const struct net_addr *addr);

#endif
