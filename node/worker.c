#include "node/worker.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/node_metrics.h"
#include "registry/scripts.h"

#define PHASE_US 10000
#define STORE_US 3000000 /* for what nobody has taken in time */
#define LEAVE_US 1000000 /* for the last settle */
#define STORE_STALL_MS 2000
#define STORE_PATIENCE 10 /* storing may take this many times redis-timeout */

/* Of the router, whose callbacks all get the fate. */
static void on_behind(void *arg)
{
	struct worker *w = CONTAINER_OF(arg, struct worker, fate);

	if (eventfd_write(w->shared->refresh_fd, 1) != 0)
		log_debug("worker", "refresh already asked for");
}

/* ---- mail ---- */

static void take_roster(struct worker *w)
{
	struct roster *roster = atomic_exchange_explicit(&w->mail, NULL, memory_order_acq_rel);

	if (!roster)
		return;
	router_set_roster(&w->router, roster);
	loops_set_roster(&w->loops, roster);
	roster_unref(roster);
	if (w->is_empty)
		return;
	ingest_start_accepting(&w->ingest);
	listen_start_accepting(&w->listen);
}

static void take_probes(struct worker *w)
{
	uint64_t bits[PROBE_WORDS];

	for (unsigned i = 0; i < PROBE_WORDS; i++)
		bits[i] = atomic_load_explicit(&w->shared->probe_down[i], memory_order_relaxed);
	dispatch_set_probes(&w->router.dispatch, bits);
}

/* ---- the end ---- */

/* Nobody can take a packet any more: all that are left go into the spill, where they can. */
static void cut_deliveries(struct worker *w)
{
	router_end_deliveries(&w->router);
	sender_free(w->sender); /* its transfers end: their packets go back to the router */
	w->sender = NULL;
}

/* Calls end without an answer. Who ends may look at the link of another still. */
static void close_links(struct worker *w)
{
	link_close(w->fetch);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		link_close(w->store[size]);
}

static void free_links(struct worker *w)
{
	link_free(w->fetch);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		link_free(w->store[size]);
}

/* Every packet that is left gets its fate, every client its answer. The router can still settle. */
static void end_packets(struct worker *w)
{
	if (w->is_empty)
		return;
	cut_deliveries(w);
	close_links(w);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		spill_in_deinit(&w->spill_in[size]);
	dead_letters_deinit(&w->dead_letters);
	fate_leave_parked(&w->fate);
	assert(fate_n_in_flight(&w->fate) == 0);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		spill_hold_deinit(&w->spill_hold[size]);
	spill_out_deinit(&w->spill_out);
	listen_deinit(&w->listen);
	ingest_flush(&w->ingest);
	ingest_deinit(&w->ingest);
	free_links(w);
	w->is_empty = true;
}

static void finish(struct worker *w)
{
	struct timeval tv = clock_timeval(PHASE_US);

	ingest_stop_accepting(&w->ingest);
	listen_stop(&w->listen);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++)
		spill_in_hurry(&w->spill_in[size]);
	fate_end(&w->fate);
	event_add(w->phase_timer, &tv);
}

/* ---- phases ---- */

static uint64_t longest_us(const struct worker *w, enum worker_phase phase)
{
	return phase == WORKER_FINISHING ? w->shared->config->drain_timeout_ms * US_PER_MS
	       : phase == WORKER_STORING ? STORE_US
					 : LEAVE_US;
}

static void set_phase(struct worker *w, enum worker_phase phase)
{
	static const char *const names[] = { "serving", "draining", "finishing",
					     "storing", "leaving",  "done" };

	static_assert(ARRAY_LEN(names) == WORKER_DONE + 1, "every phase has a name");
	assert(phase <= WORKER_DONE);
	if (phase <= w->phase)
		return;
	log_info("worker", "phase", "worker=%s from=%s to=%s", w->name, names[w->phase],
		 names[phase]);
	w->phase = phase;
	w->phase_ends_us = clock_mono_us() + longest_us(w, phase);
	if (!w->is_empty) {
		ingest_drain(&w->ingest);
		spill_out_end(&w->spill_out);
	}
	if (phase == WORKER_FINISHING) {
		finish(w);
	} else if (phase == WORKER_STORING) {
		cut_deliveries(w);
	} else if (phase == WORKER_LEAVING) {
		end_packets(w);
		router_leave(&w->router);
	}
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	eventfd_t value;

	(void)what;
	if (eventfd_read(fd, &value) != 0)
		return;
	take_roster(w);
	take_probes(w);
	set_phase(w, atomic_load_explicit(&w->wanted, memory_order_acquire));
}

