#include "bench/settles.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/rng.h"
#include "node/route/ledger.h"
#include "registry/redis/link.h"
#include "registry/scripts.h"

#define N_WORKERS 32
#define N_ROUNDS 100
#define WINDOW_PACKETS 1000
#define ROUNDS_PER_COUNTS 5 /* windows of 100 ms; what was delivered is told every 500 ms */
#define STALL_MS 10000

struct worker {
	struct settles *settles;
	struct caller caller;
	struct ledger ledger;
};

struct settles {
	struct bench_pool *pool;
	struct event_base *base;
	struct link *link;
	unsigned n_waiting, n_failed;
	struct worker workers[N_WORKERS];
};

static void on_settled(void *arg, const redisReply *reply)
{
	struct worker *w = arg;
	struct settlement_answer answer;

	settle_answer(reply, &answer);
	w->settles->n_waiting--;
	if (answer.status == SETTLEMENT_OK)
		ledger_done(&w->ledger, &answer);
	else
		w->settles->n_failed++;
}

static int route_window(struct worker *w, const struct sizes *sizes, struct rng *rng)
{
	static bool reach[ROSTER_MAX_SLOTS];

	memset(reach, true, sizeof(reach));
	for (unsigned i = 0; i < WINDOW_PACKETS; i++)
		if (ledger_route(&w->ledger, sizes_draw(sizes, rng), reach) < 0)
			return -EINVAL;
	return 0;
}

static int send_settle(struct worker *w)
{
	struct settle_request request = { .deltas = w->ledger.sent,
					  .n_slots = w->ledger.n_slots,
					  .counts = w->caller.number % ROUNDS_PER_COUNTS == 0,
					  .expected_messages = 5 * WINDOW_PACKETS,
					  .unreachable = "",
					  .node_info = "",
					  .accounts = "" };
	struct buf scratch CLEANUP(buf_deinit) = { 0 };
	struct script_args args;
	int r;

	ledger_begin(&w->ledger, request.counts);
	w->caller.number++;
	settle_args(&args, &w->caller, &request, &scratch);
	if (scratch.failed)
		return -ENOMEM;
	r = link_call(w->settles->link, SCRIPT_SETTLE, &args, on_settled, w);
	w->settles->n_waiting += r == 0;
	return r == 0 ? 0 : -EIO;
}

static int run_round(struct settles *s, const struct sizes *sizes, struct rng *rng)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < N_WORKERS; i++)
		r = route_window(&s->workers[i], sizes, rng);
	for (unsigned i = 0; r == 0 && i < N_WORKERS; i++)
		r = send_settle(&s->workers[i]);
	while (s->n_waiting)
		if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
			return -EIO;
	return r != 0 ? r : s->n_failed ? -EPROTO : 0;
}

static void init_worker(struct settles *s, unsigned i)
{
	const struct roster *roster = s->pool->roster;
	struct worker *w = &s->workers[i];
	double share[ROSTER_MAX_SLOTS] = { 0 };

	*w = (struct worker){ .settles = s };
	w->caller = (struct caller){ .token = "bench",
				     .epoch = roster->epoch,
				     .lease_ms = 60000,
				     .catchup_max_messages = 1e9 };
	snprintf(w->caller.worker, sizeof(w->caller.worker), "n%u/0", i + 1);
	ledger_init(&w->ledger, 1e12);
	for (unsigned k = 0; k < roster->n_analyzers; k++)
		share[roster->analyzers[k].slot] = roster->analyzers[k].share;
	ledger_set_shares(&w->ledger, roster->n_slots, share, NULL);
}

static int run_rounds(struct settles *s, const struct sizes *sizes, double *usp)
{
	struct redis_usage before, after;
	struct rng rng;
	int r = bench_pool_usage(s->pool, &before);

	rng_init(&rng, 7);
	for (unsigned i = 0; r == 0 && i < N_ROUNDS; i++)
		r = run_round(s, sizes, &rng);
	if (r == 0)
		r = bench_pool_usage(s->pool, &after);
	if (r == 0)
		*usp = (after.script_us - before.script_us) / (N_ROUNDS * N_WORKERS);
	return r;
}

static int connect_link(struct settles *s)
{
	struct link_config config = { .base = s->base,
				      .url = &s->pool->url,
				      .scripts = registry_scripts(&s->pool->keys),
				      .name = "bench",
				      .stall_ms = STALL_MS };
	uint64_t end = clock_mono_us() + STALL_MS * US_PER_MS;

	s->link = link_new(&config);
	if (!s->link)
		return -ENOMEM;
	while (!link_is_up(s->link) && clock_mono_us() < end)
		if (event_base_loop(s->base, EVLOOP_ONCE) < 0)
			return -EIO;
	return link_is_up(s->link) ? 0 : -ETIMEDOUT;
}

int settles_run(struct bench_pool *pool, const struct sizes *sizes, double *usp)
{
	struct settles *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->pool = pool;
	for (unsigned i = 0; i < N_WORKERS; i++)
		init_worker(s, i);
	s->base = event_base_new();
	r = s->base ? connect_link(s) : -ENOMEM;
	if (r == 0)
		r = run_rounds(s, sizes, usp);
	link_free(s->link);
	if (s->base)
		event_base_free(s->base);
	free(s);
	return r;
}
