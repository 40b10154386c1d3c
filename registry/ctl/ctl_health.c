/*
 * weirctl health: one GET, for health checks where there is no curl, as in a container.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/http/http_conn.h"
#include "common/net/net_url.h"
#include "registry/ctl/ctl.h"

struct look {
	const char *target; /* as given */
	uint64_t timeout_ms;
	struct http_conn conn;
	bool is_done;
	enum http_conn_outcome outcome; /* where done */
};

static void on_done(struct http_conn *c, enum http_conn_outcome outcome)
{
	struct look *look = CONTAINER_OF(c, struct look, conn);

	look->outcome = outcome;
	look->is_done = true;
	event_base_loopbreak(c->owner->base);
}

/* Between the answer and the end. */
static void on_idle_close(struct http_conn *c UNUSED)
{
}

/* "127.0.0.1:8080", "[::1]:8080" */
static void write_authority(const struct net_url *url, char out[NET_AUTHORITY_SIZE])
{
	snprintf(out, NET_AUTHORITY_SIZE, strchr(url->host, ':') ? "[%s]:%u" : "%s:%u", url->host,
		 url->port);
}

static enum ctl_exit judge(const struct look *look)
{
	int status = look->conn.response.status;

	if (!look->is_done)
		return ctl_fail("%s: no answer within %llu ms", look->target,
				(unsigned long long)look->timeout_ms);
	switch (look->outcome) {
	case HTTP_CONN_ANSWERED:
		break;
	case HTTP_CONN_CONNECT_FAILED:
		return ctl_fail("%s: no connection: %s", look->target, strerror(look->conn.error));
	case HTTP_CONN_BAD_ANSWER:
		return ctl_fail("%s: what it answers is not HTTP", look->target);
	default:
		return ctl_fail("%s: closed without an answer", look->target);
	}
	if (status < 200 || status > 299)
		return ctl_fail("%s: not healthy: answered %d", look->target, status);
	printf("%s: healthy: answered %d\n", look->target, status);
	return CTL_OK;
}

static enum ctl_exit ask(struct look *look, const struct net_addr *addr, const char *request)
{
	struct http_conn_owner owner = { .base = event_base_new(),
					 .on_done = on_done,
					 .on_idle_close = on_idle_close };
	struct http_request get = { .head = { (char *)request, strlen(request) } };
	struct timeval timeout = clock_timeval(look->timeout_ms * US_PER_MS);
	enum ctl_exit code;

	if (!owner.base)
		return ctl_fail("out of memory");
	http_conn_init(&look->conn, &owner);
	http_conn_send(&look->conn, addr, &get);
	if (event_base_loopexit(owner.base, &timeout) == 0)
		event_base_dispatch(owner.base);
	code = judge(look);
	http_conn_deinit(&look->conn);
	event_base_free(owner.base);
	return code;
}

enum ctl_exit ctl_health(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	struct look look = { .target = arguments[0], .timeout_ms = ctl->options.timeout_ms };
	struct net_url url;
	struct net_addr addr;
	char authority[NET_AUTHORITY_SIZE], request[sizeof(url.path) + NET_AUTHORITY_SIZE + 128];

	(void)command;
	if (net_url_parse(&url, look.target) != 0 || url.tls)
		return ctl_usage("\"%s\" is no URL: expected http://HOST[:PORT]/PATH", look.target);
	write_authority(&url, authority);
	if (net_addr_parse(&addr, authority) != 0)
		return ctl_fail("%s: the host name cannot be resolved", look.target);
	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: weirctl/" WEIR_VERSION
		 "\r\nConnection: close\r\n\r\n",
		 url.path, authority);
	return ask(&look, &addr, request);
}