static bool has_packets(const struct worker *w)
{
	return fate_n_in_flight(&w->fate) != 0 || !spill_out_is_quiet(&w->spill_out) ||
	       !listen_is_quiet(&w->listen);
}

/* The phase that the worker is ripe for; the same: it is not over yet. */
static enum worker_phase next_phase(const struct worker *w)
{
	bool is_overdue = clock_mono_us() >= w->phase_ends_us;

	switch (w->phase) {
	case WORKER_FINISHING:
		if (!has_packets(w) && conn_shared_n_connections(&w->ingest.shared) == 0)
			return WORKER_LEAVING;
		return is_overdue ? WORKER_STORING : w->phase;
	case WORKER_STORING:
		return is_overdue || !has_packets(w) ? WORKER_LEAVING : w->phase;
	case WORKER_LEAVING:
		return is_overdue || router_has_left(&w->router) ? WORKER_DONE : w->phase;
	default:
		return w->phase;
	}
}

static void on_phase_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	set_phase(w, next_phase(w));
}

/* ---- life ---- */

static struct conn_config ingest_config(struct worker *w)
{
	const struct node_config *c = w->shared->config;

	return (struct conn_config){
		.base = w->base,
		.limits = { .max_head_bytes = (uint32_t)c->max_header,
			    .max_body_bytes = c->max_body,
			    .max_connections = w->shared->max_connections,
			    .n_own_descriptors = w->shared->n_own_descriptors,
			    .idle_us = c->idle_timeout_ms * US_PER_MS,
			    .head_us = c->header_timeout_ms * US_PER_MS,
			    .body_us = c->body_timeout_ms * US_PER_MS,
			    .write_us = c->write_timeout_ms * US_PER_MS,
			    .max_age_us = c->max_connection_age_ms * US_PER_MS },
		.api = { .tokens = &w->shared->ingest_tokens,
			 .health = &w->shared->health,
			 .guard = &w->shared->ingest_guard,
			 .says_200 = c->ingest_status == 1 },
		.proxies = w->shared->proxies,
		.metrics = &w->metrics,
		.n_connections = &w->shared->n_connections,
		.loops = &w->loops,
		.bound = &w->shared->address_bound,
		.memory = &w->memory,
		.refused = &w->refused,
		.tls = w->shared->tls.contexts[NODE_TLS_INGEST],
		.clients = w->shared->clients,
		.formats = c->format_bits,
		.on_packet = fate_on_packet,
		.arg = &w->fate,
	};
}

/* What listeners may hold without a fate: a part of the memory for packets. */
#define WINDOW_PARTS 4
#define WINDOW_LEAST (1u << 20)

static struct listen_config listen_config(struct worker *w, const int fds[LISTEN_PORTS])
{
	const struct node_config *c = w->shared->config;
	uint64_t window = c->packet_memory / WINDOW_PARTS / (uint64_t)c->workers;
	struct listen_config config = {
		.base = w->base,
		.metrics = &w->metrics,
		.memory = &w->memory,
		.refused = &w->refused,
		.bound = &w->shared->address_bound,
		.proxies = w->shared->proxies,
		.n_connections = &w->shared->n_connections,
		.max_connections = w->shared->max_connections,
		.n_own_descriptors = w->shared->n_own_descriptors,
		.max_body_bytes = c->max_body,
		.window_bytes = window > WINDOW_LEAST ? window : WINDOW_LEAST,
		.idle_us = c->listen_idle_timeout_ms * US_PER_MS,
		.frame_us = c->body_timeout_ms * US_PER_MS,
		.write_us = c->write_timeout_ms * US_PER_MS,
		.greet_us = c->header_timeout_ms * US_PER_MS,
		.tls = w->shared->tls.contexts[NODE_TLS_INGEST],
		.keyp = &c->forward_key,
		.tokenp = &c->ingest_token,
		.host = c->node_id,
		.on_packet = fate_on_packet,
		.arg = &w->fate,
	};

