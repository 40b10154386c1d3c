#include "node/worker.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/dead_letter.h"
#include "node/node_metrics.h"

#define PARK_US 100000
#define PHASE_US 10000
#define LEAVE_US 1000000 /* for the last settle */

/* ---- fates ---- */

static void release(struct worker *w, struct packet *p)
{
	ingest_release(&w->ingest, p->capacity);
	packet_free(p);
}

/* Workers share this word: it is written when it changes, and not for every packet. */
static void forget_unplaced(struct worker *w)
{
	_Atomic uint64_t *unplaced_us = &w->shared->health.unplaced_us;

	if (atomic_load_explicit(unplaced_us, memory_order_relaxed) != 0)
		atomic_store_explicit(unplaced_us, 0, memory_order_relaxed);
}

static void on_delivered(void *arg, struct packet *p, const char *analyzer)
{
	struct worker *w = arg;

	metrics_observe(&w->metrics, M_PACKET_TIME, clock_mono_us() - p->received_us);
	if (p->exchange)
		ingest_accept_packet(&w->ingest, p->exchange, p->n_messages, analyzer);
	forget_unplaced(w);
	release(w, p);
}

/* Whoever waits is told to come again; what was acknowledged already waits for better times. */
static void on_unplaced(void *arg, struct packet *p)
{
	struct worker *w = arg;

	if (p->exchange) {
		atomic_store_explicit(&w->shared->health.unplaced_us, clock_mono_us(),
				      memory_order_relaxed);
		ingest_refuse_packet(&w->ingest, p->exchange,
				     w->phase >= WORKER_LEAVING ? REFUSAL_SHUTTING_DOWN
								: REFUSAL_NO_ANALYZER);
		release(w, p);
		return;
	}
	free(p->tried);
	p->tried = NULL;
	packet_queue_push(&w->parked, p);
	metrics_set(&w->metrics, M_PARKED_PACKETS, 0, w->parked.n_packets);
	if (!evtimer_pending(w->park_timer, NULL)) {
		struct timeval tv = clock_timeval(PARK_US);

		evtimer_add(w->park_timer, &tv);
	}
}

static void on_park_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	unsigned n = w->parked.n_packets;

	(void)fd;
	(void)what;
	while (n--)
		router_submit(&w->router, packet_queue_pop(&w->parked));
	metrics_set(&w->metrics, M_PARKED_PACKETS, 0, w->parked.n_packets);
}

static void on_buried(void *arg, struct packet *p, bool is_buried)
{
	struct worker *w = arg;

	if (!is_buried) {
		on_unplaced(w, p);
		return;
	}
	metrics_add(&w->metrics, M_DEAD_PACKETS, 0, 1);
	if (p->exchange)
		ingest_accept_packet(&w->ingest, p->exchange, p->n_messages, "");
	release(w, p);
}

static void on_bad(void *arg, struct packet *p, const char *analyzer, int status)
{
	struct worker *w = arg;

	log_warn("worker", "packet refused as bad", "analyzer", "%s", analyzer, "status", "%d",
		 status, "bytes", "%zu", p->len);
	dead_letter_bury(w->router.settler.link, w->shared->config->node_id, p, analyzer, status,
			 on_buried, w);
}

static void on_packet(void *arg, struct packet *p)
{
	struct worker *w = arg;

	if (w->shared->config->ack == ACK_RECEIVED && router_can_place(&w->router)) {
		ingest_accept_packet(&w->ingest, p->exchange, p->n_messages, "");
		p->exchange = NULL;
	}
	router_submit(&w->router, p);
}

static void on_behind(void *arg)
{
	struct worker *w = arg;

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
	roster_unref(roster);
}

static void take_probes(struct worker *w)
{
	uint64_t bits[PROBE_WORDS];

	for (unsigned i = 0; i < PROBE_WORDS; i++)
		bits[i] = atomic_load_explicit(&w->shared->probe_down[i], memory_order_relaxed);
	dispatch_set_probes(&w->router.dispatch, bits);
}

