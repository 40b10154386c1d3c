#include "analyzer/server.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "analyzer/access.h"
#include "analyzer/call.h"
#include "analyzer/ingest.h"
#include "analyzer/reply.h"
#include "analyzer/status.h"
#include "common/clock.h"
#include "common/front/front.h"
#include "common/grpc/grpc_path.h"
#include "common/log.h"
#include "common/net/net_given.h"
#include "common/tls/tls_watch.h"

#define MAX_CONNECTIONS 4096
#define MIN_CONNECTIONS 64
#define OWN_DESCRIPTORS 256        /* sinks, the record, the registry */
#define HEALTH_THREADS 1           /* for questions about health by gRPC alone */
#define MAX_BODIES 4               /* of the largest size, of all that are here */
#define REQUEST_US (30 * US_PER_S) /* for a whole request */
#define IDLE_US (120 * US_PER_S)

struct server {
	struct front *front;
	struct tls_context *tls; /* NULL: there is no TLS port */
	struct tls_watch *tls_watch;
	struct net_addr addr, tls_addr, grpc_addr;
	struct ingest ingest;
	struct worker **workers;    /* owned; one for each thread */
	const char *delivery_token; /* NULL: none is asked for */

	atomic_bool is_draining;
	atomic_uint n_ingesting;         /* deliveries in work */
	_Atomic uint64_t last_ingest_us; /* when the last one was answered */
};

enum route_access { ACCESS_OPEN, ACCESS_DELIVERY, ACCESS_CONTROL };

struct route {
	const char *path;
	enum http_method method; /* GET serves HEAD as well */
	const char *allow;
	enum route_access access;
	/* NULL: a thread does. */
	int (*serve)(const struct ingest *ingest, bool is_draining, struct front_request *rq);
	/* ACCESS_DELIVERY: on a thread. */
	int (*take)(const struct ingest *ingest, struct worker *worker, struct front_request *rq);
	bool is_call;
};

static const struct route routes[] = {
	{ "/ingest", HTTP_POST, "POST", ACCESS_DELIVERY, NULL, ingest_serve },
	{ "/analyze", HTTP_POST, "POST", ACCESS_DELIVERY, NULL, ingest_serve },
	{ GRPC_DELIVER_PATH, HTTP_POST, "POST", ACCESS_DELIVERY, NULL, call_deliver, true },
	{ GRPC_EXPORT_PATH, HTTP_POST, "POST", ACCESS_DELIVERY, NULL, call_export, true },
	{ GRPC_CHECK_PATH, HTTP_POST, "POST", ACCESS_OPEN, NULL, NULL, true },
	{ "/health", HTTP_GET, "GET, HEAD", ACCESS_OPEN, status_health },
	{ "/stats", HTTP_GET, "GET, HEAD", ACCESS_OPEN, status_stats },
	{ "/status", HTTP_GET, "GET, HEAD", ACCESS_OPEN, status_status },
	{ "/processed", HTTP_GET, "GET, HEAD", ACCESS_OPEN, status_processed },
	{ "/metrics", HTTP_GET, "GET, HEAD", ACCESS_OPEN, status_metrics },
	{ "/enable", HTTP_POST, "POST", ACCESS_CONTROL, status_enable },
	{ "/disable", HTTP_POST, "POST", ACCESS_CONTROL, status_disable },
};

