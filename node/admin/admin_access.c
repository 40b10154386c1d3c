#include "node/admin/admin_access.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "common/http/secret.h"
#include "common/http/web.h"
#include "common/log.h"

void admin_access_init(struct admin_access *a, const struct node_config *config)
{
	a->config = config;
	for (unsigned i = 0; i < ACCESSES; i++)
		token_guard_init(&a->guards[i]);
}

void admin_access_deinit(struct admin_access *a)
{
	for (unsigned i = 0; i < ACCESSES; i++)
		token_guard_deinit(&a->guards[i]);
}

static bool is_open(const struct node_config *c, enum access access)
{
	switch (access) {
	case ACCESS_READ:
		return c->admin_read == ADMIN_READ_OPEN;
	case ACCESS_REGISTER:
		return !c->register_token;
	case ACCESS_ADMIN:
		return !c->admin_token;
	default:
		return true;
	}
}

static bool is_bearer(const char *authorization, const char *token)
{
	return token && secret_is_bearer(authorization, strlen(authorization), token);
}

static bool is_right(const struct node_config *c, const char *authorization, enum access access)
{
	return is_bearer(authorization, c->admin_token) ||
	       (access != ACCESS_ADMIN && is_bearer(authorization, c->register_token));
}

static int refuse(struct mg_connection *conn, const struct web_answer *answer, const char *code,
		  const char *detail)
{
	const struct mg_request_info *info = mg_get_request_info(conn);

	log_warn("admin", "request refused", "client=%s method=%s path=%s status=%d reason=%s",
		 info->remote_addr, info->request_method, info->local_uri ? info->local_uri : "",
		 answer->status, code);
	return web_send_problem(conn, answer, code, detail);
}

/* A browser says who wrote the page that asks. The port is reached under many names, so what it was
 * called by is what the page must be from. */
static bool is_of_another_origin(struct mg_connection *conn)
{
	const char *method = mg_get_request_info(conn)->request_method;
	const char *origin = mg_get_header(conn, "Origin"), *host = mg_get_header(conn, "Host");
	const char *authority = origin ? strstr(origin, "://") : NULL;

	if (!origin || strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return false;
	return !authority || !host || strcasecmp(authority + 3, host) != 0;
}

static int check_token(struct admin_access *a, struct mg_connection *conn, enum access access)
{
	static const struct web_answer unauthorized = { .status = 401, .close = true };
	const char *given = mg_get_header(conn, "Authorization");
	struct web_answer shut = { .status = 429, .close = true };
	struct net_addr from;
	bool right;

	if (!given)
		return refuse(conn, &unauthorized, "unauthorized",
			      "A bearer token is needed: Authorization: Bearer TOKEN.");
	right = is_right(a->config, given, access);
	if (net_addr_numeric(&from, mg_get_request_info(conn)->remote_addr, 0) != 0)
		from = (struct net_addr){ 0 };
	shut.retry_after_s = token_guard_judge(&a->guards[access], &from, right, clock_mono_us());
	if (shut.retry_after_s)
		return refuse(conn, &shut, "too_many_wrong_tokens",
			      "Too many wrong tokens came from your address; see Retry-After.");
	if (!right)
		return refuse(conn, &unauthorized, "unauthorized",
			      "This token does not open this route.");
	return 0;
}

int admin_access_check(struct admin_access *a, struct mg_connection *conn, enum access access)
{
	static const struct web_answer foreign = { .status = 403, .close = true };

	if (is_of_another_origin(conn))
		return refuse(conn, &foreign, "other_origin",
			      "Pages of other origins cannot change anything here.");
	return is_open(a->config, access) ? 0 : check_token(a, conn, access);
}

static bool is_loopback(const struct net_addr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;

	if (addr->sa.ss_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

void admin_access_warn(const struct node_config *config, const struct net_addr *addr)
{
	char text[NET_ADDR_STRLEN];

	if (is_loopback(addr) || (config->admin_token && config->register_token))
		return;
	net_addr_format(addr, text);
	log_warn("admin", "whoever reaches the admin port may change things",
		 "addr=%s open=%s remedy=%s runbook=%s", text,
		 config->admin_token      ? "registering"
		 : config->register_token ? "changing analyzers"
					  : "registering, changing analyzers",
		 "set admin-token and register-token, or admin-listen to 127.0.0.1",
		 LOG_RUNBOOK "the-admin-port-is-open");
}
