#include "node/admin/admin_access.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/conf/conf_reload.h"
#include "common/http/secret.h"
#include "common/log.h"

#define HOST_MAX 256

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
		return !conf_string(&c->register_token);
	case ACCESS_ADMIN:
		return !conf_string(&c->admin_token);
	default:
		return true;
	}
}

static bool is_bearer(const char *authorization, const char *token)
{
	return token && authorization &&
	       secret_is_bearer(authorization, strlen(authorization), token);
}

static bool is_right(const struct node_config *c, const char *authorization, enum access access)
{
	return is_bearer(authorization, conf_string(&c->admin_token)) ||
	       (access != ACCESS_ADMIN &&
		is_bearer(authorization, conf_string(&c->register_token)));
}

static int refuse(struct front_request *rq, const struct web_answer *answer, const char *code,
		  const char *detail)
{
	log_warn("admin", "request refused", "client=%s method=%s path=%s status=%d reason=%s",
		 rq->client, http_method_names[rq->method], rq->path, answer->status, code);
	return front_send_problem(rq, answer, code, detail);
}

/* A browser says who wrote the page that asks. The port is reached under many names, so what it was
 * called by is what the page must be from. */
static bool is_of_another_origin(struct front_request *rq)
{
	const char *origin = rq->fields[FIELD_ORIGIN], *host = rq->fields[FIELD_HOST];
	const char *authority = origin ? strstr(origin, "://") : NULL;

	if (!origin || rq->method == HTTP_GET || rq->method == HTTP_HEAD)
		return false;
	return !authority || !host || strcasecmp(authority + 3, host) != 0;
}

static int check_token(struct admin_access *a, struct front_request *rq, enum access access)
{
	static const struct web_answer unauthorized = { .status = 401 };
	const char *given = rq->fields[FIELD_AUTHORIZATION];
	struct web_answer shut = { .status = 429 };
	bool right;

	assert(access > ACCESS_OPEN && access < ACCESSES); /* what is open needs no token */
	if (!given)
		return refuse(rq, &unauthorized, "unauthorized",
			      "A bearer token is needed: Authorization: Bearer TOKEN.");
	right = is_right(a->config, given, access);
	shut.retry_after_s =
		token_guard_judge(&a->guards[access], &rq->from, right, clock_mono_us());
	if (shut.retry_after_s)
		return refuse(rq, &shut, "too_many_wrong_tokens",
			      "Too many wrong tokens came from your address; see Retry-After.");
	if (!right)
		return refuse(rq, &unauthorized, "unauthorized",
			      "This token does not open this route.");
	return 0;
}

/* "host:port", "[::1]:port" or without the port. */
static void host_name(const char *host, char name[HOST_MAX])
{
	size_t len = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");

	snprintf(name, HOST_MAX, "%.*s", (int)(len - (*host == '[')), host + (*host == '['));
}

static bool is_pattern_of(const char *pattern, const char *name)
{
	size_t len = strlen(name), n_suffix = strlen(pattern) - 1;

	if (*pattern != '*')
		return strcasecmp(pattern, name) == 0;
	return len > n_suffix && strcasecmp(name + len - n_suffix, pattern + 1) == 0;
}

static bool is_known_host(const struct node_config *c, const char *host)
{
	char name[HOST_MAX];
	struct net_addr addr;

	if (!host)
		return true; /* HTTP/1.0, which no browser speaks */
	host_name(host, name);
	if (strcasecmp(name, "localhost") == 0 || net_addr_numeric(&addr, name, 0) == 0)
		return true;
	for (size_t i = 0; i < c->admin_hosts.n_values; i++)
		if (is_pattern_of(c->admin_hosts.values[i], name))
			return true;
	return false;
}

/* No token stands between a page that took over a name and what it asks for. */
static bool needs_known_host(const struct node_config *c, enum access access)
{
	if (access == ACCESS_OPEN || !is_open(c, access))
		return false;
	return access == ACCESS_REGISTER || !conf_string(&c->admin_token);
}

static const char *find_token(const struct node_config *c, const char *authorization)
{
	if (is_bearer(authorization, conf_string(&c->admin_token)))
		return "the admin token";
	if (is_bearer(authorization, conf_string(&c->register_token)))
		return "the register token";
	return NULL;
}

int admin_access_check(struct admin_access *a, struct front_request *rq, enum access access)
{
	static const struct web_answer foreign = { .status = 403 };
	static const struct web_answer misdirected = { .status = 421 };

	if (needs_known_host(a->config, access) &&
	    !is_known_host(a->config, rq->fields[FIELD_HOST]))
		return refuse(
			rq, &misdirected, "unknown_host",
			"Call this node by its address, by localhost, or by a name of admin-hosts.");

	if (is_of_another_origin(rq))
		return refuse(rq, &foreign, "other_origin",
			      "Pages of other origins cannot change anything here.");
	rq->is_trusted = is_right(a->config, rq->fields[FIELD_AUTHORIZATION], ACCESS_REGISTER);
	rq->is_operator = is_open(a->config, ACCESS_ADMIN) ||
			  is_right(a->config, rq->fields[FIELD_AUTHORIZATION], ACCESS_ADMIN);
	rq->token = find_token(a->config, rq->fields[FIELD_AUTHORIZATION]);
	return is_open(a->config, access) ? 0 : check_token(a, rq, access);
}

void admin_access_fit(const struct node_config *config, struct net_addr *addr)
{
	struct sockaddr_in loopback = { .sin_family = AF_INET,
					.sin_port = htons(net_addr_port(addr)),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (net_addr_is_loopback(addr) || config->admin_token || config->insecure)
		return;
	log_warn("admin", "the admin port listens on loopback alone", "remedy=%s runbook=%s",
		 "set admin-token, or insecure", LOG_RUNBOOK "the-admin-port-is-open");
	memcpy(&addr->sa, &loopback, sizeof(loopback));
	addr->len = sizeof(loopback);
}

void admin_access_warn(const struct node_config *config, const struct net_addr *addr)
{
	char text[NET_ADDR_STRLEN];

	if (net_addr_is_loopback(addr) || (config->admin_token && config->register_token))
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
