#include "node/admin/admin.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/http/web.h"
#include "common/log.h"
#include "node/admin/admin_access.h"
#include "node/admin/admin_api.h"
#include "node/admin/admin_page.h"
#include "node/admin/scrape.h"
#include "registry/scripts.h"

#define REGISTRY_TIMEOUT_MS 1000
#define N_THREADS "64" /* ADMIN_STREAMS, and some for everybody else */

struct admin {
	struct admin_api api;
	struct admin_access access;
	struct mg_context *ctx;
	struct net_addr addr;
	_Atomic bool is_up; /* mg_start has returned */
};

static struct admin *admin_of(struct admin_api *api)
{
	return CONTAINER_OF(api, struct admin, api);
}

struct route {
	const char *method;
	const char *path; /* "{}" stands for an id */
	enum access access;
	int (*serve)(struct admin_api *api, struct mg_connection *conn, const char *id);
};

static int serve_text(struct mg_connection *conn, int status, const char *text, const char *vary)
{
	struct web_answer answer = { .status = status,
				     .content_type = "text/plain; charset=utf-8",
				     .body = text,
				     .len = strlen(text),
				     .close = true,
				     .vary = vary };

	return web_send(conn, &answer);
}

static int serve_health(struct mg_connection *conn, bool ok, const char *text)
{
	return serve_text(conn, ok ? 200 : 503, text, NULL);
}

static int get_livez(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	(void)api;
	(void)id;
	return serve_health(conn, true, "ok\n");
}

static int get_readyz(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	const struct health *health = &api->config.shared->health;
	const char *query = mg_get_request_info(conn)->query_string;
	uint64_t now = clock_mono_us();
	enum health_verdict verdict = health_ready(health, now);
	struct buf text = { 0 };
	int status;

	(void)id;
	if (!query || strncmp(query, "verbose", 7) != 0)
		return serve_health(conn, verdict == HEALTH_READY, health_verdict_texts[verdict]);
	status = admin_access_check(&admin_of(api)->access, conn, ACCESS_READ);
	if (status)
		return status;
	health_write_verbose(health, now, &text);
	status = serve_health(conn, verdict == HEALTH_READY, buf_str(&text));
	buf_deinit(&text);
	return status;
}

static int get_index(struct admin_api *api, struct mg_connection *conn, const char *id);

static const struct route routes[] = {
	{ "GET", "/", ACCESS_OPEN, get_index },
	{ "GET", "/assets/{}", ACCESS_OPEN, admin_get_asset },
	{ "GET", "/livez", ACCESS_OPEN, get_livez },
	{ "GET", "/healthz", ACCESS_OPEN, get_livez },
	{ "GET", "/readyz", ACCESS_OPEN, get_readyz },
	{ "GET", "/metrics", ACCESS_READ, scrape_get_metrics },
	{ "GET", "/metrics-json", ACCESS_READ, admin_get_metrics_json },
	{ "GET", "/health", ACCESS_OPEN, admin_get_health },
	{ "GET", "/stats", ACCESS_READ, admin_get_stats },
	{ "GET", "/queue", ACCESS_READ, admin_get_queue },
	{ "GET", "/analyzer/stats", ACCESS_READ, admin_get_analyzer_stats },
	{ "GET", "/v1/openapi.yaml", ACCESS_OPEN, admin_get_openapi },
	{ "GET", "/v1/cluster", ACCESS_READ, admin_get_cluster },
	{ "GET", "/v1/overview", ACCESS_READ, admin_get_overview },
	{ "GET", "/v1/history", ACCESS_READ, admin_get_history },
	{ "GET", "/v1/events", ACCESS_READ, admin_get_events },
	{ "GET", "/v1/nodes", ACCESS_READ, admin_get_nodes },
	{ "GET", "/v1/analyzers", ACCESS_READ, admin_list_analyzers },
	{ "GET", "/v1/analyzers/{}", ACCESS_READ, admin_get_analyzer },
	{ "PUT", "/v1/analyzers/{}", ACCESS_REGISTER, admin_register },
	{ "DELETE", "/v1/analyzers/{}", ACCESS_REGISTER, admin_deregister },
	{ "PATCH", "/v1/analyzers/{}", ACCESS_ADMIN, admin_change },
	{ "POST", "/v1/analyzers/{}/heartbeat", ACCESS_REGISTER, admin_heartbeat },
	{ "GET", "/v1/spill", ACCESS_READ, admin_list_spill },
	{ "GET", "/v1/spill/{}", ACCESS_ADMIN, admin_get_spill },
	{ "GET", "/v1/dead", ACCESS_READ, admin_list_dead },
	{ "POST", "/v1/dead/replay", ACCESS_ADMIN, admin_replay_dead },
	{ "POST", "/v1/dead/purge", ACCESS_ADMIN, admin_purge_dead },
	{ "GET", "/v1/dead/{}", ACCESS_ADMIN, admin_get_dead },
};

static int get_index(struct admin_api *api, struct mg_connection *conn, const char *id)
{
	struct buf text = { 0 };
	int status;

	(void)api;
	(void)id;
	if (admin_page_is_wanted(conn))
		return admin_page_send(conn);
	buf_append_str(&text, "weir-node " WEIR_VERSION "\n");
	for (size_t i = 1; i < ARRAY_LEN(routes); i++)
		buf_printf(&text, "%-6s %s\n", routes[i].method, routes[i].path);
	status = serve_text(conn, 200, buf_str(&text), "Accept");
	buf_deinit(&text);
	return status;
}