static const struct route *find_route(const struct front_request *rq)
{
	size_t len = strlen(rq->path);

	while (len > 1 && rq->path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (routes[i].is_call == rq->is_call && strlen(routes[i].path) == len &&
		    memcmp(routes[i].path, rq->path, len) == 0)
			return &routes[i];
	return NULL;
}

/* Where an analyzer takes requests as they came, they come to any path. */
static const struct route request_route = { "",   HTTP_POST,   "POST, PUT", ACCESS_DELIVERY,
					    NULL, ingest_serve };

static bool route_takes(const struct route *route, enum http_method method)
{
	if (route == &request_route && method == HTTP_PUT)
		return true;
	return route->method == (method == HTTP_HEAD ? HTTP_GET : method);
}

static int refuse(struct server *server, struct front_request *rq, enum refusal reason)
{
	const struct route *route = rq->route;

	stats_count_refusal(server->ingest.stats, reason);
	return reply_refusal(rq, reason, route ? route->allow : NULL);
}

/* Whoever may not. */
static int refuse_access(struct server *server, struct front_request *rq, enum refusal reason)
{
	log_warn("server", "access refused", "reason=%s client=%s path=%s", refusals[reason].name,
		 rq->client, rq->path);
	return refuse(server, rq, reason);
}

static enum refusal check_access(const struct server *server, const struct route *route,
				 const struct front_request *rq)
{
	switch (route->access) {
	case ACCESS_CONTROL:
		return access_check_control(server->ingest.config, rq);
	case ACCESS_DELIVERY:
		return access_check_delivery(server->delivery_token, rq);
	default:
		return REFUSED_NOT;
	}
}

static enum front_way decide(void *arg, struct front_request *rq)
{
	struct server *server = arg;
	const struct route *route = find_route(rq);
	enum refusal refusal;

	if (!route && !rq->is_call && server->ingest.config->accepts == ACCEPTS_REQUEST)
		route = &request_route;
	rq->route = route;
	if (!route || !route_takes(route, rq->method)) {
		refuse(server, rq, route ? REFUSED_METHOD : REFUSED_NOT_FOUND);
		return WAY_ANSWERED;
	}
	refusal = check_access(server, route, rq);
	if (refusal != REFUSED_NOT) {
		refuse_access(server, rq, refusal);
		return WAY_ANSWERED;
	}
	if (!route->serve && route->access == ACCESS_DELIVERY)
		return WAY_OTHER;
	if (!route->serve) {
		rq->max_body_bytes = CALL_QUESTION_BYTES; /* anybody may ask */
		return WAY_FIRST;
	}
	route->serve(&server->ingest, atomic_load(&server->is_draining), rq);
	return WAY_ANSWERED;
}

/* Only deliveries may block. Connections with one that was taken are the last to give way. */
static void serve(void *arg, struct front_request *rq, unsigned thread)
{
	struct server *server = arg;
	const struct route *route = rq->route;

	if (!route->take) {
		call_check(&server->ingest, rq,
			   status_is_up(&server->ingest, atomic_load(&server->is_draining)));
		return;
	}
	atomic_fetch_add(&server->n_ingesting, 1);
	rq->is_trusted =
		route->take(&server->ingest, server->workers[thread - HEALTH_THREADS], rq) == 200;
	atomic_store(&server->last_ingest_us, clock_mono_us());
	atomic_fetch_sub(&server->n_ingesting, 1);
}

static void on_closed(void *arg, enum front_close reason)
{
	(void)arg;
	log_debug("server", "connection closed", "reason=%s", front_close_names[reason]);
}

static void on_count(void *arg, unsigned n_connections)
{
	(void)arg;
	log_debug("server", "connections", "n=%u", n_connections);
}

static void on_refused(void *arg, enum http_refusal refusal)
{
	struct server *server = arg;

	if (refusal == HTTP_BODY_TOO_LARGE)
		stats_count_refusal(server->ingest.stats, REFUSED_TOO_LARGE);
}

/* As many as the system lets it have, but for those that the sink, the record and the log need. */
static unsigned max_connections(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return MIN_CONNECTIONS;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return MIN_CONNECTIONS;
	if (limit.rlim_cur >= MAX_CONNECTIONS + OWN_DESCRIPTORS)
		return MAX_CONNECTIONS;
	return limit.rlim_cur >= MIN_CONNECTIONS + OWN_DESCRIPTORS
		       ? (unsigned)limit.rlim_cur - OWN_DESCRIPTORS
		       : MIN_CONNECTIONS;
}

static int start_front(struct server *server)
{
	static const struct front_ops ops = { .decide = decide,
					      .serve = serve,
					      .on_closed = on_closed,
					      .on_count = on_count,
					      .on_refused = on_refused };
	const struct config *config = server->ingest.config;
	const struct front_port all[] = { { &server->addr, false },
					  { &server->tls_addr, true },
					  { &server->grpc_addr, server->tls != NULL } };
	struct front_port ports[ARRAY_LEN(all)] = { all[0] };
	unsigned most = max_connections(), n_ports = 1;
	struct front_config front = { .name = "server",
				      .tls = server->tls,
				      .ops = &ops,
				      .arg = server,
				      .n_threads = (unsigned)config->n_threads + HEALTH_THREADS,
				      .n_first_threads = HEALTH_THREADS,
				      .n_queue = most,
				      .max_connections = most,
				      .max_per_address = most / 4,
				      .max_body_bytes = config->max_body_bytes,
				      .may_lack_length = true,
				      .speaks_h2 = true,
				      .max_held_bytes = MAX_BODIES * config->max_body_bytes,
				      .request_us = REQUEST_US,
				      .idle_us = IDLE_US };
	int r;

	if (config->listen_tls)
		ports[n_ports++] = all[1];
	if (config->grpc_listen)
		ports[n_ports++] = all[2];
	r = front_new(&front, ports, n_ports, &server->front);
	if (r != 0)
		log_error("server", "cannot listen", "addr=%s addr_tls=%s addr_grpc=%s reason=%s",
			  config->listen, config->listen_tls ? config->listen_tls : "none",
			  config->grpc_listen ? config->grpc_listen : "none", strerror(-r));
	return r;
}

static int make_workers(struct server *server)
{
	const struct config *config = server->ingest.config;

	server->workers = calloc((size_t)config->n_threads, sizeof(*server->workers));
	for (int64_t i = 0; server->workers && i < config->n_threads; i++) {
		server->workers[i] = worker_new(server->ingest.sinks);
		if (!server->workers[i])
			return -ENOMEM;
	}
	return server->workers ? 0 : -ENOMEM;
}

/* The files were checked; a certificate that has expired meanwhile is told of by the watch. */
static int start_tls(struct server *server)
{
	struct tls_config config = config_tls(server->ingest.config);
	struct tls_watched watched = { .what = "deliveries" };
	char why[TLS_WHY_SIZE] = "out of memory";
	int r = tls_context_new(&config, &server->tls, why);

	if (!server->tls) {
		log_error("server", "TLS cannot be set up", "reason=%s", why);
		return r < 0 ? r : -EINVAL;
	}
	watched.context = server->tls;
	return tls_watch_new(&watched, 1, &server->tls_watch);
}

int server_start(const struct ingest *ingest, const char *delivery_token, struct server **serverp)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->ingest = *ingest;
	server->delivery_token = delivery_token;
	server->addr = ingest->config->listen_addr;
	server->tls_addr = ingest->config->listen_tls_addr;
	server->grpc_addr = ingest->config->grpc_addr;
	r = config_speaks_tls(ingest->config) ? start_tls(server) : 0;
	if (!r)
		r = make_workers(server);
	if (!r)
		r = start_front(server);
	if (!r)
		r = net_given_check("server");
	if (r)
		server_stop(server);
	else
		*serverp = server;
	return r;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	front_free(server->front);
	tls_watch_free(server->tls_watch);
	tls_context_free(server->tls);
	for (int64_t i = 0; server->workers && i < server->ingest.config->n_threads; i++)
		worker_free(server->workers[i]);
	free(server->workers);
	free(server);
}

const struct net_addr *server_addr(const struct server *server)
{
	return &server->addr;
}

const struct net_addr *server_tls_addr(const struct server *server)
{
	return &server->tls_addr;
}

const struct net_addr *server_grpc_addr(const struct server *server)
{
	return &server->grpc_addr;
}

void server_drain(struct server *server)
{
	atomic_store(&server->is_draining, true);
	front_drain(server->front);
}

uint64_t server_idle_us(const struct server *server)
{
	uint64_t last_us = atomic_load(&server->last_ingest_us), now_us = clock_mono_us();

	if (atomic_load(&server->n_ingesting) > 0)
		return 0;
	return now_us > last_us ? now_us - last_us : 0;
}

bool server_has_h2(const struct server *server)
{
	return front_has_h2(server->front);
}
