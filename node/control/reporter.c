#include "node/control/reporter.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "node/control/checks.h"
#include "node/control/node_refusals.h"
#include "node/deliver/batch.h"
#include "node/deliver/breaker.h"
#include "node/http/refusal.h"
#include "node/node_metrics.h"

#define FADE_S 10.0
#define N_TIMES (METRICS_N_BUCKETS + 1)
#define REFUSING_MS 5000 /* a pause of so long in refusals ends them */
#define ERRS_LEAST 0.05  /* of the deliveries to an analyzer: it is in trouble */
#define LEAST 0.05       /* of a delivery: what has faded so far is left out */

/* A total that is also known by how much it grew of late. */
struct rate {
	uint64_t total;
	double recent; /* fades */
};

struct lane_times {
	struct rate of[N_TIMES], failed;
};

/* What agents are refused for a reason. */
struct refusing {
	struct rate rate;
	uint64_t since_ms, last_ms; /* wall clock: of a stretch without a pause */
};

struct reporter {
	struct node_shared *shared;
	const struct metrics_shard *const *shards; /* of the workers, in their order */
	unsigned n_shards;
	uint64_t started_us, last_us;
	struct rate packets, messages;
	struct rate ack[N_TIMES]; /* agents' packets answered 202, by how long that took */
	double seconds;           /* that rates are of; fades as they do */
	struct lane_times *lanes; /* by slot */
	unsigned n_lanes;
	struct checks checks;
	struct refusing refusing[REFUSALS];
	uint64_t epoch; /* of the roster at the last report */
};

struct reporter *reporter_new(struct node_shared *shared, const struct metrics_shard *const *shards,
			      unsigned n_shards, uint64_t now_us)
{
	struct reporter *r = calloc(1, sizeof(*r));

	if (r)
		*r = (struct reporter){ .shared = shared,
					.shards = shards,
					.n_shards = n_shards,
					.started_us = now_us,
					.last_us = now_us };
	return r;
}

void reporter_free(struct reporter *r)
{
	if (r) {
		free(r->lanes);
		checks_deinit(&r->checks);
	}
	free(r);
}

static uint64_t sum(const struct reporter *r, enum node_metric family, unsigned index)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < r->n_shards; i++)
		n += metrics_get(r->shards[i], family, index);
	return n;
}

static void rate_hear(struct rate *rate, uint64_t total, double fade)
{
	rate->recent = rate->recent * fade + (double)(total - rate->total);
	rate->total = total;
}

static double per_second(const struct reporter *r, const struct rate *rate)
{
	return r->seconds > 0 ? round(rate->recent / r->seconds * 10) / 10 : 0;
}

static cJSON *refused_json(const struct reporter *r)
{
	cJSON *json = cJSON_CreateObject();

	for (unsigned i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
		uint64_t n = sum(r, M_REFUSED, i);

		if (n)
			cJSON_AddNumberToObject(json, refusal_info((enum refusal)i)->name,
						(double)n);
	}
	return json;
}

static void hear_refusals(struct reporter *r, double fade, uint64_t now_ms)
{
	for (unsigned i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
		struct refusing *refusing = &r->refusing[i];
		uint64_t before = refusing->rate.total, total = sum(r, M_REFUSED, i);

		rate_hear(&refusing->rate, total, fade);
		if (refusing->since_ms && now_ms > refusing->last_ms + REFUSING_MS)
			refusing->since_ms = 0;
		if (total == before)
			continue;
		refusing->last_ms = now_ms;
		if (!refusing->since_ms)
			refusing->since_ms = now_ms;
	}
}

uint64_t reporter_refusing_since(const struct reporter *r, enum refusal refusal)
{
	assert(refusal < REFUSALS);
	return r->refusing[refusal].since_ms;
}

