/*
 * One line of entries, one of a host: what the list says of an address does not depend on whether
 * it stands as IPv4 or within IPv6, nor on the order of the entries; and metadata stays closed
 * to whoever does not name it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "common/net/net_allow.h"

#define MAX_ENTRIES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct net_allow *made(const char *const *entries, size_t n)
{
	struct net_allow *allow = NULL;
	const char *bad, *why = NULL;

	if (net_allow_new(entries, n, &allow, &bad, &why) != 0)
		assert(!allow && why);
	return allow;
}

static bool is_refused(const struct net_allow *allow, const char *host, uint32_t address,
		       bool is_mapped)
{
	struct net_addr addr = { .len = sizeof(addr.sa) };
	struct sockaddr_in *in = (struct sockaddr_in *)&addr.sa;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr.sa;

	addr.sa.ss_family = is_mapped ? AF_INET6 : AF_INET;
	if (is_mapped) {
		memset(&in6->sin6_addr.s6_addr[10], 0xff, 2);
		memcpy(&in6->sin6_addr.s6_addr[12], &address, 4);
	} else {
		in->sin_addr.s_addr = address;
	}
	return net_allow_refuses(allow, host, &addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *text = strndup((const char *)data, len);
	const char *entries[MAX_ENTRIES], *turned[MAX_ENTRIES], *host;
	struct net_allow *allow, *other;
	uint32_t address = 0;
	bool is_named = false;
	char *at = text;
	size_t n = 0;

	memcpy(&address, data, len < 4 ? len : 4);
	host = strsep(&at, "\n");
	while (at && n < MAX_ENTRIES) {
		entries[n] = strsep(&at, "\n");
		is_named |= strncasecmp(entries[n], "169.254.", 8) == 0 || strchr(entries[n], ':');
		n++;
	}
	for (size_t i = 0; i < n; i++)
		turned[i] = entries[n - 1 - i];
	allow = made(entries, n);
	other = made(turned, n);
	assert(!allow == !other);
	if (allow) {
		assert(is_refused(allow, host, address, false) ==
		       is_refused(other, host, address, true));
		assert(is_named || is_refused(allow, host, htonl(0xa9fea9fe), false));
	}
	net_allow_free(allow);
	net_allow_free(other);
	return 0;
}
