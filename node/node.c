#include "node/node.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/conf/conf_path.h"
#include "common/log.h"
#include "common/net/net_given.h"
#include "common/process.h"
#include "common/service.h"
#include "node/admin/admin.h"
#include "node/control/control.h"
#include "node/control/node_claim.h"
#include "node/listen/listen_sockets.h"
#include "node/node_metrics.h"
#include "node/packet/heap.h"
#include "registry/redis/client.h"
#include "registry/scripts.h"

#define BACKLOG 4096
#define WAIT_STEP_MS 20
#define TEND_MS 1000 /* how often the heap is looked at */

struct node {
	struct node_shared shared;
	struct worker *workers;
	unsigned n_workers; /* initialized */
	unsigned n_started;
	unsigned n_joined;
	struct control *control;
	struct watch *watch;
	struct admin *admin;
	const struct metrics_shard **shards;
	bool (*reload)(void); /* on SIGHUP */
	bool is_watched;      /* the service manager wants to hear of it */
	uint64_t longest_wait_ms;
	struct heap heap;
};

static void init_memory(struct node *node)
{
	struct node_shared *s = &node->shared;

	heap_hold(s->config->heap_held);
	s->memory_bytes = s->config->packet_memory;
	atomic_store(&s->memory.left_bytes, (int64_t)s->memory_bytes);
}

/* Descriptors for what is not an agent: deliveries, Redis, the admin port, event loops. */
#define OWN_DESCRIPTORS 256
#define OWN_DESCRIPTORS_PER_WORKER 32

static rlim_t own_descriptors(const struct node_config *config, rlim_t limit)
{
	rlim_t n = OWN_DESCRIPTORS + OWN_DESCRIPTORS_PER_WORKER * (rlim_t)config->workers;

	return n < limit / 2 ? n : limit / 2;
}

/* As many connections as the system lets us have; agents never get the last descriptors. */
static void raise_limits(struct node_shared *shared, const struct node_config *config)
{
	struct rlimit limit;

	shared->max_connections = (unsigned)config->max_connections;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	shared->n_own_descriptors = (unsigned)own_descriptors(config, limit.rlim_cur);
	if (limit.rlim_cur - shared->n_own_descriptors >= (rlim_t)config->max_connections)
		return;
	shared->max_connections = (unsigned)limit.rlim_cur - shared->n_own_descriptors;
	log_warn("node", "max-connections lowered",
		 "from=%lld to=%u limit=%llu remedy=%s runbook=%s",
		 (long long)config->max_connections, shared->max_connections,
		 (unsigned long long)limit.rlim_cur,
		 "raise the limit of open files, or lower max-connections",
		 LOG_RUNBOOK "a-node-is-out-of-connections");
}

static int init_bound(struct node_shared *s, const struct node_config *config)
{
	unsigned most = (unsigned)config->max_connections_per_address;

	if (most == 0)
		most = s->max_connections / 2 > 0 ? s->max_connections / 2 : 1;
	return address_bound_init(&s->address_bound, s->max_connections, most);
}

static int init_url(struct redis_url *url, const char *option, const char *text)
{
	if (redis_url_parse(url, text) != 0) {
		log_error("node", "bad URL of Redis", "option=%s reason=%s", option,
			  redis_url_why(url));
		return -EINVAL;
	}
	url->file = conf_path_of(conf_option_named(&node_program, option));
	return 0;
}

/* The registry's Redis, and that of spill and dead letters, which may be the same. */
static int init_redis(struct node_shared *s, const struct node_config *config)
{
	int r = init_url(&s->redis, "redis", config->redis);

	if (r == 0 && registry_keys_init(&s->keys, config->pool) != 0)
		r = -EINVAL;
	s->store = &s->redis;
	s->store_keys = &s->keys;
	if (r != 0 || !config->spill_redis)
		return r;
	r = init_url(&s->spill_redis, "spill-redis", config->spill_redis);
	if (r != 0)
		return r;
	s->spill_keys = s->keys;
	registry_keys_set_apart(&s->spill_keys, config->pool);
	s->health.has_spill_redis = true;
	s->store = &s->spill_redis;
	s->store_keys = &s->spill_keys;
	return 0;
}

/* Each of the names has a slot among those of the tokens, and so its counter. */
static void init_clients(struct node_shared *s, const struct conf_list *names)
{
	assert(names->n_values <= NODE_TLS_NAMES_MOST);
	for (size_t i = 0; i < names->n_values; i++)
		s->client_slots[i] = (uint8_t)token_book_slot(&s->ingest_tokens, names->values[i]);
	s->clients = (struct conn_clients){ (const char *const *)names->values, s->client_slots,
					    names->n_values };
}

