/*
 * civetweb serves each connection with one of its threads for as long as the connection lives. So
 * that kept-alive connections never hold all threads while others wait, connections are closed
 * after their answer as soon as three quarters of the threads are taken.
 */
#include "analyzer/server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/access.h"
#include "analyzer/ingest.h"
#include "analyzer/reply.h"
#include "common/clock.h"
#include "common/http/web.h"
#include "common/log.h"

struct server {
	struct mg_context *ctx;
	struct ingest ingest;
	struct net_addr addr;
	unsigned n_keep_max; /* more connections than this are not kept alive */

	atomic_bool is_up; /* mg_start has returned */
	atomic_bool is_draining;
	atomic_uint n_connections;
	atomic_uint n_ingesting;         /* deliveries in work */
	_Atomic uint64_t last_ingest_us; /* when the last one was answered */
};

struct route {
	const char *path;
	const char *method; /* GET serves HEAD as well */
	const char *allow;
	bool reads_body;
	bool is_control; /* access_check decides who may */
	int (*serve)(struct server *server, struct request *rq);
};

static int serve_ingest(struct server *server, struct request *rq)
{
	int status;

	atomic_fetch_add(&server->n_ingesting, 1);
	status = ingest_serve(&server->ingest, mg_get_thread_pointer(rq->conn), rq);
	atomic_store(&server->last_ingest_us, clock_mono_us());
	atomic_fetch_sub(&server->n_ingesting, 1);
	return status;
}

static int reply_status(struct request *rq, int status, const char *text)
{
	cJSON *json = cJSON_CreateObject();

	if (cJSON_AddStringToObject(json, "status", text))
		return reply_json(rq, status, json);
	cJSON_Delete(json);
	return reply_json(rq, status, NULL);
}

static int serve_health(struct server *server, struct request *rq)
{
	if (atomic_load(&server->is_draining))
		return reply_status(rq, 503, "leaving");
	if (faults_now(server->ingest.faults).is_down)
		return reply_status(rq, 503, "down");
	return reply_status(rq, 200, "up");
}

static int serve_stats(struct server *server, struct request *rq)
{
	return reply_json(rq, 200, stats_json(server->ingest.stats, server->ingest.config->id));
}

static int serve_metrics(struct server *server, struct request *rq)
{
	bool is_up =
		!atomic_load(&server->is_draining) && !faults_now(server->ingest.faults).is_down;
	enum metrics_format format = metrics_format_for(mg_get_header(rq->conn, "Accept"));
	struct buf text = { 0 };
	int status;

	stats_set_up(server->ingest.stats, is_up);
	stats_write_metrics(server->ingest.stats, format, &text);
	status = text.failed
			 ? reply_refusal(rq, REFUSED_MEMORY)
			 : reply_text(rq, 200, metrics_content_type(format), text.data, text.len);
	buf_deinit(&text);
	return status;
}

static int serve_enable(struct server *server, struct request *rq)
{
	faults_set_disabled(server->ingest.faults, false);
	return reply_status(rq, 200, "up");
}

static int serve_disable(struct server *server, struct request *rq)
{
	faults_set_disabled(server->ingest.faults, true);
	return reply_status(rq, 200, "down");
}

static const struct route routes[] = {
	{ "/ingest", "POST", "POST", true, false, serve_ingest },
	{ "/health", "GET", "GET, HEAD", false, false, serve_health },
	{ "/stats", "GET", "GET, HEAD", false, false, serve_stats },
	{ "/metrics", "GET", "GET, HEAD", false, false, serve_metrics },
	{ "/enable", "POST", "POST", false, true, serve_enable },
	{ "/disable", "POST", "POST", false, true, serve_disable },
};

static const struct route *find_route(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (strlen(routes[i].path) == len && memcmp(routes[i].path, path, len) == 0)
			return &routes[i];
	return NULL;
}

static bool route_takes(const struct route *route, const char *method)
{
	const char *served = strcmp(method, "HEAD") == 0 ? "GET" : method;

	return strcmp(route->method, served) == 0;
}

/* A body that nobody reads would be taken for the next request. */
static bool has_body(const struct request *rq)
{
	return rq->info->content_length > 0 || mg_get_header(rq->conn, "Transfer-Encoding");
}

static int refuse(struct server *server, struct request *rq, enum refusal reason)
{
	rq->close |= has_body(rq);
	stats_count_refusal(server->ingest.stats, reason);
	return reply_refusal(rq, reason);
}

static int refuse_control(struct server *server, struct request *rq, enum refusal reason)
{
	log_warn("server", "control refused", "reason=%s client=%s path=%s", refusals[reason].name,
		 rq->info->remote_addr, rq->info->local_uri);
	return refuse(server, rq, reason);
}

