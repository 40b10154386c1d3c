#include "node/admin/admin.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/front/front.h"
#include "common/log.h"
#include "node/admin/admin_access.h"
#include "node/admin/admin_api.h"
#include "node/admin/admin_page.h"
#include "node/admin/admin_stream.h"
#include "node/admin/scrape.h"
#include "node/node_metrics.h"
#include "registry/scripts.h"

#define REGISTRY_TIMEOUT_MS 1000
#define MAX_BODY_BYTES (64 << 10)
#define MAX_CONNECTIONS 256
#define MAX_PER_ADDRESS 64
#define MAX_STREAMS 48
#define MAX_STREAMS_PER_ADDRESS 24
#define REQUEST_US (10 * US_PER_S)
#define THREADS 8
#define FIRST_THREADS 2
#define QUEUE 64

/* Some connection can always be closed to make room. */
static_assert(MAX_STREAMS + 2 * QUEUE + THREADS + MAX_PER_ADDRESS <= MAX_CONNECTIONS,
	      "there is room for whoever asks");
static_assert(FIRST_THREADS < THREADS && MAX_STREAMS_PER_ADDRESS < MAX_STREAMS,
	      "there are threads for all ranks, and streams for several addresses");
static_assert(sizeof(((struct front_request *)0)->id) > ANALYZER_ID_MAX,
	      "the id of each analyzer and node fits where a path has it");

struct admin {
	struct admin_api api;
	struct admin_access access;
	struct front *front;
	struct net_addr addr, tls_addr;
};

static struct admin *admin_of(struct admin_api *api)
{
	return CONTAINER_OF(api, struct admin, api);
}

struct route {
	const char *method;
	const char *path; /* "{}" stands for an id */
	enum access access;
	enum front_way way; /* WAY_ANSWERED: at once, from memory */
	int (*serve)(struct admin_api *api, struct front_request *rq, const char *id);
};

static int serve_text(struct front_request *rq, int status, const char *text, const char *vary)
{
	struct web_answer answer = { .status = status,
				     .content_type = "text/plain; charset=utf-8",
				     .body = text,
				     .len = strlen(text),
				     .vary = vary };

	return front_send(rq, &answer);
}

static int get_livez(struct admin_api *api, struct front_request *rq, const char *id)
{
	enum health_verdict verdict = health_live(&api->config.shared->health, clock_mono_us());

	(void)id;
	return serve_text(rq, verdict == HEALTH_READY ? 200 : 503, health_verdict_texts[verdict],
			  NULL);
}

static int get_readyz(struct admin_api *api, struct front_request *rq, const char *id)
{
	const struct health *health = &api->config.shared->health;
	uint64_t now = clock_mono_us();
	enum health_verdict verdict = health_ready(health, now);
	struct buf text CLEANUP(buf_deinit) = { 0 };
	int status = verdict == HEALTH_READY ? 200 : 503, refused;

	(void)id;
	if (!rq->query || strncmp(rq->query, "verbose", 7) != 0)
		return serve_text(rq, status, health_verdict_texts[verdict], NULL);
	refused = admin_access_check(&admin_of(api)->access, rq, ACCESS_READ);
	if (refused)
		return refused;
	health_write_verbose(health, now, &text);
	return serve_text(rq, status, buf_str(&text), NULL);
}

static int get_index(struct admin_api *api, struct front_request *rq, const char *id);