static void set_phase(struct worker *w, enum worker_phase phase)
{
	static const char *const names[] = { "serving", "draining", "finishing", "leaving",
					     "done" };
	struct timeval tv = clock_timeval(PHASE_US);

	if (phase <= w->phase)
		return;
	log_info("worker", "phase", "worker", "%s", w->name, "from", "%s", names[w->phase], "to",
		 "%s", names[phase]);
	w->phase = phase;
	if (phase >= WORKER_DRAINING)
		ingest_drain(&w->ingest);
	if (phase == WORKER_FINISHING) {
		ingest_stop_accepting(&w->ingest);
		w->leave_by_us = clock_mono_us() + w->shared->config->drain_timeout_ms * US_PER_MS;
		event_add(w->phase_timer, &tv);
	}
	if (phase == WORKER_LEAVING) {
		router_leave(&w->router);
		w->leave_by_us = clock_mono_us() + LEAVE_US;
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

static bool is_quiet(const struct worker *w)
{
	return router_n_packets(&w->router) == 0 && w->parked.n_packets == 0 &&
	       ingest_n_connections(&w->ingest) == 0;
}

/* Connections that do not end by themselves are cut at leave_by_us; packets come first. */
static void on_phase_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	uint64_t now = clock_mono_us();

	(void)fd;
	(void)what;
	if (w->phase == WORKER_FINISHING && (is_quiet(w) || now >= w->leave_by_us))
		set_phase(w, WORKER_LEAVING);
	else if (w->phase == WORKER_LEAVING &&
		 (router_has_left(&w->router) || now >= w->leave_by_us))
		set_phase(w, WORKER_DONE);
}

/* ---- life ---- */

/* A fair part of the node's, but room for one packet in any case. */
static uint64_t memory_of_worker(const struct node_config *c)
{
	uint64_t part = c->memory_max / (uint64_t)c->workers;

	return part > c->max_body ? part : c->max_body;
}

static struct ingest_config ingest_config(struct worker *w)
{
	const struct node_config *c = w->shared->config;

	return (struct ingest_config){
		.base = w->base,
		.limits = { .max_head_bytes = (uint32_t)c->max_header,
			    .max_body_bytes = c->max_body,
			    .max_connections = (unsigned)c->max_connections,
			    .idle_us = c->idle_timeout_ms * US_PER_MS,
			    .head_us = c->header_timeout_ms * US_PER_MS,
			    .body_us = c->body_timeout_ms * US_PER_MS,
			    .write_us = c->write_timeout_ms * US_PER_MS,
			    .max_age_us = c->max_connection_age_ms * US_PER_MS,
			    .memory_max_bytes = memory_of_worker(c) },
		.api = { .token = c->ingest_token, .health = &w->shared->health },
		.metrics = &w->metrics,
		.n_connections = &w->shared->n_connections,
		.on_packet = on_packet,
		.arg = w,
	};
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
		.lane = { .sender = w->sender,
			  .metrics = &w->metrics,
			  .node_id = c->node_id,
			  .connect_ms = (uint32_t)c->connect_timeout_ms,
			  .timeout_ms = (uint32_t)c->delivery_timeout_ms },
		.catchup_max_messages = c->catchup_max_messages,
		.exact_messages = (unsigned)c->exact_messages,
		.redis_timeout_us = c->redis_timeout_ms * US_PER_MS,
		.on_delivered = on_delivered,
		.on_unplaced = on_unplaced,
		.on_bad = on_bad,
		.on_behind = on_behind,
		.arg = w,
	};
}

int worker_init(struct worker *w, struct node_shared *shared, unsigned index, int listen_fd)
{
	struct ingest_config ingest;
	struct router_config router;
	int r;

	*w = (struct worker){ .shared = shared, .index = index, .ingest.listen_fd = -1 };
	packet_queue_init(&w->parked);
	snprintf(w->name, sizeof(w->name), "%s/%u", shared->config->node_id, index);
	w->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->base = event_base_new();
	if (!w->base || w->mail_fd < 0 || metrics_shard_init(&w->metrics, shared->metrics) != 0) {
		close(listen_fd);
		return -ENOMEM;
	}
	w->sender = sender_new(w->base);
	w->park_timer = evtimer_new(w->base, on_park_timer, w);
	w->phase_timer = event_new(w->base, -1, EV_PERSIST, on_phase_timer, w);
	w->mail_event = event_new(w->base, w->mail_fd, EV_READ | EV_PERSIST, on_mail, w);
	ingest = ingest_config(w);
	router = router_config(w);
	r = ingest_init(&w->ingest, &ingest, listen_fd);
	if (r != 0 || !w->sender || !w->park_timer || !w->phase_timer || !w->mail_event)
		return r != 0 ? r : -ENOMEM;
	if (event_add(w->mail_event, NULL) != 0)
		return -ENOMEM;
	return router_init(&w->router, &router);
}

/* Under ack=received, what is left was promised: say how much. */
static void lose_parked(struct worker *w)
{
	struct packet *p;

	if (w->parked.n_packets)
		log_error("worker", "acknowledged packets are lost", "worker", "%s", w->name,
			  "packets", "%u", w->parked.n_packets, "reason", "%s",
			  "the node ends and no analyzer takes them");
	metrics_add(&w->metrics, M_LOST_PACKETS, 0, w->parked.n_packets);
	while ((p = packet_queue_pop(&w->parked)))
		release(w, p);
}

/* Every packet that is left gets its fate, every client its answer. */
static void close_all(struct worker *w)
{
	w->phase = WORKER_DONE;
	sender_free(w->sender); /* its transfers end: their packets go back to the router */
	router_deinit(&w->router);
	lose_parked(w);
	ingest_flush(&w->ingest);
	ingest_deinit(&w->ingest);
	w->is_closed = true;
}

/* libevent turns the loop once; then everything that this turn gathered goes out together. */
static void *run(void *arg)
{
	struct worker *w = arg;

	while (w->phase != WORKER_DONE && event_base_loop(w->base, EVLOOP_ONCE) == 0) {
		w->ingest.now_us = clock_mono_us();
		router_turn(&w->router);
		sender_turn(w->sender);
		ingest_flush(&w->ingest);
	}
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
	event_free(w->park_timer);
	event_free(w->phase_timer);
	event_free(w->mail_event);
	event_base_free(w->base);
	close(w->mail_fd);
	roster_unref(atomic_load(&w->mail));
	metrics_shard_deinit(&w->metrics);
}

void worker_wake(struct worker *w)
{
	if (eventfd_write(w->mail_fd, 1) != 0)
		log_debug("worker", "already woken", "worker", "%s", w->name);
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