	for (enum listen_port port = 0; port < LISTEN_PORTS; port++)
		config.fds[port] = fds[port];
	return config;
}

static struct router_config router_config(struct worker *w)
{
	const struct node_config *c = w->shared->config;

	return (struct router_config){
		.base = w->base,
		.url = &w->shared->redis,
		.keys = &w->shared->keys,
		.metrics = &w->metrics,
		.node_id = c->node_id,
		.worker = w->name,
		.token = w->index == 0 ? w->shared->first_token : NULL,
		.identity = &w->shared->identity,
		.lane = { .sender = w->sender,
			  .metrics = &w->metrics,
			  .memory = &w->memory,
			  .failures = &w->shared->failures,
			  .origin = { c->node_id, w->pool_mark, w->origin_lines },
			  .connect_ms = (uint32_t)c->connect_timeout_ms,
			  .timeout_ms = (uint32_t)c->delivery_timeout_ms,
			  .latency_limit_us = c->latency_limit_ms * US_PER_MS },
		.catchup_max_messages = c->catchup_max_messages,
		.exact_messages = (unsigned)c->exact_messages,
		.redis_timeout_us = c->redis_timeout_ms * US_PER_MS,
		.on_delivered = fate_on_delivered,
		.on_part_delivered = fate_on_part_delivered,
		.on_unplaced = fate_on_unplaced,
		.is_overdue = fate_is_overdue,
		.on_bad = fate_on_bad,
		.write_accounts = fate_write_accounts,
		.on_behind = on_behind,
		.arg = &w->fate,
	};
}

static struct spill_in_config spill_in_config(struct worker *w, enum spill_size size)
{
	const struct node_config *c = w->shared->config;

	return (struct spill_in_config){
		.base = w->base,
		.link = w->store[size],
		.is_alone = size == SPILL_LARGE,
		.metrics = &w->metrics,
		.node_id = c->node_id,
		.worker = w->name,
		.after_us = c->spill_after_ms * US_PER_MS,
		.max_bytes = c->spill_max_bytes,
		.min_replicas = (unsigned)c->spill_min_replicas,
		/* a packet that was refused and is stored all the same comes twice */
		.timeout_us = STORE_PATIENCE * c->redis_timeout_ms * US_PER_MS,
		.can_place = fate_can_place,
		.on_again = fate_on_again,
		.on_stored = fate_on_stored,
		.on_refused = fate_on_refused,
		.arg = &w->fate,
	};
}

static struct spill_hold_config spill_hold_config(struct worker *w, enum spill_size size)
{
	const struct node_config *c = w->shared->config;

	return (struct spill_hold_config){
		.base = w->base,
		.link = w->store[size],
		.is_alone = size == SPILL_LARGE,
		.metrics = &w->metrics,
		.out = &w->spill_out,
		.node_id = c->node_id,
		.worker = w->name,
		.after_us = c->spill_max_bytes ? c->ack_within_ms * US_PER_MS : 0,
		.max_bytes = c->spill_max_bytes,
		.min_replicas = (unsigned)c->spill_min_replicas,
		.copy_us = STORE_PATIENCE * c->redis_timeout_ms * US_PER_MS / 2,
		.on_held = fate_on_held,
		.arg = &w->fate,
	};
}

static void on_store_up(void *arg, bool up)
{
	struct worker *w = arg;

	metrics_set(&w->metrics, M_SPILL_REDIS_UP, 0, up);
}

/* One more connection; its name is borrowed. NULL: out of memory. */
static struct link *new_store(struct worker *w, const char *name, bool is_told)
{
	struct link_config link = { .base = w->base,
				    .url = w->shared->store,
				    .scripts = registry_scripts(w->shared->store_keys),
				    .name = name,
				    .stall_ms = STORE_STALL_MS,
				    .on_up = is_told ? on_store_up : NULL,
				    .arg = w };

