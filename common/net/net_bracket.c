#include "common/net/net_bracket.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

static bool is_ipv6(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, &addr) == 1;
}

/* The bytes of the address at the start of the authority, 0: there is none. */
static size_t address_len(const char *authority, size_t len)
{
	size_t without_port = len;

	while (without_port > 0 && authority[without_port - 1] != ':')
		without_port--;
	if (without_port > 0 && is_ipv6(authority, without_port - 1))
		return without_port - 1;
	return is_ipv6(authority, len) ? len : 0;
}

void net_bracket_url(struct buf *out, const char *url)
{
	const char *authority = strstr(url, "://");
	size_t n;

	authority = authority ? authority + 3 : url;
	n = address_len(authority, strcspn(authority, "/?#"));
	if (n == 0) {
		buf_append_str(out, url);
		return;
	}
	buf_append(out, url, (size_t)(authority - url));
	buf_append(out, "[", 1);
	buf_append(out, authority, n);
	buf_append(out, "]", 1);
	buf_append_str(out, authority + n);
}
