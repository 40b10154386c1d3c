#include "loadgen/control/control.h"

#include <netinet/in.h>
#include <stdio.h>

#include "common/log.h"
#include "loadgen/control/control_serve.h"

#define N_THREADS "8"
#define REQUEST_MS "3000" /* for the next bytes of a request */
#define MAX_HEAD "8192"

struct control {
	struct control_config config;
	struct mg_context *ctx;
};

static int on_log(const struct mg_connection *conn UNUSED, const char *message)
{
	log_debug("civetweb", "event", "message=%s", message);
	return 1;
}

static bool is_any_ipv6(const struct net_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	return addr->sa.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

/*
 * Some distributions build civetweb without IPv6. Any address is then any of IPv4; other addresses
 * of IPv6 are refused.
 */
static int fit_addr(struct net_addr *addr)
{
	char text[NET_ADDR_STRLEN];
	uint16_t port = net_addr_port(addr);

	if (addr->sa.ss_family != AF_INET6 || mg_check_feature(MG_FEATURES_IPV6))
		return 0;
	net_addr_format(addr, text);
	if (!is_any_ipv6(addr)) {
		log_error("control", "cannot listen", "addr=%s reason=%s", text,
			  "civetweb has no IPv6 on this system: name an address of IPv4");
		return -EAFNOSUPPORT;
	}
	log_warn("control", "listening on IPv4 alone", "addr=%s reason=%s", text,
		 "civetweb has no IPv6 on this system");
	*addr = (struct net_addr){ .len = sizeof(struct sockaddr_in) };
	addr->sa.ss_family = AF_INET;
	((struct sockaddr_in *)&addr->sa)->sin_port = htons(port);
	return 0;
}

/* As civetweb has it: '+' and a port is any address, IPv4 and IPv6. */
static void format_port(const struct net_addr *addr, char out[NET_ADDR_STRLEN])
{
	if (is_any_ipv6(addr))
		snprintf(out, NET_ADDR_STRLEN, "+%u", net_addr_port(addr));
	else
		net_addr_format(addr, out);
}

static int start_civetweb(struct control *c)
{
	static const struct mg_callbacks callbacks = { .begin_request = control_serve,
						       .http_error = control_refuse,
						       .log_message = on_log };
	char port[NET_ADDR_STRLEN];
	const char *options[] = { "listening_ports",
				  port,
				  "num_threads",
				  N_THREADS,
				  "request_timeout_ms",
				  REQUEST_MS,
				  "max_request_size",
				  MAX_HEAD,
				  "enable_keep_alive",
				  "no",
				  "connection_queue",
				  "32",
				  NULL };

	format_port(&c->config.addr, port);
	c->ctx = mg_start(&callbacks, &c->config, options);
	return c->ctx ? 0 : -EADDRINUSE;
}

static int note_port(struct control *c)
{
	struct mg_server_port ports[2] = { 0 };
	struct net_addr *addr = &c->config.addr;
	uint16_t port;

	if (mg_get_server_ports(c->ctx, ARRAY_LEN(ports), ports) < 1)
		return -EADDRNOTAVAIL;
	port = htons((uint16_t)ports[0].port);
	if (addr->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&addr->sa)->sin_port = port;
	else
		((struct sockaddr_in6 *)&addr->sa)->sin6_port = port;
	return 0;
}

int control_start(const struct control_config *config, struct control **controlp)
{
	struct control *c = calloc(1, sizeof(*c));
	char text[NET_ADDR_STRLEN];
	int r;

	if (!c)
		return -ENOMEM;
	c->config = *config;
	mg_init_library(MG_FEATURES_IPV6);
	r = fit_addr(&c->config.addr);
	if (r) {
		control_stop(c);
		return r;
	}
	r = start_civetweb(c);
	if (!r)
		r = note_port(c);
	net_addr_format(&c->config.addr, text);
	if (r) {
		log_error("control", "cannot listen", "addr=%s", text);
		control_stop(c);
		return r;
	}
	log_info("control", "listening", "addr=%s", text);
	*controlp = c;
	return 0;
}

struct control *control_stop(struct control *c)
{
	if (!c)
		return NULL;
	if (c->ctx)
		mg_stop(c->ctx);
	mg_exit_library();
	free(c);
	return NULL;
}

const struct net_addr *control_addr(const struct control *c)
{
	return &c->config.addr;
}