static void add_refusing(const struct reporter *r, cJSON *json)
{
	cJSON *reasons = cJSON_AddObjectToObject(json, "refusing");

	for (unsigned i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
		const struct http_refusal_info *info = refusal_info((enum refusal)i);
		cJSON *reason;

		if (!r->refusing[i].since_ms)
			continue;
		reason = cJSON_AddObjectToObject(reasons, info->name);
		cJSON_AddNumberToObject(reason, "status", info->status);
		cJSON_AddNumberToObject(reason, "per_s", per_second(r, &r->refusing[i].rate));
		cJSON_AddNumberToObject(reason, "since_ms", (double)r->refusing[i].since_ms);
	}
}

/* ---- times ---- */

/* What fell into each bucket of a histogram, over all workers. */
static void hear_histogram(struct reporter *r, enum node_metric family, unsigned index,
			   struct rate rates[N_TIMES], double fade)
{
	uint64_t totals[N_TIMES] = { 0 }, counts[N_TIMES];

	for (unsigned i = 0; i < r->n_shards; i++) {
		metrics_read_histogram(r->shards[i], family, index, counts);
		for (unsigned k = 0; k < N_TIMES; k++)
			totals[k] += counts[k];
	}
	for (unsigned k = 0; k < N_TIMES; k++)
		rate_hear(&rates[k], totals[k], fade);
}

static void write_times(const struct rate rates[N_TIMES], struct buf *out)
{
	for (unsigned k = 0; k < N_TIMES; k++)
		if (rates[k].recent >= LEAST)
			buf_printf(out, " %u:%.1f", k, rates[k].recent);
}

static void add_ack(const struct reporter *r, cJSON *json)
{
	struct buf text CLEANUP(buf_deinit) = { 0 };

	write_times(r->ack, &text);
	cJSON_AddStringToObject(json, "ack", buf_str(&text));
}

/* ---- lanes ---- */

static int make_room(struct reporter *r, unsigned n_lanes)
{
	struct lane_times *lanes;

	if (n_lanes <= r->n_lanes)
		return 0;
	lanes = realloc(r->lanes, n_lanes * sizeof(*lanes));
	if (!lanes)
		return -ENOMEM;
	r->lanes = lanes;
	while (r->n_lanes < n_lanes)
		lanes[r->n_lanes++] = (struct lane_times){ 0 };
	return 0;
}

/* A packet that is refused as bad is no failure of the analyzer. */
static uint64_t n_failed(const struct reporter *r, unsigned slot)
{
	uint64_t n = 0;

	static_assert(OUTCOME_OK == 0 && OUTCOME_BAD == 1, "all others are failures");
	for (unsigned i = 0; i < r->n_shards; i++)
		for (unsigned k = OUTCOME_BAD + 1; k < DELIVERY_OUTCOMES; k++)
			n += metrics_get(r->shards[i], M_BATCHES_FAILED,
					 metrics_pair(r->shards[i], M_BATCHES_FAILED, slot, k));
	return n;
}

static void hear_times(struct reporter *r, unsigned slot, double fade)
{
	assert(slot < r->n_lanes);
	hear_histogram(r, M_DELIVERY_TIME, slot, r->lanes[slot].of, fade);
	rate_hear(&r->lanes[slot].failed, n_failed(r, slot), fade);
}

static bool has_times(const struct lane_times *times)
{
	for (unsigned k = 0; k < N_TIMES; k++)
		if (times->of[k].recent >= LEAST)
			return true;
	return false;
}

static void add_lane(const struct reporter *r, const struct analyzer *a, cJSON *lanes)
{
	unsigned queued = (unsigned)sum(r, M_QUEUED_PACKETS, a->slot);
	unsigned flying = (unsigned)sum(r, M_FLYING_BATCHES, a->slot);
	unsigned paused = (unsigned)sum(r, M_PAUSED, a->slot);
	const struct lane_times *times = &r->lanes[a->slot];
	struct buf text CLEANUP(buf_deinit) = { 0 };

	if (!queued && !flying && !paused && !has_times(times))
		return;
	buf_printf(&text, "%u %u %u", queued, flying, paused);
	write_times(times->of, &text);
	if (times->failed.recent >= LEAST)
		buf_printf(&text, " failed:%.1f", times->failed.recent);
	cJSON_AddStringToObject(lanes, a->id, buf_str(&text));
}

