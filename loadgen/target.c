#include "loadgen/target.h"

#include <stdio.h>
#include <string.h>

static int target_resolve(struct target *target, const struct net_url *url, char *hostport,
			  size_t size)
{
	bool is_ipv6 = strchr(url->host, ':') != NULL;
	int r;

	snprintf(hostport, size, is_ipv6 ? "[%s]:%u" : "%s:%u", url->host, url->port);
	r = net_addr_parse(&target->addr, hostport);
	return r > 0 ? TARGET_E_RESOLVE : r;
}

int target_init(struct target *target, const char *text, const char *token)
{
	struct net_url url;
	char hostport[sizeof(url.host) + 16];
	int r;

	*target = (struct target){ 0 };
	r = net_url_parse(&url, text);
	if (r)
		return r > 0 ? TARGET_E_URL : r;
	if (url.tls)
		return TARGET_E_TLS;
	r = target_resolve(target, &url, hostport, sizeof(hostport));
	if (r)
		return r;
	buf_printf(&target->head, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: weir-loadgen/%s\r\n",
		   strcmp(url.path, "/") ? url.path : "/ingest", hostport, WEIR_VERSION);
	if (token)
		buf_printf(&target->head, "Authorization: Bearer %s\r\n", token);
	buf_append_str(&target->head, "Content-Type: application/json\r\nContent-Length: ");
	return target->head.failed ? -ENOMEM : 0;
}

const char *target_why(int error)
{
	switch (error) {
	case TARGET_E_URL:
		return "is no http://HOST:PORT[/PATH]";
	case TARGET_E_TLS:
		return "is https, which is not supported";
	case TARGET_E_RESOLVE:
		return "has a host name that does not resolve";
	default:
		return strerror(-error);
	}
}

void target_deinit(struct target *target)
{
	buf_deinit(&target->head);
}
