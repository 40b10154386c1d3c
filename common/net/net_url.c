#include "common/net/net_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Bytes that would end or break a request line or a Host header. */
static bool has_blank_or_control(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p <= ' ' || *p == 0x7f)
			return true;
	}
	return false;
}

static int url_path(struct net_url *url, const char *text)
{
	size_t len = strcspn(text, "#"); /* a fragment is the client's own */
	int n = snprintf(url->path, sizeof(url->path), "%s%.*s", *text == '/' ? "" : "/", (int)len,
			 text);

	return n > 0 && (size_t)n < sizeof(url->path) ? 0 : NET_E_SYNTAX;
}

static const struct {
	const char *name;
	uint16_t port;
	bool tls, has_path;
} schemes[] = {
	[NET_HTTP] = { "http", 80, false, true },     [NET_HTTPS] = { "https", 443, true, true },
	[NET_H2C] = { "h2c", 80, false, true },       [NET_GRPC] = { "grpc", 4317, false, false },
	[NET_GRPCS] = { "grpcs", 4317, true, false },
};
static_assert(ARRAY_LEN(schemes) == NET_SCHEMES, "every scheme has a row");

enum net_scheme net_url_scheme(const char *text, const char **behindp)
{
	enum net_scheme scheme = NET_HTTP;

	for (; scheme < NET_SCHEMES; scheme++) {
		size_t n = strlen(schemes[scheme].name);

		if (strncasecmp(text, schemes[scheme].name, n) != 0 ||
		    strncmp(text + n, "://", 3) != 0)
			continue;
		*behindp = text + n + 3;
		break;
	}
	return scheme;
}

bool net_url_is_called(const char *text)
{
	const char *behind;
	enum net_scheme scheme = net_url_scheme(text, &behind);

	return scheme == NET_GRPC || scheme == NET_GRPCS;
}

const char *net_scheme_name(enum net_scheme scheme)
{
	assert(scheme < NET_SCHEMES);
	return schemes[scheme].name;
}

int net_url_parse_analyzer(struct net_url *url, const char *text)
{
	struct net_authority a;
	size_t authority_len;
	int r;

	*url = (struct net_url){ .scheme = net_url_scheme(text, &text) };
	if (url->scheme == NET_SCHEMES || has_blank_or_control(text))
		return NET_E_SYNTAX;
	url->tls = schemes[url->scheme].tls;
	authority_len = strcspn(text, "/?#");
	r = net_authority_parse(&a, text, authority_len);
	if (r != 0)
		return r;
	if (a.host[0] == '\0' || strpbrk(a.host, "@\\\"<>") || (a.has_port && a.port == 0))
		return NET_E_SYNTAX;
	text += authority_len;
	if (!schemes[url->scheme].has_path && *text && strcmp(text, "/") != 0)
		return NET_E_SYNTAX;
	strcpy(url->host, a.host);
	url->port = a.has_port ? a.port : schemes[url->scheme].port;
	return url_path(url, text);
}

int net_url_parse(struct net_url *url, const char *text)
{
	int r = net_url_parse_analyzer(url, text);

	return r == 0 && url->scheme > NET_HTTPS ? NET_E_SYNTAX : r;
}