/* ---- breakers ---- */

static enum breaker_state breaker_state(const struct metrics_shard *m, unsigned slot)
{
	static_assert(BREAKER_CLOSED == 0 && BREAKER_OPEN == 1, "what is not closed comes behind");
	for (unsigned state = BREAKER_OPEN; state < BREAKER_STATES; state++)
		if (metrics_get(m, M_BREAKERS, metrics_pair(m, M_BREAKERS, slot, state)))
			return (enum breaker_state)state;
	return BREAKER_CLOSED;
}

static void add_trouble(const struct reporter *r, unsigned worker, const struct analyzer *a,
			cJSON *list)
{
	const struct metrics_shard *m = r->shards[worker];
	enum breaker_state state = breaker_state(m, a->slot);
	uint64_t failures = metrics_get(m, M_BREAKER_FAILURES, a->slot);
	bool is_slow = metrics_get(m, M_SLOW, a->slot);
	uint64_t retry_ms = metrics_get(m, M_BREAKER_RETRY, a->slot);
	uint64_t now_ms = clock_wall_us() / US_PER_MS;
	char name[WORKER_NAME_SIZE];
	cJSON *json;

	if (state == BREAKER_CLOSED && !failures && !is_slow)
		return;
	node_shared_worker_name(r->shared, worker, name);
	json = cJSON_CreateObject();
	cJSON_AddItemToArray(list, json);
	cJSON_AddStringToObject(json, "analyzer", a->id);
	cJSON_AddStringToObject(json, "worker", name);
	cJSON_AddStringToObject(json, "state",
				state == BREAKER_CLOSED && is_slow ? "slow"
								   : breaker_state_names[state]);
	cJSON_AddNumberToObject(json, "left_ms",
				retry_ms > now_ms ? (double)(retry_ms - now_ms) : 0);
	cJSON_AddNumberToObject(json, "failures", (double)failures);
}

/* ---- checks ---- */

static double error_ratio(const struct lane_times *times)
{
	double all = 0;

	for (unsigned k = 0; k < N_TIMES; k++)
		all += times->of[k].recent;
	return times->failed.recent >= 1 && all > 0 ? times->failed.recent / all : 0;
}

static bool is_probe_down(const struct reporter *r, unsigned slot)
{
	return atomic_load_explicit(&r->shared->probe_down[slot / 64], memory_order_relaxed) >>
		       (slot % 64) &
	       1;
}

static void add_check(struct reporter *r, const struct analyzer *a, double elapsed_s,
		      uint64_t now_ms, cJSON *checks)
{
	struct check_look look = { .elapsed_s = elapsed_s, .now_ms = now_ms };
	unsigned n_cut = 0, n_slow = (unsigned)sum(r, M_SLOW, a->slot);
	struct failure failure;

	for (unsigned i = 0; i < r->n_shards; i++)
		n_cut += breaker_state(r->shards[i], a->slot) != BREAKER_CLOSED;
	look.is_down = is_probe_down(r, a->slot) || n_cut == r->n_shards;
	look.is_bad =
		look.is_down || n_cut || n_slow || error_ratio(&r->lanes[a->slot]) >= ERRS_LEAST;
	if (checks_hear(&r->checks, a, &look))
		failures_forget(&r->shared->failures, a->slot);
	failure = failures_of(&r->shared->failures, a->slot);
	checks_write(&r->checks, a, &failure,
		     atomic_load_explicit(&r->shared->failures.checked_ms[a->slot],
					  memory_order_relaxed),
		     checks);
}

