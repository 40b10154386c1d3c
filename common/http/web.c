#include "common/http/web.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool is_any_ipv6(const struct net_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	return addr->sa.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

void web_fit_address(struct net_addr *addr)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(net_addr_port(addr)) };

	if (!is_any_ipv6(addr) || mg_check_feature(MG_FEATURES_IPV6))
		return;
	memcpy(&addr->sa, &any, sizeof(any));
	addr->len = sizeof(any);
}

/* '+' and a bare port is any address, IPv4 and IPv6. */
void web_format_port(const struct net_addr *addr, char out[NET_ADDR_STRLEN])
{
	if (is_any_ipv6(addr))
		snprintf(out, NET_ADDR_STRLEN, "+%u", net_addr_port(addr));
	else
		net_addr_format(addr, out);
}

int web_bound_address(const struct mg_context *ctx, struct net_addr *addr)
{
	struct mg_server_port ports[2] = { 0 };
	uint16_t port;

	if (mg_get_server_ports(ctx, ARRAY_LEN(ports), ports) < 1)
		return -EADDRNOTAVAIL;
	port = htons((uint16_t)ports[0].port);
	if (addr->sa.ss_family == AF_INET)
		((struct sockaddr_in *)&addr->sa)->sin_port = port;
	else
		((struct sockaddr_in6 *)&addr->sa)->sin6_port = port;
	return 0;
}

/* NULL: the request was not understood. */
static bool is_head(const struct mg_connection *conn)
{
	const char *method = mg_get_request_info(conn)->request_method;

	return method && strcmp(method, "HEAD") == 0;
}

int web_send(struct mg_connection *conn, const struct web_answer *a)
{
	struct buf out = { 0 };

	web_append_answer(&out, a, is_head(conn));
	if (a->close || out.failed)
		mg_disable_connection_keep_alive(conn);
	if (!out.failed)
		mg_write(conn, out.data, out.len);
	buf_deinit(&out);
	return a->status;
}

int web_send_json(struct mg_connection *conn, int status, cJSON *json, bool close)
{
	struct web_answer answer = { .status = status, .close = close };

	return web_answer_json(conn, &answer, json);
}

int web_answer_json(struct mg_connection *conn, const struct web_answer *from, cJSON *json)
{
	char *text = json ? cJSON_PrintUnformatted(json) : NULL;
	struct web_answer answer = *from;
	int status;

	cJSON_Delete(json);
	answer.content_type = "application/json";
	if (!text) {
		answer = (struct web_answer){ .status = 503,
					      .retry_after_s = 1,
					      .close = from->close };
		return web_send_problem(conn, &answer, "memory", "Out of memory.");
	}
	answer.body = text;
	answer.len = strlen(text);
	status = web_send(conn, &answer);
	cJSON_free(text);
	return status;
}

int web_send_problem(struct mg_connection *conn, const struct web_answer *from, const char *code,
		     const char *detail)
{
	struct web_answer answer = *from;
	char *text = web_problem_text(from->status, code, detail);

	answer.content_type = "application/problem+json";
	answer.body = text ? text : "";
	answer.len = strlen(answer.body);
	web_send(conn, &answer);
	cJSON_free(text);
	return answer.status;
}