static int init_shared(struct node *node, const struct node_config *config)
{
	struct node_shared *s = &node->shared;
	int r;

	s->config = config;
	identity_init(&s->identity, config->listen);
	token_guard_init(&s->ingest_guard);
	token_book_init(&s->ingest_tokens);
	header_book_init(&s->analyzer_headers);
	redis_seen_init(&s->redis_seen);
	failures_init(&s->failures);
	r = token_book_set(&s->ingest_tokens, "ingest-token", config->ingest_token,
			   config->ingest_tokens);
	if (r == 0)
		r = header_book_set(&s->analyzer_headers, &config->analyzer_header);
	init_clients(s, &config->tls.client_names);
	if (r == 0)
		r = node_tls_init(&s->tls, &config->tls);
	if (r == 0)
		r = node_config_allow(config, &s->allow);
	if (r == 0)
		r = node_config_proxies(config, &s->proxies);
	if (r != 0)
		return r < 0 ? r : -EINVAL;
	r = init_redis(s, config);
	if (r == 0)
		r = init_bound(s, config);
	if (r != 0)
		return r;
	s->refresh_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	s->metrics = node_metrics_new();
	return s->refresh_fd >= 0 && s->metrics ? 0 : -ENOMEM;
}

/* The first worker may be given port 0; the others share what it got. */
static int listen_for_worker(struct node *node, struct net_addr *addr, int *fdp)
{
	char text[NET_ADDR_STRLEN];
	int r = net_given_listen(addr, true, BACKLOG, fdp);

	if (r == 0)
		r = net_local_addr(*fdp, addr);
	net_addr_format(addr, text);
	if (r != 0)
		log_error("node", "cannot listen", "addr=%s error=%s", text, strerror(-r));
	else if (node->n_workers == 0) {
		identity_set_listen(&node->shared.identity, text);
		log_info("node", "listening", "addr=%s", text);
	}
	return r;
}

/* The TLS port is told of by its own line, and is not by what other nodes know this one. */
static int listen_tls_for_worker(struct node *node, struct net_addr *addr, int *fdp)
{
	char text[NET_ADDR_STRLEN];
	int r;

	*fdp = -1;
	if (!node->shared.config->tls.listen)
		return 0;
	r = net_given_listen(addr, true, BACKLOG, fdp);
	if (r == 0)
		r = net_local_addr(*fdp, addr);
	net_addr_format(addr, text);
	if (r != 0)
		log_error("node", "cannot listen", "addr=%s error=%s", text, strerror(-r));
	else if (node->n_workers == 0)
		log_info("node", "listening with TLS", "addr=%s", text);
	return r;
}

static int init_worker(struct node *node, unsigned i, struct net_addr *addr, struct net_addr *tls,
		       struct listen_sockets *sockets)
{
	int other_fds[LISTEN_PORTS];
	int fd, tls_fd, r = listen_for_worker(node, addr, &fd);

	if (r != 0)
		return r;
	r = listen_tls_for_worker(node, tls, &tls_fd);
	if (r != 0) {
		close(fd);
		return r;
	}
	r = worker_init(&node->workers[i], &node->shared, i, fd, tls_fd);
	if (r == 0)
		r = listen_sockets_open(sockets, other_fds);
	return r == 0 ? worker_listen(&node->workers[i], other_fds) : r;
}

static int init_sockets(struct listen_sockets *sockets, const struct node_config *config)
{
	const char *const addresses[LISTEN_ADDRESSES] = {
		config->syslog_listen,     config->gelf_listen,     config->forward_listen,
		config->tls.syslog_listen, config->tls.gelf_listen, config->tls.forward_listen,
	};

	return listen_sockets_init(sockets, addresses);
}

static int init_workers(struct node *node)
{
	const struct node_config *config = node->shared.config;
	unsigned n = (unsigned)config->workers;
	struct listen_sockets sockets;
	struct net_addr addr, tls = { 0 };
	int r = net_addr_parse(&addr, config->listen);

	if (r == 0 && config->tls.listen)
		r = net_addr_parse(&tls, config->tls.listen);
	if (r != 0) {
		log_error("node", "bad --listen", "value=%s expected=%s", config->listen,
			  "HOST:PORT");
		return -EINVAL;
	}
	r = init_sockets(&sockets, config);
	if (r != 0)
		return r;
	node->workers = calloc(n, sizeof(*node->workers));
	node->shards = calloc(n, sizeof(*node->shards));
	if (!node->workers || !node->shards)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		r = init_worker(node, i, &addr, &tls, &sockets);
		if (r != 0)
			return r;
		node->shards[i] = &node->workers[i].metrics;
		node->n_workers++;
	}
	metrics_set(&node->workers[0].metrics, M_BUILD_INFO, 0, 1);
	metrics_set(&node->workers[0].metrics, M_START, 0, (int64_t)(clock_wall_us() / US_PER_MS));
	metrics_set(&node->workers[0].metrics, M_MEMORY_MAX, 0, (int64_t)config->memory_max);
	metrics_set(&node->workers[0].metrics, M_SPILL_MAX, 0, (int64_t)config->spill_max_bytes);
	return 0;
}