	return link_new(&link);
}

/* Connections of their own: large packets hold up neither the calls of the router nor small ones. */
static int init_links(struct worker *w)
{
	static const char *const names[] = { "store", "store-large", "fetch" };

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		snprintf(w->store_names[i], sizeof(w->store_names[i]), "%s/%s", w->name, names[i]);
	for (enum spill_size size = 0; size < SPILL_SIZES; size++) {
		w->store[size] = new_store(w, w->store_names[size], size == SPILL_SMALL);
		if (!w->store[size])
			return -ENOMEM;
	}
	w->fetch = new_store(w, w->store_names[SPILL_SIZES], false);
	return w->fetch ? 0 : -ENOMEM;
}

static int init_dead_letters(struct worker *w)
{
	const struct node_config *c = w->shared->config;
	struct dead_letters_config config = {
		.base = w->base,
		.link = { w->store[SPILL_SMALL], w->store[SPILL_LARGE] },
		.node_id = c->node_id,
		.worker = w->name,
		.timeout_us = STORE_PATIENCE * c->redis_timeout_ms * US_PER_MS,
		.on_end = fate_on_buried,
		.arg = &w->fate,
	};

	return dead_letters_init(&w->dead_letters, &config);
}

static int init_store(struct worker *w)
{
	struct spill_out_config out = { .metrics = &w->metrics,
					.memory = &w->memory,
					.keys = w->shared->store_keys,
					.worker = w->name,
					.has_room = fate_has_room,
					.on_packet = fate_on_packet_from_spill,
					.arg = &w->fate };
	int r = init_links(w);

	if (r != 0)
		return r;
	out.link = w->store[SPILL_SMALL];
	out.bulk = w->fetch;
	spill_out_init(&w->spill_out, &out);
	for (enum spill_size size = 0; size < SPILL_SIZES && r == 0; size++) {
		struct spill_hold_config hold = spill_hold_config(w, size);
		struct spill_in_config in = spill_in_config(w, size);

		r = spill_hold_init(&w->spill_hold[size], &hold);
		if (r == 0)
			r = spill_in_init(&w->spill_in[size], &in);
	}
	return r == 0 ? init_dead_letters(w) : r;
}

/* There is nothing to do: the loop turns, which tells that it lives. */
static void on_turn_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static int init_events(struct worker *w)
{
	struct timeval turn = clock_timeval(HEALTH_TURN_US);

	w->phase_timer = event_new(w->base, -1, EV_PERSIST, on_phase_timer, w);
	w->turn_timer = event_new(w->base, -1, EV_PERSIST, on_turn_timer, w);
	w->mail_event = event_new(w->base, w->mail_fd, EV_READ | EV_PERSIST, on_mail, w);
	if (!w->phase_timer || !w->turn_timer || !w->mail_event)
		return -ENOMEM;
	return event_add(w->mail_event, NULL) == 0 && event_add(w->turn_timer, &turn) == 0
		       ? 0
		       : -ENOMEM;
}

static int init_fate(struct worker *w)
{
	return fate_init(&w->fate, &(struct fate_config){ .base = w->base,
							  .shared = w->shared,
							  .worker = w->name,
							  .metrics = &w->metrics,
							  .memory = &w->memory,
							  .connections = &w->ingest.shared,
							  .router = &w->router,
							  .spill_hold = w->spill_hold,
							  .spill_in = w->spill_in,
							  .spill_out = &w->spill_out,
							  .dead_letters = &w->dead_letters });
}

/* What deliveries say of where they come from, and what is looked for in those that come. */
static void init_origin(struct worker *w)
{
	const struct node_config *c = w->shared->config;
	const char *mark = w->shared->identity.mark;

	w->loops = (struct loops){ .pool = c->pool, .node_id = c->node_id, .mark = mark };
	snprintf(w->pool_mark, sizeof(w->pool_mark), "%s/%s", c->pool, mark);
	batch_origin_lines(c->node_id, w->pool_mark, w->origin_lines);
	assert(w->origin_lines[0]);
}

