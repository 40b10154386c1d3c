#include "loadgen/target.h"

#include <stdio.h>
#include <string.h>

#include "common/format/format_route.h"
#include "loadgen/writer.h"

static int target_resolve(struct target *target, const struct net_url *url, char *hostport,
			  size_t size)
{
	bool is_ipv6 = strchr(url->host, ':') != NULL;
	int r;

	snprintf(hostport, size, is_ipv6 ? "[%s]:%u" : "%s:%u", url->host, url->port);
	r = net_addr_parse(&target->addr, hostport);
	return r > 0 ? TARGET_E_RESOLVE : r;
}

/* A path that nodes do not know may be anybody's. Where they do, a body of another format would be
 * refused, or counted wrongly. */
static bool path_takes(const char *path, enum format_id format)
{
	enum format_family family, wanted;
	const char *own = writer_get(format)->path;

	if (!format_route_find(path, strcspn(path, "?"), &family))
		return true;
	return format_route_find(own, strcspn(own, "?"), &wanted) && family == wanted;
}

/* All that comes before the length. */
static int write_head(struct target *target, const char *path, const char *hostport,
		      const struct target_body *body, const char *token)
{
	bool is_silent =
		writer_get(body->format)->is_in_snappy && body->compress == COMPRESS_SNAPPY;
	const char *encoding = is_silent ? NULL : compress_encoding(body->compress);

	buf_printf(&target->head, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: weir-loadgen/%s\r\n",
		   path, hostport, WEIR_VERSION);
	if (token)
		buf_printf(&target->head, "Authorization: Bearer %s\r\n", token);
	if (encoding)
		buf_printf(&target->head, "Content-Encoding: %s\r\n", encoding);
	buf_printf(&target->head,
		   "Content-Type: %s\r\nContent-Length: ", format_get(body->format)->media_type);
	return target->head.failed ? -ENOMEM : 0;
}

int target_init(struct target *target, const char *text, const struct target_body *body,
		const char *token)
{
	struct net_url url;
	char hostport[sizeof(url.host) + 16];
	bool has_path;
	int r;

	*target = (struct target){ 0 };
	r = net_url_parse(&url, text);
	if (r)
		return r > 0 ? TARGET_E_URL : r;
	target->is_tls = url.tls;
	memcpy(target->host, url.host, sizeof(target->host));
	has_path = strcmp(url.path, "/") != 0;
	if (has_path && !path_takes(url.path, body->format))
		return TARGET_E_FORMAT;
	r = target_resolve(target, &url, hostport, sizeof(hostport));
	if (r)
		return r;
	return write_head(target, has_path ? url.path : writer_get(body->format)->path, hostport,
			  body, token);
}

const char *target_why(int error)
{
	switch (error) {
	case TARGET_E_URL:
		return "is no http://HOST:PORT[/PATH] or https://HOST:PORT[/PATH]";
	case TARGET_E_RESOLVE:
		return "has a host name that does not resolve";
	case TARGET_E_FORMAT:
		return "has the path of another format than --format; leave the path out";
	default:
		return strerror(-error);
	}
}

void target_deinit(struct target *target)
{
	buf_deinit(&target->head);
}