static const struct route routes[] = {
	{ "GET", "/", ACCESS_OPEN, WAY_OTHER, get_index },
	{ "GET", "/assets/{}", ACCESS_OPEN, WAY_OTHER, admin_get_asset },
	{ "GET", "/livez", ACCESS_OPEN, WAY_ANSWERED, get_livez },
	{ "GET", "/healthz", ACCESS_OPEN, WAY_ANSWERED, get_livez },
	{ "GET", "/readyz", ACCESS_OPEN, WAY_ANSWERED, get_readyz },
	{ "GET", "/metrics", ACCESS_READ, WAY_OTHER, scrape_get_metrics },
	{ "GET", "/metrics-json", ACCESS_READ, WAY_OTHER, admin_get_metrics_json },
	{ "GET", "/health", ACCESS_OPEN, WAY_ANSWERED, admin_get_health },
	{ "GET", "/stats", ACCESS_READ, WAY_OTHER, admin_get_stats },
	{ "GET", "/queue", ACCESS_READ, WAY_OTHER, admin_get_queue },
	{ "GET", "/analyzer/stats", ACCESS_READ, WAY_OTHER, admin_get_analyzer_stats },
	{ "GET", "/v1/openapi.yaml", ACCESS_OPEN, WAY_OTHER, admin_get_openapi },
	{ "GET", "/v1/cluster", ACCESS_READ, WAY_OTHER, admin_get_cluster },
	{ "GET", "/v1/overview", ACCESS_READ, WAY_OTHER, admin_get_overview },
	{ "GET", "/v1/history", ACCESS_READ, WAY_OTHER, admin_get_history },
	{ "GET", "/v1/events", ACCESS_READ, WAY_OTHER, admin_get_events },
	{ "GET", "/v1/config", ACCESS_READ, WAY_OTHER, admin_get_config },
	{ "GET", "/v1/refusals", ACCESS_READ, WAY_OTHER, admin_get_refusals },
	{ "GET", "/v1/nodes", ACCESS_READ, WAY_OTHER, admin_get_nodes },
	{ "GET", "/v1/nodes/{}", ACCESS_READ, WAY_OTHER, admin_get_node },
	{ "GET", "/v1/analyzers", ACCESS_READ, WAY_OTHER, admin_list_analyzers },
	{ "GET", "/v1/analyzers/{}", ACCESS_READ, WAY_OTHER, admin_get_analyzer },
	{ "PUT", "/v1/analyzers/{}", ACCESS_REGISTER, WAY_OTHER, admin_register },
	{ "DELETE", "/v1/analyzers/{}", ACCESS_REGISTER, WAY_FIRST, admin_deregister },
	{ "PATCH", "/v1/analyzers/{}", ACCESS_ADMIN, WAY_OTHER, admin_change },
	{ "POST", "/v1/analyzers/{}/heartbeat", ACCESS_REGISTER, WAY_FIRST, admin_heartbeat },
	{ "GET", "/v1/spill", ACCESS_READ, WAY_OTHER, admin_list_spill },
	{ "GET", "/v1/spill/{}", ACCESS_ADMIN, WAY_OTHER, admin_get_spill },
	{ "GET", "/v1/dead", ACCESS_READ, WAY_OTHER, admin_list_dead },
	{ "POST", "/v1/dead/replay", ACCESS_ADMIN, WAY_OTHER, admin_replay_dead },
	{ "POST", "/v1/dead/purge", ACCESS_ADMIN, WAY_OTHER, admin_purge_dead },
	{ "GET", "/v1/dead/{}", ACCESS_ADMIN, WAY_OTHER, admin_get_dead },
};

static int get_index(struct admin_api *api, struct front_request *rq, const char *id)
{
	struct buf text = { 0 };
	int status;

	(void)api;
	(void)id;
	if (admin_page_is_wanted(rq))
		return admin_page_send(rq);
	buf_append_str(&text, "weir-node " WEIR_VERSION "\n");
	for (size_t i = 1; i < ARRAY_LEN(routes); i++)
		buf_printf(&text, "%-6s %s\n", routes[i].method, routes[i].path);
	status = serve_text(rq, 200, buf_str(&text), "Accept");
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

#define ALL_METHODS "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

/* No route serves the request: 404, or 405 with the methods that its path has. */
static int refuse_unserved(struct front_request *rq, struct buf *allow)
{
	bool is_star = strcmp(rq->path, "*") == 0;
	struct web_answer options = { .status = 204,
				      .allow = is_star ? ALL_METHODS : buf_str(allow) };
	int status;

	if (rq->method == HTTP_OPTIONS && (is_star || allow->len))
		status = front_send(rq, &options);
	else if (allow->len)
		status = admin_refuse(rq, 405, "method_not_allowed",
				      "This path does not take that method; see Allow.",
				      buf_str(allow));
	else
		status =
			admin_refuse(rq, 404, "not_found", "No such path; GET / lists them.", NULL);
	buf_deinit(allow);
	return status;
}

/* rq->route and rq->id. False: the request is answered. */
static bool find_route(struct front_request *rq)
{
	const char *method = http_method_names[rq->method == HTTP_HEAD ? HTTP_GET : rq->method];
	struct buf allow = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		const struct route *route = &routes[i];

		if (!path_matches(route->path, rq->path, rq->id, sizeof(rq->id)))
			continue;
		if (strcmp(route->method, method) == 0) {
			rq->route = route;
			buf_deinit(&allow);
			return true;
		}
		append_method(&allow, route->method);
	}
	refuse_unserved(rq, &allow);
	return false;
}

static enum front_way decide(void *arg, struct front_request *rq)
{
	struct admin *admin = arg;
	const struct route *route;

	if (!find_route(rq))
		return WAY_ANSWERED;
	route = rq->route;
	if (!front_decode(rq->id)) {
		admin_refuse(rq, 400, "bad_path", "The path holds a broken %XX, or %00.", NULL);
		return WAY_ANSWERED;
	}
	if (admin_access_check(&admin->access, rq, route->access) != 0)
		return WAY_ANSWERED;
	if (route->way == WAY_ANSWERED)
		route->serve(&admin->api, rq, rq->id);
	if (route->serve == admin_get_events && admin_wants_stream(rq))
		return WAY_STREAM;
	return route->way == WAY_OTHER && rq->is_trusted ? WAY_FIRST : route->way;
}

