#include "loadgen/target.h"

#include <stdio.h>
#include <string.h>

#include "common/format/format_route.h"
#include "common/net/net_url.h"
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

static const struct {
	const char *scheme;
	enum target_transport transport;
} schemes[] = { { "tcp://", TARGET_TCP }, { "udp://", TARGET_UDP } };

/* The scheme of a listener without HTTP; NULL: it is none. */
static const char *scheme_of(const char *url, enum target_transport *transportp)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		*transportp = schemes[i].transport;
		if (strncmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) == 0)
			return schemes[i].scheme;
	}
	*transportp = TARGET_HTTP;
	return NULL;
}

enum target_transport target_transport_of(const char *url)
{
	enum target_transport transport;

	scheme_of(url, &transport);
	return transport;
}

static bool format_goes_by(enum format_id format, enum target_transport transport)
{
	switch (format) {
	case FORMAT_SYSLOG:
		return transport != TARGET_HTTP;
	case FORMAT_GELF:
		return true;
	case FORMAT_FORWARD:
		return transport == TARGET_TCP;
	default:
		return transport == TARGET_HTTP;
	}
}

static int init_listener(struct target *target, const char *hostport, const char *token)
{
	int r = net_addr_parse(&target->addr, hostport);

	if (target->format == FORMAT_FORWARD)
		target->key = token;
	return r == NET_E_SYNTAX ? TARGET_E_URL : r > 0 ? TARGET_E_RESOLVE : r;
}

int target_init(struct target *target, const char *text, const struct target_body *body,
		const char *token)
{
	const char *scheme;
	struct net_url url;
	char hostport[sizeof(url.host) + 16];
	bool has_path;
	int r;

	*target = (struct target){ .format = body->format };
	scheme = scheme_of(text, &target->transport);
	if (!format_goes_by(body->format, target->transport))
		return TARGET_E_SCHEME;
	if (scheme)
		return init_listener(target, text + strlen(scheme), token);
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
		return "is no http://HOST:PORT[/PATH], https://HOST:PORT[/PATH], tcp://HOST:PORT or udp://HOST:PORT";
	case TARGET_E_RESOLVE:
		return "has a host name that does not resolve";
	case TARGET_E_FORMAT:
		return "has the path of another format than --format; leave the path out";
	case TARGET_E_SCHEME:
		return "does not go with --format: syslog goes to tcp:// or udp://, forward to tcp://, gelf to "
		       "any, and all others to http:// or https://";
	default:
		return strerror(-error);
	}
}

void target_deinit(struct target *target)
{
	buf_deinit(&target->head);
}
