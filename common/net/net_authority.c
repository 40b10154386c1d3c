#include "common/net/net_authority.h"

#include <string.h>

/* 1 to 5 digits, at most 65535. */
static int parse_port(const char *text, uint16_t *portp)
{
	size_t n_digits = strspn(text, "0123456789");
	unsigned long port;

	if (n_digits == 0 || n_digits > 5 || text[n_digits] != '\0')
		return NET_E_SYNTAX;
	port = strtoul(text, NULL, 10);
	if (port > UINT16_MAX)
		return NET_E_SYNTAX;
	*portp = (uint16_t)port;
	return 0;
}

int net_authority_parse(struct net_authority *a, const char *text, size_t len)
{
	char copy[sizeof(a->host) + 8]; /* brackets, colon, five digits, NUL */
	char *host = copy, *host_end;
	int r;

	*a = (struct net_authority){ 0 };
	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return NET_E_SYNTAX;
	memcpy(copy, text, len);
	copy[len] = '\0';
	a->bracketed = copy[0] == '[';
	if (a->bracketed) {
		host++;
		host_end = strchr(host, ']');
		if (!host_end || host_end == host)
			return NET_E_SYNTAX;
		*host_end++ = '\0';
	} else {
		host_end = host + strcspn(host, ":");
	}
	if (*host_end == ':') {
		*host_end++ = '\0';
		a->has_port = true;
		r = parse_port(host_end, &a->port);
		if (r != 0)
			return r;
	} else if (*host_end != '\0') {
		return NET_E_SYNTAX;
	}
	if (strlen(host) >= sizeof(a->host))
		return NET_E_SYNTAX;
	strcpy(a->host, host);
	return 0;
}