static void serve(void *arg, struct front_request *rq, unsigned thread)
{
	struct admin *admin = arg;
	const struct route *route = rq->route;

	(void)thread;
	assert(route->way != WAY_ANSWERED); /* decide answers those itself */
	route->serve(&admin->api, rq, rq->id);
}

static void on_closed(void *arg, enum front_close reason)
{
	struct admin *admin = arg;

	metrics_add(&admin->api.metrics, M_ADMIN_CLOSED, reason, 1);
}

static void on_count(void *arg, unsigned n_connections)
{
	struct admin *admin = arg;

	metrics_set(&admin->api.metrics, M_ADMIN_CONNECTIONS, 0, n_connections);
}

static void *begin_stream(void *arg, struct front_request *rq, uint64_t now_us)
{
	struct admin *admin = arg;

	return admin_stream_begin(admin->api.config.watch, rq, now_us);
}

static void continue_stream(void *stream, uint64_t now_us, struct buf *out)
{
	admin_stream_continue(stream, now_us, out);
}

static void end_stream(void *stream)
{
	admin_stream_end(stream);
}

static int start_front(struct admin *admin)
{
	static const struct front_ops ops = { .decide = decide,
					      .serve = serve,
					      .on_closed = on_closed,
					      .on_count = on_count,
					      .begin_stream = begin_stream,
					      .continue_stream = continue_stream,
					      .end_stream = end_stream };
	const struct front_port ports[] = { { &admin->addr, false }, { &admin->tls_addr, true } };
	struct front_config config = { .name = "admin",
				       .proxies = admin->api.config.shared->proxies,
				       .ops = &ops,
				       .arg = admin,
				       .n_threads = THREADS,
				       .n_first_threads = FIRST_THREADS,
				       .n_queue = QUEUE,
				       .max_connections = MAX_CONNECTIONS,
				       .max_per_address = MAX_PER_ADDRESS,
				       .max_streams = MAX_STREAMS,
				       .max_streams_per_address = MAX_STREAMS_PER_ADDRESS,
				       .max_body_bytes = MAX_BODY_BYTES,
				       .max_held_bytes = MAX_CONNECTIONS * MAX_BODY_BYTES,
				       .request_us = REQUEST_US };

	config.tls = admin->api.config.shared->tls.contexts[NODE_TLS_ADMIN];
	return front_new(&config, ports, config.tls ? 2 : 1, &admin->front);
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
	new_ids_init(&admin->api.new_ids);
	admin_access_init(&admin->access, shared->config);
	admin->api.client =
		client_new(&shared->redis, registry_scripts(&shared->keys), REGISTRY_TIMEOUT_MS);
	admin->api.store = client_new(shared->store, registry_scripts(shared->store_keys),
				      REGISTRY_TIMEOUT_MS);
	r = metrics_shard_init(&admin->api.metrics, shared->metrics);
	if (r == 0)
		r = admin->api.client && admin->api.store
			    ? net_addr_parse(&admin->addr, shared->config->admin_listen)
			    : -ENOMEM;
	if (r == 0 && shared->config->tls.admin_listen)
		r = net_addr_parse(&admin->tls_addr, shared->config->tls.admin_listen);
	if (r == 0)
		admin_access_fit(shared->config, &admin->addr);
	if (r == 0 && shared->config->tls.admin_listen)
		admin_access_fit(shared->config, &admin->tls_addr);
	if (r == 0)
		r = start_front(admin);
	if (r != 0) {
		log_error("admin", "cannot listen", "addr=%s addr_tls=%s error=%s",
			  shared->config->admin_listen,
			  shared->config->tls.admin_listen ? shared->config->tls.admin_listen : "-",
			  r < 0 ? strerror(-r) : "no such address");
		admin_stop(admin);
		return r < 0 ? r : -EINVAL;
	}
	net_addr_format(&admin->addr, text);
	log_info("admin", "listening", "addr=%s", text);
	admin_access_warn(shared->config, &admin->addr);
	if (shared->config->tls.admin_listen) {
		net_addr_format(&admin->tls_addr, text);
		log_info("admin", "listening with TLS", "addr=%s", text);
		admin_access_warn(shared->config, &admin->tls_addr);
	}
	*adminp = admin;
	return 0;
}

void admin_stop(struct admin *admin)
{
	if (!admin)
		return;
	watch_stop(admin->api.config.watch); /* whoever waits for it goes on */
	front_free(admin->front);
	client_free(admin->api.client);
	client_free(admin->api.store);
	metrics_shard_deinit(&admin->api.metrics);
	pthread_mutex_destroy(&admin->api.lock);
	pthread_mutex_destroy(&admin->api.store_lock);
	new_ids_deinit(&admin->api.new_ids);
	admin_access_deinit(&admin->access);
	free(admin);
}