int worker_init(struct worker *w, struct node_shared *shared, unsigned index, int listen_fd,
		int tls_fd)
{
	struct conn_config ingest;
	struct router_config router;
	int r;

	assert(index < (unsigned)shared->config->workers);
	*w = (struct worker){ .shared = shared, .index = index };
	memory_init(&w->memory, &shared->memory);
	node_shared_worker_name(shared, index, w->name);
	assert(index < NODE_WORKERS_MOST);
	shared->refused[index] = &w->refused;
	init_origin(w);
	w->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->base = event_base_new();
	if (!w->base || w->mail_fd < 0 || metrics_shard_init(&w->metrics, shared->metrics) != 0) {
		close(listen_fd);
		if (tls_fd >= 0)
			close(tls_fd);
		return -ENOMEM;
	}
	ingest = ingest_config(w);
	r = ingest_init(&w->ingest, &ingest, listen_fd, tls_fd);
	w->sender = sender_new(w->base, shared->allow);
	if (w->sender)
		sender_set_tls(w->sender, shared->tls.contexts[NODE_TLS_DELIVER]);
	if (r == 0)
		r = w->sender ? init_events(w) : -ENOMEM;
	if (r == 0)
		r = init_store(w);
	if (r == 0)
		r = init_fate(w);
	router = router_config(w);
	return r == 0 ? router_init(&w->router, &router) : r;
}

int worker_listen(struct worker *w, const int fds[LISTEN_PORTS])
{
	struct listen_config config = listen_config(w, fds);

	return listen_init(&w->listen, &config);
}

static void close_all(struct worker *w)
{
	w->phase = WORKER_DONE;
	end_packets(w);
	router_deinit(&w->router);
	w->is_closed = true;
}

static void turn_spill(struct worker *w, uint64_t now_us)
{
	for (enum spill_size size = 0; size < SPILL_SIZES; size++) {
		spill_in_turn(&w->spill_in[size]);
		spill_hold_turn(&w->spill_hold[size], now_us);
	}
	dead_letters_turn(&w->dead_letters, now_us);
	spill_out_turn(&w->spill_out, now_us);
}

/* libevent turns the loop once; then everything that this turn gathered goes out together. */
static void turn(struct worker *w)
{
	uint64_t now_us = clock_mono_us();

	health_turn(&w->shared->health, w->index, now_us, true);
	if (w->is_empty) {
		router_turn(&w->router);
		return;
	}
	w->ingest.shared.now_us = now_us;
	turn_spill(w, now_us);
	router_turn(&w->router);
	listen_turn(&w->listen);
	ingest_flush(&w->ingest);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	pthread_setname_np(pthread_self(), "worker");
	while (w->phase != WORKER_DONE && event_base_loop(w->base, EVLOOP_ONCE) == 0)
		turn(w);
	health_turn(&w->shared->health, w->index, 0, false);
	close_all(w);
	return NULL;
}

int worker_start(struct worker *w)
{
	return -pthread_create(&w->thread, NULL, run, w);
}

void worker_join(struct worker *w)
{
	pthread_join(w->thread, NULL);
}

void worker_deinit(struct worker *w)
{
	if (!w->is_closed)
		close_all(w);
	fate_deinit(&w->fate);
	event_free(w->phase_timer);
	event_free(w->turn_timer);
	event_free(w->mail_event);
	event_base_free(w->base);
	close(w->mail_fd);
	roster_unref(atomic_load(&w->mail));
	loops_deinit(&w->loops);
	metrics_shard_deinit(&w->metrics);
}

void worker_wake(struct worker *w)
{
	if (eventfd_write(w->mail_fd, 1) != 0)
		log_debug("worker", "already woken", "worker=%s", w->name);
}

void worker_send_roster(struct worker *w, struct roster *roster)
{
	roster_unref(atomic_exchange_explicit(&w->mail, roster_ref(roster), memory_order_acq_rel));
	worker_wake(w);
}

void worker_set_phase(struct worker *w, enum worker_phase wanted)
{
	atomic_store_explicit(&w->wanted, wanted, memory_order_release);
	worker_wake(w);
}
