#include "bench/swarm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/deviation.h"
#include "common/clock.h"
#include "common/rng.h"
#include "node/node_metrics.h"
#include "node/route/router.h"

#define PASS_US 500         /* workers are looked at so often */
#define SAMPLE_US 2000      /* and deviations */
#define LATE_MAX_US 200000  /* what is later is dropped: this process cannot keep up */
#define REFRESH_US 100000   /* a new roster is asked for at most so often */
#define CONNECTING 20       /* workers that connect at the same time */
#define CONNECT_US 30000000 /* for one of them to be connected */
#define CATCHUP_MAX 10000   /* the defaults of weir-node */
#define EXACT_MESSAGES 64
#define REDIS_TIMEOUT_US 100000

struct worker {
	struct router router;
	char name[32];
	double due_us; /* of its next packet */
};

struct swarm {
	struct swarm_config config;
	struct event_base *base;
	struct metrics *metrics;
	struct metrics_shard shard; /* of all workers: they are on one thread */
	struct worker *workers;
	unsigned n_started;
	struct rng rng;
	struct packet_queue spare;
	struct event *pass_timer;
	bool pass_is_due;
	bool is_stale; /* some worker wants a newer roster */
	uint64_t refreshed_us, sampled_us;
	struct deviation deviation;
	double largest, late_us;
};

/* ---- packets ---- */

static void on_delivered(void *arg, struct packet *p, const char *analyzer)
{
	struct swarm *s = arg;

	(void)analyzer;
	deviation_count(&s->deviation, p->slot, p->n_messages);
	packet_queue_push(&s->spare, p);
}

static void on_unplaced(void *arg, struct packet *p)
{
	struct swarm *s = arg;

	packet_queue_push(&s->spare, p);
}

static void on_bad(void *arg, struct packet *p, const char *analyzer, int status)
{
	(void)analyzer;
	(void)status;
	on_unplaced(arg, p);
}

/* As a node has them, so that Redis has as much to do. */
static void write_accounts(void *arg, struct buf *out)
{
	struct swarm *s = arg;
	struct accounts accounts = { 0 };

	accounts.of[ACCOUNT_RECEIVED] = accounts.of[ACCOUNT_DELIVERED] =
		(struct amount){ s->deviation.packets, s->deviation.messages };
	accounts_encode(&accounts, out);
}

static void on_behind(void *arg)
{
	struct swarm *s = arg;

	s->is_stale = true;
}

static double draw_gap_us(struct swarm *s)
{
	return -log(1 - rng_unit(&s->rng)) * (double)US_PER_S / s->config.rate;
}

static int submit(struct swarm *s, struct worker *w, uint64_t now)
{
	struct packet *p = packet_queue_pop(&s->spare);

	if (!p)
		p = packet_new(0);
	if (!p)
		return -ENOMEM;
	p->received_us = now;
	p->n_messages = sizes_draw(&s->config.sizes, &s->rng);
	s->largest = fmax(s->largest, p->n_messages);
	router_submit(&w->router, p);
	return 0;
}

static int turn(struct swarm *s, struct worker *w, uint64_t now)
{
	int r = 0;

	s->late_us = fmax(s->late_us, (double)now - w->due_us);
	if ((double)now - w->due_us > LATE_MAX_US)
		w->due_us = (double)(now - LATE_MAX_US);
	while (r == 0 && w->due_us <= (double)now) {
		r = submit(s, w, now);
		w->due_us += draw_gap_us(s);
	}
	router_turn(&w->router);
	return r;
}

/* ---- figures ---- */

static void count_workers(const struct swarm *s, struct swarm_figures *f)
{
	for (unsigned i = 0; i < s->config.n_workers; i++) {
		const struct router *r = &s->workers[i].router;

		f->n_leased += r->mode == ROUTER_LEASED;
		f->n_exact += r->mode == ROUTER_EXACT;
		f->n_away += r->mode == ROUTER_AWAY;
		f->window_ms += (double)r->window.length_us / 1e3 / s->config.n_workers;
		f->window_least_ms = fmax(f->window_least_ms, (double)r->window.min_us / 1e3);
	}
}

/* All that only grows, so far. */
static int look(struct swarm *s, struct swarm_figures *f)
{
	*f = (struct swarm_figures){
		.seconds = (double)clock_mono_us() / 1e6,
		.packets = s->deviation.packets,
		.messages = s->deviation.messages,
		.route_calls = (double)metrics_get(&s->shard, M_REDIS_CALLS, 0),
		.settle_calls = (double)metrics_get(&s->shard, M_REDIS_CALLS, 1),
		.packets_without_redis = (double)metrics_get(&s->shard, M_LOCAL_PACKETS, 0),
	};
	return bench_pool_usage(s->config.pool, &f->redis);
}

static void subtract(struct swarm_figures *f, const struct swarm_figures *before)
{
	f->seconds -= before->seconds;
	f->packets -= before->packets;
	f->messages -= before->messages;
	f->route_calls -= before->route_calls;
	f->settle_calls -= before->settle_calls;
	f->packets_without_redis -= before->packets_without_redis;
	f->redis.calls -= before->redis.calls;
	f->redis.script_us -= before->redis.script_us;
	f->redis.cpu_us -= before->redis.cpu_us;
}

/* ---- life ---- */

static int refresh(struct swarm *s, uint64_t now)
{
	int r;

	if (!s->is_stale || now - s->refreshed_us < REFRESH_US)
		return 0;
	s->refreshed_us = now;
	s->is_stale = false;
	r = bench_pool_refresh(s->config.pool);
	for (unsigned i = 0; r == 0 && i < s->config.n_workers; i++)
		router_set_roster(&s->workers[i].router, s->config.pool->roster);
	return r;
}

