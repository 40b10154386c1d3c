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

static bool has_body(const struct mg_connection *conn, int status)
{
	const char *method =
		mg_get_request_info(conn)->request_method; /* NULL: it was not understood */

	return status != 304 && !(method && strcmp(method, "HEAD") == 0);
}

void web_append_safety(struct buf *out, const char *policy, const char *cache)
{
	buf_printf(out,
		   "Content-Security-Policy: %s\r\nCache-Control: %s\r\n"
		   "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
		   "Cross-Origin-Resource-Policy: same-origin\r\n",
		   policy ? policy : WEB_POLICY_NONE, cache ? cache : "no-store");
}

int web_send(struct mg_connection *conn, const struct web_answer *a)
{
	struct buf out = { 0 };

	buf_printf(&out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", a->status,
		   mg_get_response_code_text(conn, a->status), a->content_type, a->len);
	web_append_safety(&out, a->policy, a->cache);
	if (a->close)
		buf_append_str(&out, "Connection: close\r\n");
	if (a->etag)
		buf_printf(&out, "ETag: %s\r\n", a->etag);
	if (a->allow)
		buf_printf(&out, "Allow: %s\r\n", a->allow);
	if (a->vary)
		buf_printf(&out, "Vary: %s\r\n", a->vary);
	if (a->retry_after_s)
		buf_printf(&out, "Retry-After: %u\r\n", a->retry_after_s);
	if (a->status == 401)
		buf_append_str(&out, "WWW-Authenticate: Bearer\r\n");
	buf_append_str(&out, "\r\n");
	if (has_body(conn, a->status))
		buf_append(&out, a->body, a->len);
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
	cJSON *json = cJSON_CreateObject();
	char *text = NULL;

	if (cJSON_AddStringToObject(json, "type", "about:blank") &&
	    cJSON_AddStringToObject(json, "title", mg_get_response_code_text(conn, from->status)) &&
	    cJSON_AddNumberToObject(json, "status", from->status) &&
	    cJSON_AddStringToObject(json, "detail", detail) &&
	    (!code || cJSON_AddStringToObject(json, "code", code)))
		text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	answer.content_type = "application/problem+json";
	answer.body = text ? text : "";
	answer.len = strlen(answer.body);
	web_send(conn, &answer);
	cJSON_free(text);
	return answer.status;
}