/* Evicted membership or counters would corrupt the pool silently. */
static void check_redis(struct redis_url *url, const struct registry_keys *keys)
{
	CLEANUP(client_freep)
	struct client *client = client_new(url, registry_scripts(keys), 1000);
	redisReply *reply = NULL;
	int r = client ? client_command(client, &reply, 3,
					(const char *[]){ "CONFIG", "GET", "maxmemory-policy" })
		       : 0;

	if (r == CLIENT_E_AWAY)
		log_warn("node",
			 client_was_answered(client) ? "Redis refuses yet"
						     : "Redis does not answer yet",
			 "reason=%s", client_error(client));
	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[1]->type == REDIS_REPLY_STRING &&
	    strcmp(reply->element[1]->str, "noeviction") != 0)
		log_warn("node", "Redis may evict keys", "maxmemory_policy=%s remedy=%s runbook=%s",
			 reply->element[1]->str, "CONFIG SET maxmemory-policy noeviction",
			 LOG_RUNBOOK "redis-may-evict-keys");
	if (reply)
		freeReplyObject(reply);
}

static void check_all_redis(struct node_shared *s)
{
	check_redis(&s->redis, &s->keys);
	if (node_shared_has_store(s))
		check_redis(s->store, s->store_keys);
}

static int start_all(struct node *node)
{
	int r = 0;

	for (unsigned i = 0; i < node->n_workers && r == 0; i++) {
		r = worker_start(&node->workers[i]);
		node->n_started += r == 0;
	}
	return r == 0 ? control_start(node->control) : r;
}

static void set_phase(struct node *node, enum worker_phase phase)
{
	for (unsigned i = 0; i < node->n_workers; i++)
		worker_set_phase(&node->workers[i], phase);
}

/* Of one that could not be started. */
static void node_free(struct node *node)
{
	if (!node)
		return;
	admin_stop(node->admin);
	set_phase(node, WORKER_DONE);
	while (node->n_joined < node->n_started)
		worker_join(&node->workers[node->n_joined++]);
	control_free(node->control);
	watch_free(node->watch);
	for (unsigned i = 0; i < node->n_workers; i++)
		worker_deinit(&node->workers[i]);
	redis_url_deinit(&node->shared.redis);
	if (node_shared_has_store(&node->shared))
		redis_url_deinit(&node->shared.spill_redis);
	metrics_free(node->shared.metrics);
	node_tls_deinit(&node->shared.tls);
	net_allow_free(node->shared.allow);
	net_allow_free(node->shared.proxies);
	address_bound_deinit(&node->shared.address_bound);
	token_book_deinit(&node->shared.ingest_tokens);
	header_book_deinit(&node->shared.analyzer_headers);
	if (node->shared.refresh_fd > 0)
		close(node->shared.refresh_fd);
	free(node->workers);
	free(node->shards);
	free(node);
}

int node_new(const struct node_config *config, struct node **nodep)
{
	struct node *node = calloc(1, sizeof(*node));
	struct admin_config admin;
	int r;

	if (!node)
		return -ENOMEM;
	raise_limits(&node->shared, config);
	r = init_shared(node, config);
	if (r == 0) {
		check_all_redis(&node->shared);
		r = node_claim(&node->shared);
	}
	if (r == 0)
		r = init_workers(node);
	if (r == 0)
		init_memory(node);
	if (r == 0)
		r = watch_new(&node->shared, &node->watch);
	if (r == 0) {
		node->control = control_new(&node->shared, node->workers, node->shards,
					    node->n_workers, node->watch);
		r = node->control ? start_all(node) : -ENOMEM;
	}
	admin = (struct admin_config){ .shared = &node->shared,
				       .control = node->control,
				       .watch = node->watch,
				       .shards = node->shards,
				       .n_shards = node->n_workers };
	if (r == 0)
		r = admin_start(&admin, &node->admin);
	if (r == 0)
		r = net_given_check("node");
	if (r != 0)
		node_free(node);
	else
		*nodep = node;
	return r;
}

static void renew(struct redis_url *url, const char *option, const char *text)
{
	if (redis_url_renew(url, text) != 0)
		log_warn("node", "the URL is of another Redis now, which needs a restart",
			 "option=%s", option);
}