/* Whether path has the form of pattern; *id gets what stands at "{}". */
static bool path_matches(const char *pattern, const char *path, char *id, size_t size)
{
	const char *hole = strstr(pattern, "{}");
	size_t before = hole ? (size_t)(hole - pattern) : 0, len;

	id[0] = '\0';
	if (!hole)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0)
		return false;
	len = strcspn(path + before, "/");
	if (len == 0 || len >= size || strcmp(hole + 2, path + before + len) != 0)
		return false;
	memcpy(id, path + before, len);
	id[len] = '\0';
	return true;
}

static void append_method(struct buf *allow, const char *method)
{
	buf_printf(allow, "%s%s%s", allow->len ? ", " : "", method,
		   strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

/* No route serves the request: 404, or 405 with the methods that its path has. */
static int refuse_unserved(struct mg_connection *conn, struct buf *allow)
{
	int status = allow->len ? admin_refuse(conn, 405, "method_not_allowed",
					       "This path does not take that method; see Allow.",
					       buf_str(allow))
				: admin_refuse(conn, 404, "not_found",
					       "No such path; GET / lists them.", NULL);

	buf_deinit(allow);
	return status;
}

static int on_request(struct mg_connection *conn)
{
	struct admin *admin = mg_get_user_context_data(conn);
	const struct mg_request_info *info = mg_get_request_info(conn);
	const char *method =
		strcmp(info->request_method, "HEAD") == 0 ? "GET" : info->request_method;
	const char *path = info->local_uri ? info->local_uri : "";
	char id[ANALYZER_ID_MAX + 2];
	struct buf allow = { 0 };
	int status;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route *route = &routes[i];

		if (!path_matches(route->path, path, id, sizeof(id)))
			continue;
		if (strcmp(route->method, method) != 0) {
			append_method(&allow, route->method);
			continue;
		}
		buf_deinit(&allow);
		status = admin_access_check(&admin->access, conn, route->access);
		return status ? status : route->serve(&admin->api, conn, id);
	}
	return refuse_unserved(conn, &allow);
}

static int on_http_error(struct mg_connection *conn, int status, const char *detail)
{
	admin_refuse(conn, status, NULL, detail && *detail ? detail : "The request is malformed.",
		     NULL);
	return 0;
}

static int on_log(const struct mg_connection *conn, const char *message)
{
	const struct admin *admin = mg_get_user_context_data(conn);

	if (admin && atomic_load(&admin->is_up))
		log_debug("civetweb", "event", "message=%s", message);
	else
		log_error("admin", "cannot start", "reason=%s", message);
	return 1;
}

static int start_civetweb(struct admin *admin)
{
	static const struct mg_callbacks callbacks = { .begin_request = on_request,
						       .http_error = on_http_error,
						       .log_message = on_log };
	char port[NET_ADDR_STRLEN];
	const char *options[] = { "listening_ports",
				  port,
				  "num_threads",
				  N_THREADS,
				  "enable_keep_alive",
				  "no",
				  "request_timeout_ms",
				  "10000",
				  "listen_backlog",
				  "512",
				  "tcp_nodelay",
				  "1",
				  NULL };

	web_format_port(&admin->addr, port);
	admin->ctx = mg_start(&callbacks, admin, options);
	if (!admin->ctx)
		return -EADDRINUSE;
	return web_bound_address(admin->ctx, &admin->addr);
}

int admin_start(const struct admin_config *config, struct admin **adminp)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	struct node_shared *shared = config->shared;
	char text[NET_ADDR_STRLEN];
	int r;

	if (!admin)
		return -ENOMEM;
	admin->api.config = *config;
	pthread_mutex_init(&admin->api.lock, NULL);
	pthread_mutex_init(&admin->api.store_lock, NULL);
	admin_access_init(&admin->access, shared->config);
	admin->api.client =
		client_new(&shared->redis, registry_scripts(&shared->keys), REGISTRY_TIMEOUT_MS);
	admin->api.store =
		client_new(&shared->redis, registry_scripts(&shared->keys), REGISTRY_TIMEOUT_MS);
	r = admin->api.client && admin->api.store
		    ? net_addr_parse(&admin->addr, shared->config->admin_listen)
		    : -ENOMEM;
	web_fit_address(&admin->addr);
	mg_init_library(0);
	if (r == 0)
		r = start_civetweb(admin);
	if (r != 0) {
		log_error("admin", "cannot listen", "addr=%s", shared->config->admin_listen);
		admin_stop(admin);
		return r < 0 ? r : -EINVAL;
	}
	atomic_store(&admin->is_up, true);
	net_addr_format(&admin->addr, text);
	log_info("admin", "listening", "addr=%s", text);
	admin_access_warn(shared->config, &admin->addr);
	*adminp = admin;
	return 0;
}

void admin_stop(struct admin *admin)
{
	if (!admin)
		return;
	watch_stop(admin->api.config.watch); /* its streams end */
	if (admin->ctx)
		mg_stop(admin->ctx);
	mg_exit_library();
	client_free(admin->api.client);
	client_free(admin->api.store);
	pthread_mutex_destroy(&admin->api.lock);
	pthread_mutex_destroy(&admin->api.store_lock);
	admin_access_deinit(&admin->access);
	free(admin);
}
