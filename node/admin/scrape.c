#include "node/admin/scrape.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/http/token_book.h"
#include "common/log.h"
#include "common/process.h"
#include "node/node_metrics.h"
#include "node/watch/watch.h"
#include "registry/cluster.h"

/* The stored value of what a family's scale turns into `value`. */
static void set_scaled(struct metrics_shard *m, enum node_metric family, unsigned index,
		       double value, double per_unit)
{
	metrics_set(m, family, index, llround(value * per_unit));
}

static double total_routed(const struct roster *roster)
{
	double total = roster->gone_routed;

	for (unsigned i = 0; i < roster->n_analyzers; i++)
		total += roster->analyzers[i].routed;
	return total;
}

static void set_analyzer(struct metrics_shard *m, const struct roster *roster,
			 const struct analyzer *a, double total, int64_t age_ms)
{
	int64_t held_back_ms = a->held_back_ms - age_ms;

	set_scaled(m, M_WEIGHT, a->slot, a->weight, 1e9);
	metrics_set(m, M_STATE, metrics_pair(m, M_STATE, a->slot, a->state), 1);
	metrics_set(m, M_HEALTH, metrics_pair(m, M_HEALTH, a->slot, a->health), 1);
	metrics_set(m, M_HELD_BACK, a->slot, held_back_ms > 0 ? held_back_ms : 0);
	set_scaled(m, M_SHARE_TARGET, a->slot, a->share, 1e9);
	set_scaled(m, M_SHARE_ACTUAL, a->slot, cluster_actual(roster, a), 1e9);
	set_scaled(m, M_SHARE_ERROR, a->slot, -a->credit, 1e3);
	set_scaled(m, M_SHARE_ERROR_RATIO, a->slot, total > 0 ? -a->credit / total : 0, 1e12);
	set_scaled(m, M_POOL_ROUTED, a->slot, a->routed, 1);
	set_scaled(m, M_POOL_DELIVERED, a->slot, a->delivered, 1);
}

/* known: whom the slots belong to now. age_ms: of the roster. */
static void set_pool(struct metrics_shard *m, const struct roster *roster,
		     const struct roster *known, int64_t age_ms)
{
	double total = total_routed(roster);

	metrics_set(m, M_ROSTER_EPOCH, 0, (int64_t)roster->epoch);
	set_scaled(m, M_POOL_SPILL_PACKETS, 0, roster->spill.packets, 1);
	set_scaled(m, M_POOL_SPILL_MESSAGES, 0, roster->spill.messages, 1);
	set_scaled(m, M_POOL_SPILL_BYTES, 0, roster->spill.bytes, 1);
	set_scaled(m, M_POOL_DEAD, 0, roster->n_dead, 1);
	for (unsigned i = 0; i < roster->n_analyzers; i++) {
		const struct analyzer *a = &roster->analyzers[i];
		const struct analyzer *now = known->by_slot[a->slot];

		if (now && strcmp(now->id, a->id) == 0)
			set_analyzer(m, roster, a, total, age_ms);
	}
}

static void set_process(struct metrics_shard *m, const struct node_shared *shared)
{
	for (enum node_tls_part part = 0; part < NODE_TLS_PARTS; part++)
		metrics_set(m, M_TLS_EXPIRY, part, node_tls_expires(&shared->tls, part));
	metrics_set(m, M_CPU, 0, (int64_t)process_cpu_us());
	metrics_set(m, M_RESIDENT, 0, (int64_t)process_resident_bytes());
	metrics_set(m, M_LOG_DROPPED, 0, (int64_t)log_dropped());
	metrics_set(m, M_REGISTRY_LOSSES, 0, (int64_t)atomic_load(&shared->n_registry_losses));
	metrics_set(m, M_REDIS, 0,
		    atomic_load_explicit(&shared->health.redis_up, memory_order_relaxed));
	metrics_set(m, M_REDIS_STATE, health_redis(&shared->health), 1);
}

/* seen_us 0: it was never seen. */
static int64_t age_ms(const struct admin_config *config, uint64_t seen_us)
{
	assert(config->n_shards > 0);
	if (seen_us)
		return (int64_t)((clock_mono_us() - seen_us) / US_PER_MS);
	return (int64_t)(clock_wall_us() / US_PER_MS) -
	       (int64_t)metrics_get(config->shards[0], M_START, 0);
}

/* Who has the slots of labels. */
struct slots {
	const struct roster *roster; /* NULL: none is known */
	const struct token_book *tokens;
};

static const char *label_of_slot(void *arg, unsigned family, unsigned slot)
{
	const struct slots *slots = arg;
	const struct roster *roster = slots->roster;

	if (family == M_TOKEN_REQUESTS)
		return token_book_name(slots->tokens, slot);
	return roster && slot < ROSTER_MAX_SLOTS && roster->by_slot[slot]
		       ? roster->by_slot[slot]->id
		       : NULL;
}

/* With a shard of its own for what is looked up now, so scrapes need no lock. */
int scrape_write(struct admin_api *api, enum metrics_format format, struct buf *text)
{
	const struct admin_config *config = &api->config;
	const struct metrics *metrics = config->shared->metrics;
	struct roster *known CLEANUP(roster_unrefp) = control_roster(config->control);
	uint64_t seen_us;
	struct roster *pool CLEANUP(roster_unrefp) = watch_roster(config->watch, &seen_us);
	AUTO_FREE const struct metrics_shard **shards =
		calloc(config->n_shards + 2, sizeof(*shards));
	struct slots slots = { known, &config->shared->ingest_tokens };
	struct metrics_shard now;

	if (!shards || metrics_shard_init(&now, metrics) != 0)
		return -ENOMEM;
	memcpy(shards, config->shards, config->n_shards * sizeof(*shards));
	shards[config->n_shards] = &now;
	shards[config->n_shards + 1] = &api->metrics;
	set_process(&now, config->shared);
	metrics_set(&now, M_ROSTER_AGE, 0, age_ms(config, seen_us));
	if (pool && known)
		set_pool(&now, pool, known, age_ms(config, seen_us));
	metrics_write(metrics, shards, config->n_shards + 2, format, label_of_slot, &slots, text);
	metrics_shard_deinit(&now);
	return text->failed ? -ENOMEM : 0;
}

int scrape_get_metrics(struct admin_api *api, struct front_request *rq, const char *id)
{
	enum metrics_format format = metrics_format_for(rq->fields[FIELD_ACCEPT]);
	struct web_answer answer = { .status = 200, .content_type = metrics_content_type(format) };
	struct buf text = { 0 };
	int status;

	(void)id;
	if (scrape_write(api, format, &text) != 0) {
		status = admin_refuse(rq, 503, "memory", "Out of memory.", NULL);
	} else {
		answer.body = text.data;
		answer.len = text.len;
		status = front_send(rq, &answer);
	}
	buf_deinit(&text);
	return status;
}