/* What was reloaded, and is used in another form than the text of its option. */
static void take_reloaded(struct node *node)
{
	const struct node_config *config = node->shared.config;
	struct net_allow *allow;

	renew(&node->shared.redis, "redis", config->redis);
	if (node_shared_has_store(&node->shared) && config->spill_redis)
		renew(&node->shared.spill_redis, "spill-redis", config->spill_redis);
	else if (node_shared_has_store(&node->shared) || config->spill_redis)
		log_warn("node", "the spill is on another Redis now, which needs a restart");
	if (node_config_allow(config, &allow) == 0)
		net_allow_replace(node->shared.allow, allow);
	if (token_book_set(&node->shared.ingest_tokens, "ingest-token", config->ingest_token,
			   config->ingest_tokens) != 0)
		log_error("node", "the tokens of agents stay as they were", "reason=%s", "memory");
	if (header_book_set(&node->shared.analyzer_headers, &config->analyzer_header) != 0)
		log_error("node", "the headers of analyzers stay as they were", "reason=%s",
			  "memory");
	control_refresh(node->control);
}

static void reload_options(struct node *node)
{
	service_reloading();
	if (node->reload())
		take_reloaded(node);
	service_ready();
}

/* A worker that hangs leaves it hungry, so that the service manager starts the node anew. */
static void feed_watchdog(struct node *node)
{
	if (node->is_watched && health_live(&node->shared.health, clock_mono_us()) == HEALTH_READY)
		service_alive();
}

/* Once few packets have come for a while, the kernel gets what malloc kept for them. */
static void tend_heap(struct node *node)
{
	uint64_t came = 0, here = 0, resident;

	for (unsigned i = 0; i < node->n_workers; i++) {
		came += metrics_get(node->shards[i], M_RECEIVED_BYTES, 0);
		for (unsigned port = 0; port < LISTEN_PORTS; port++)
			came += metrics_get(node->shards[i], M_LISTEN_BYTES, port);
		here += metrics_get(node->shards[i], M_HELD_BYTES, 0);
	}
	if (!heap_is_idle(&node->heap, came, here, clock_mono_us()))
		return;
	resident = process_resident_bytes();
	heap_release(&node->heap);
	log_debug("node", "idle memory given back", "before=%llu now=%llu",
		  (unsigned long long)resident, (unsigned long long)process_resident_bytes());
}

/* SIGTERM or SIGINT, within the time: true. SIGHUP is heeded meanwhile. */
static bool wait_signal(struct node *node, uint64_t ms)
{
	uint64_t until_us = ms == UINT64_MAX ? UINT64_MAX : clock_mono_us() + ms * US_PER_MS,
		 now_us;
	struct timespec left;
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	do {
		now_us = clock_mono_us();
		ms = until_us > now_us ? (until_us - now_us) / US_PER_MS : 0;
		if (ms > node->longest_wait_ms)
			ms = node->longest_wait_ms;
		left = (struct timespec){ .tv_sec = (time_t)(ms / 1000),
					  .tv_nsec = (long)(ms % 1000) * 1000000 };
		r = sigtimedwait(&set, NULL, &left);
		if (r == SIGHUP)
			reload_options(node);
		feed_watchdog(node);
		tend_heap(node);
	} while (r != SIGTERM && r != SIGINT && (r > 0 || ms > 0));
	return r > 0;
}

/* False: a second signal came. */
static bool join_workers(struct node *node)
{
	while (node->n_joined < node->n_started) {
		if (pthread_tryjoin_np(node->workers[node->n_joined].thread, NULL) == 0)
			node->n_joined++;
		else if (wait_signal(node, WAIT_STEP_MS))
			return false;
	}
	return true;
}

int node_run(struct node *node, bool (*reload)(void))
{
	uint64_t watchdog_ms = service_watchdog_ms();

	node->reload = reload;
	node->is_watched = watchdog_ms > 0;
	node->longest_wait_ms = watchdog_ms > 0 && watchdog_ms < TEND_MS ? watchdog_ms : TEND_MS;
	service_ready();
	wait_signal(node, UINT64_MAX);
	service_stopping();
	log_info("node", "draining", "delay_ms=%llu",
		 (unsigned long long)node->shared.config->drain_delay_ms);
	atomic_store(&node->shared.health.draining, true);
	set_phase(node, WORKER_DRAINING);
	if (!wait_signal(node, node->shared.config->drain_delay_ms)) {
		set_phase(node, WORKER_FINISHING);
		if (join_workers(node)) {
			log_info("node", "left");
			return 0;
		}
	}
	log_warn("node", "second signal: leaving at once");
	log_flush();
	_exit(1);
}