static int on_request(struct mg_connection *conn)
{
	enum refusal refusal;
	struct server *server = mg_get_user_context_data(conn);
	struct request rq = { .conn = conn, .info = mg_get_request_info(conn) };
	const struct route *route = find_route(rq.info->local_uri ? rq.info->local_uri : "");

	rq.close = atomic_load(&server->is_draining) ||
		   atomic_load(&server->n_connections) > server->n_keep_max;
	if (!route)
		return refuse(server, &rq, REFUSED_NOT_FOUND);
	rq.allow = route->allow;
	if (!route_takes(route, rq.info->request_method))
		return refuse(server, &rq, REFUSED_METHOD);
	rq.close |= !route->reads_body && has_body(&rq);
	refusal = route->is_control ? access_check(server->ingest.config, &rq) : REFUSED_NOT;
	if (refusal != REFUSED_NOT)
		return refuse_control(server, &rq, refusal);
	return route->serve(server, &rq);
}

static int on_http_error(struct mg_connection *conn, int status, const char *detail)
{
	struct request rq = { .conn = conn, .info = mg_get_request_info(conn), .close = true };

	reply_problem(&rq, status, detail && *detail ? detail : "The request is malformed.");
	return 0;
}

static int on_log(const struct mg_connection *conn, const char *message)
{
	const struct server *server = mg_get_user_context_data(conn);

	if (server && atomic_load(&server->is_up))
		log_debug("civetweb", "event", "message=%s", message);
	else
		log_error("server", "cannot start", "reason=%s", message);
	return 1;
}

static int on_connect(const struct mg_connection *conn, void **conn_data UNUSED)
{
	struct server *server = mg_get_user_context_data(conn);

	atomic_fetch_add(&server->n_connections, 1);
	return 0;
}

static void on_disconnect(const struct mg_connection *conn)
{
	struct server *server = mg_get_user_context_data(conn);

	atomic_fetch_sub(&server->n_connections, 1);
}

static void *on_thread_start(const struct mg_context *ctx, int thread_type)
{
	const struct server *server = mg_get_user_data(ctx);

	return thread_type == 1 ? worker_new(server->ingest.config) : NULL;
}

static void on_thread_end(const struct mg_context *ctx UNUSED, int thread_type, void *worker)
{
	if (thread_type == 1)
		worker_free(worker);
}

static int start_civetweb(struct server *server)
{
	static const struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = on_http_error,
		.log_message = on_log,
		.init_connection = on_connect,
		.connection_closed = on_disconnect,
		.init_thread = on_thread_start,
		.exit_thread = on_thread_end,
	};
	char port[NET_ADDR_STRLEN], n_threads[16];
	const char *options[] = {
		"listening_ports",
		port,
		"num_threads",
		n_threads,
		"enable_keep_alive",
		"yes",
		"keep_alive_timeout_ms",
		"60000",
		"request_timeout_ms", /* a whole head, or the next byte of a body */
		"5000",
		"tcp_nodelay",
		"1",
		"listen_backlog",
		"1024",
		"connection_queue",
		"256",
		NULL
	};

	web_format_port(&server->addr, port);
	snprintf(n_threads, sizeof(n_threads), "%u", (unsigned)server->ingest.config->n_threads);
	server->ctx = mg_start(&callbacks, server, options);
	return server->ctx ? 0 : -EADDRNOTAVAIL;
}

int server_start(const struct config *config, struct intake *intake, struct stats *stats,
		 struct faults *faults, struct server **serverp)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->ingest = (struct ingest){ config, intake, stats, faults, NULL };
	server->addr = config->listen_addr;
	web_fit_address(&server->addr);
	server->n_keep_max = (unsigned)(config->n_threads * 3 / 4);
	mg_init_library(0);
	r = body_watch_start((unsigned)config->n_threads, &server->ingest.bodies);
	if (!r)
		r = start_civetweb(server);
	if (!r)
		r = web_bound_address(server->ctx, &server->addr);
	if (r) {
		server_stop(server);
		return r;
	}
	atomic_store(&server->is_up, true);
	*serverp = server;
	return 0;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	if (server->ctx)
		mg_stop(server->ctx);
	mg_exit_library();
	body_watch_stop(server->ingest.bodies);
	free(server);
}

const struct net_addr *server_addr(const struct server *server)
{
	return &server->addr;
}

void server_drain(struct server *server)
{
	atomic_store(&server->is_draining, true);
}

uint64_t server_idle_us(const struct server *server)
{
	uint64_t last_us = atomic_load(&server->last_ingest_us), now_us = clock_mono_us();

	if (atomic_load(&server->n_ingesting) > 0)
		return 0;
	return now_us > last_us ? now_us - last_us : 0;
}