static int pass(struct swarm *s, uint64_t now)
{
	int r = refresh(s, now);

	for (unsigned i = 0; r == 0 && i < s->config.n_workers; i++)
		r = turn(s, &s->workers[i], now);
	if (now - s->sampled_us >= SAMPLE_US) {
		deviation_look(&s->deviation, s->config.pool->roster);
		s->sampled_us = now;
	}
	return r;
}

static void on_pass(evutil_socket_t fd, short what, void *arg)
{
	struct swarm *s = arg;

	(void)fd;
	(void)what;
	s->pass_is_due = true;
}

static int turn_loop(struct swarm *s)
{
	if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
		return -EIO;
	if (!s->pass_is_due)
		return 0;
	s->pass_is_due = false;
	return pass(s, clock_mono_us());
}

static int run_for(struct swarm *s, double seconds)
{
	uint64_t end = clock_mono_us() + (uint64_t)(seconds * 1e6);
	int r = 0;

	while (r == 0 && clock_mono_us() < end)
		r = turn_loop(s);
	return r;
}

static int start_worker(struct swarm *s, unsigned i)
{
	struct worker *w = &s->workers[i];
	struct router_config config = { .base = s->base,
					.url = &s->config.pool->url,
					.keys = &s->config.pool->keys,
					.metrics = &s->shard,
					.node_id = w->name,
					.worker = w->name,
					.catchup_max_messages = CATCHUP_MAX,
					.exact_messages = EXACT_MESSAGES,
					.redis_timeout_us = REDIS_TIMEOUT_US,
					.on_delivered = on_delivered,
					.on_unplaced = on_unplaced,
					.on_bad = on_bad,
					.write_accounts = write_accounts,
					.on_behind = on_behind,
					.arg = s };
	int r;

	snprintf(w->name, sizeof(w->name), "n%u/0", i + 1);
	r = router_init(&w->router, &config);
	s->n_started++;
	if (r == 0)
		router_set_roster(&w->router, s->config.pool->roster);
	return r;
}

static unsigned count_up(const struct swarm *s)
{
	unsigned n_up = 0;

	for (unsigned i = 0; i < s->n_started; i++)
		n_up += settler_is_up(&s->workers[i].router.settler);
	return n_up;
}

/* Waits until all workers that were started are connected, but for n_missing. */
static int wait_connected(struct swarm *s, unsigned n_missing)
{
	uint64_t end = clock_mono_us() + CONNECT_US;

	while (count_up(s) + n_missing < s->n_started) {
		if (clock_mono_us() > end)
			return -ETIMEDOUT;
		if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
			return -EIO;
	}
	return 0;
}

/* Not all at once, as no cluster starts. Nobody gets a packet before all are connected, as no node
 * is ready before it is. */
static int start_workers(struct swarm *s)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < s->config.n_workers; i++) {
		r = start_worker(s, i);
		if (r == 0)
			r = wait_connected(s, CONNECTING);
	}
	if (r == 0)
		r = wait_connected(s, 0);
	for (unsigned i = 0; i < s->n_started; i++)
		s->workers[i].due_us = (double)clock_mono_us() + draw_gap_us(s);
	return r;
}

static int start(struct swarm *s)
{
	struct timeval tv = clock_timeval(PASS_US);
	int r;

	packet_queue_init(&s->spare);
	rng_init(&s->rng, 7);
	s->base = event_base_new();
	s->metrics = node_metrics_new();
	s->workers = calloc(s->config.n_workers, sizeof(*s->workers));
	if (!s->base || !s->metrics || !s->workers)
		return -ENOMEM;
	s->pass_timer = event_new(s->base, -1, EV_PERSIST, on_pass, s);
	if (!s->pass_timer || event_add(s->pass_timer, &tv) != 0)
		return -ENOMEM;
	r = metrics_shard_init(&s->shard, s->metrics);
	return r == 0 ? start_workers(s) : r;
}

static void stop(struct swarm *s)
{
	struct packet *p;

	for (unsigned i = 0; i < s->n_started; i++) {
		router_end_deliveries(&s->workers[i].router);
		router_deinit(&s->workers[i].router);
	}
	while ((p = packet_queue_pop(&s->spare)))
		packet_free(p);
	if (s->pass_timer)
		event_free(s->pass_timer);
	metrics_shard_deinit(&s->shard);
	metrics_free(s->metrics);
	if (s->base)
		event_base_free(s->base);
	free(s->workers);
	free(s);
}

int swarm_run(const struct swarm_config *config, struct swarm_figures *figures)
{
	struct swarm *s = calloc(1, sizeof(*s));
	struct swarm_figures before;
	int r;

	if (!s)
		return -ENOMEM;
	s->config = *config;
	r = start(s);
	if (r == 0)
		r = run_for(s, config->warm_s);
	s->late_us = 0;
	deviation_forget(&s->deviation);
	if (r == 0)
		r = look(s, &before);
	if (r == 0)
		r = run_for(s, config->seconds);
	if (r == 0)
		r = look(s, figures);
	if (r == 0) {
		subtract(figures, &before);
		count_workers(s, figures);
		figures->worst = s->deviation.worst;
		figures->mean = deviation_mean(&s->deviation);
		figures->largest_packet = s->largest;
		figures->late_ms = s->late_us / 1e3;
	}
	stop(s);
	return r;
}
