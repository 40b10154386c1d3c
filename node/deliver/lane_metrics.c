/* What is seen of a lane from outside: its metrics. */
#include "node/deliver/lane_metrics.h"

#include "common/clock.h"

void lane_count(const struct lane *lane, enum node_metric counter, int64_t n)
{
	if (lane->slot != SLOT_NONE)
		metrics_add(lane->config.metrics, counter, lane->slot, n);
}

void lane_count_delivery(const struct lane *lane, const struct batch *b,
			 enum delivery_outcome outcome)
{
	struct metrics_shard *m = lane->config.metrics;
	const struct transfer *t = &b->transfer;

	if (lane->slot == SLOT_NONE)
		return;
	if (t->was_resent)
		metrics_add(m, M_RESENT_PACKETS, lane->slot, b->packets.n_packets);
	metrics_observe(m, M_DELIVERY_TIME, lane->slot, t->ended_us - t->started_us);
	if (outcome != OUTCOME_OK)
		metrics_add(m, M_BATCHES_FAILED,
			    metrics_pair(m, M_BATCHES_FAILED, lane->slot, outcome), 1);
}

static void show_state(const struct lane *lane, enum breaker_state state, bool is_it)
{
	struct metrics_shard *m = lane->config.metrics;

	if (state < BREAKER_STATES)
		metrics_set(m, M_BREAKERS, metrics_pair(m, M_BREAKERS, lane->slot, state), is_it);
}

/* Mostly it is closed and stays so: then this costs a comparison. */
static void show_breaker(struct lane *lane)
{
	const struct breaker *b = &lane->breaker;
	uint64_t retry_us = 0;

	assert(b->state < BREAKER_STATES);
	if (lane->shown.state == b->state && lane->shown.n_failures == b->n_failures &&
	    lane->shown.open_until_us == b->open_until_us)
		return;
	if (b->state == BREAKER_OPEN)
		retry_us = clock_wall_us() + (b->open_until_us - clock_mono_us());
	show_state(lane, lane->shown.state, false);
	show_state(lane, b->state, true);
	metrics_set(lane->config.metrics, M_BREAKER_FAILURES, lane->slot, b->n_failures);
	metrics_set(lane->config.metrics, M_BREAKER_RETRY, lane->slot,
		    (int64_t)(retry_us / US_PER_MS));
	lane->shown.state = b->state;
	lane->shown.n_failures = b->n_failures;
	lane->shown.open_until_us = b->open_until_us;
}

void lane_show(struct lane *lane)
{
	struct metrics_shard *m = lane->config.metrics;

	metrics_set(m, M_QUEUED_PACKETS, lane->slot, lane->queue.n_packets);
	metrics_set(m, M_FLYING_BATCHES, lane->slot, lane->n_flying + lane->n_former);
	metrics_set(m, M_LANE_LIMIT, lane->slot, lane->concurrency.limit);
	metrics_set(m, M_PAUSED, lane->slot, lane->paused_until_us != 0);
	metrics_set(m, M_SLOW, lane->slot, lane_is_slow(lane));
	show_breaker(lane);
}

void lane_hide(struct lane *lane)
{
	static const enum node_metric shown[] = {
		M_QUEUED_PACKETS, M_FLYING_BATCHES, M_LANE_LIMIT,      M_PAUSED,
		M_SLOW,           M_BREAKER_RETRY,  M_BREAKER_FAILURES
	};

	if (lane->slot == SLOT_NONE)
		return;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		metrics_set(lane->config.metrics, shown[i], lane->slot, 0);
	show_state(lane, lane->shown.state, false);
	lane->shown.state = BREAKER_STATES;
}