/* ---- all of it ---- */

static void add_lanes(struct reporter *r, const struct roster *roster, double fade,
		      double elapsed_s, cJSON *json)
{
	uint64_t now_ms = clock_wall_us() / US_PER_MS;
	cJSON *checks = cJSON_AddObjectToObject(json, "checks");
	cJSON *lanes = cJSON_AddObjectToObject(json, "lanes");
	cJSON *trouble = cJSON_AddArrayToObject(json, "trouble");

	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];

		if (make_room(r, a->slot + 1) != 0)
			return;
		hear_times(r, a->slot, fade);
		add_lane(r, a, lanes);
		add_check(r, a, elapsed_s, now_ms, checks);
		for (unsigned k = 0; k < r->n_shards; k++)
			add_trouble(r, k, a, trouble);
	}
}

static void add_self(const struct reporter *r, uint64_t round_trip_us, uint64_t now_us, cJSON *json)
{
	cJSON *redis, *refusals;

	cJSON_AddStringToObject(json, "version", WEIR_VERSION);
	cJSON_AddNumberToObject(json, "uptime_s", (double)((now_us - r->started_us) / US_PER_S));
	cJSON_AddNumberToObject(json, "workers", r->n_shards);
	cJSON_AddNumberToObject(json, "connections", (double)sum(r, M_CONNECTIONS, 0));
	cJSON_AddNumberToObject(json, "packets_per_s", per_second(r, &r->packets));
	cJSON_AddNumberToObject(json, "messages_per_s", per_second(r, &r->messages));
	redis = cJSON_AddObjectToObject(json, "redis");
	cJSON_AddNumberToObject(redis, "up_workers", (double)sum(r, M_REDIS_UP, 0));
	cJSON_AddNumberToObject(redis, "round_trip_ms", (double)round_trip_us / US_PER_MS);
	cJSON_AddNumberToObject(json, "held_bytes", (double)sum(r, M_HELD_BYTES, 0));
	cJSON_AddNumberToObject(json, "held_max_bytes", (double)r->shared->memory_bytes);
	cJSON_AddNumberToObject(json, "memory_max_bytes", (double)r->shared->config->memory_max);
	cJSON_AddNumberToObject(json, "spill_max_bytes",
				(double)r->shared->config->spill_max_bytes);
	cJSON_AddItemToObject(json, "refused", refused_json(r));
	refusals = node_refusals_json(r->shared, now_us);
	if (refusals && refusals->child)
		cJSON_AddItemToObject(json, "refusals", refusals);
	else
		cJSON_Delete(refusals);
}

void reporter_write(struct reporter *r, const struct roster *roster, uint64_t round_trip_us,
		    uint64_t now_us, struct buf *out)
{
	double elapsed_s = (double)(now_us - r->last_us) / US_PER_S,
	       fade = exp(-elapsed_s / FADE_S);
	cJSON *json = cJSON_CreateObject();
	char *text;

	assert(now_us >= r->last_us);
	r->last_us = now_us;
	r->seconds = r->seconds * fade + elapsed_s;
	rate_hear(&r->packets, sum(r, M_RECEIVED_PACKETS, 0), fade);
	rate_hear(&r->messages, sum(r, M_RECEIVED_MESSAGES, 0), fade);
	hear_histogram(r, M_ACK_TIME, 0, r->ack, fade);
	hear_refusals(r, fade, clock_wall_us() / US_PER_MS);
	add_self(r, round_trip_us, now_us, json);
	cJSON_AddNumberToObject(json, "epoch", (double)r->epoch);
	r->epoch = roster->epoch;
	add_ack(r, json);
	add_refusing(r, json);
	add_lanes(r, roster, fade, elapsed_s, json);
	text = cJSON_PrintUnformatted(json);
	cJSON_Delete(json);
	if (text)
		buf_append_str(out, text);
	else
		out->failed = true;
	cJSON_free(text);
}
