#include "node/lane.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/batch.h"
#include "node/node_metrics.h"

#define LANE_MAX_PACKETS 8192
#define LANE_MAX_BYTES (32u << 20)
#define LANE_MAX_FLYING 4         /* batches of many packets */
#define LANE_MAX_FLYING_SINGLE 32 /* of one packet each, where the analyzer takes no batches */
#define PAUSE_DEFAULT_S 1

static const char *const evict_names[] = { "left", "not_eligible", "unreachable" };
static_assert(ARRAY_LEN(evict_names) == EVICT_REASONS, "every reason has a name");

struct lane {
	struct lane_config config;
	struct lane_events events;
	char id[ANALYZER_ID_MAX + 1];
	char url[ANALYZER_URL_MAX + 1];
	char instance[INSTANCE_MAX + 1];
	unsigned slot;
	bool is_eligible; /* by the roster */
	bool is_retired;
	bool probe_is_down;
	enum analyzer_accepts accepts;
	unsigned max_batch_packets;
	size_t max_batch_bytes;
	struct breaker breaker;
	uint64_t paused_until_us; /* 0: not paused */
	struct packet_queue queue;
	struct batch *halves; /* of refused batches; they go first */
	unsigned n_flying;    /* batches */
	unsigned n_flying_packets;
};

static void on_done(struct transfer *t);

struct lane *lane_new(const struct lane_config *config, const struct lane_events *events,
		      const struct analyzer *a)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->config = *config;
	lane->events = *events;
	lane->slot = a->slot;
	memcpy(lane->id, a->id, sizeof(lane->id));
	breaker_init(&lane->breaker, 0);
	packet_queue_init(&lane->queue);
	lane_update(lane, a);
	return lane;
}

void lane_free(struct lane *lane)
{
	if (!lane)
		return;
	assert(!lane->n_flying && !lane->queue.n_packets && !lane->halves);
	free(lane);
}

static void show(const struct lane *lane)
{
	struct metrics_shard *m = lane->config.metrics;

	metrics_set(m, M_QUEUED_PACKETS, lane->slot, lane->queue.n_packets);
	metrics_set(m, M_FLYING_BATCHES, lane->slot, lane->n_flying);
	metrics_set(m, M_BREAKER_OPEN, lane->slot, lane->breaker.state != BREAKER_CLOSED);
}

static void evict(struct lane *lane, enum evict_reason reason)
{
	struct packet_queue queue = lane->queue;
	struct batch *halves = lane->halves, *b;
	struct packet *p;

	if (!queue.n_packets && !halves)
		return;
	log_info("lane", "queued packets go elsewhere", "analyzer", "%s", lane->id, "packets", "%u",
		 queue.n_packets, "reason", "%s", evict_names[reason]);
	packet_queue_init(&lane->queue);
	lane->halves = NULL;
	if (!lane->n_flying) /* the one on trial was among them */
		lane->breaker.on_trial = false;
	while ((p = packet_queue_pop(&queue)))
		lane->events.on_taken_back(lane->events.arg, lane, p, false);
	while ((b = halves)) {
		halves = b->next;
		while ((p = packet_queue_pop(&b->packets)))
			lane->events.on_taken_back(lane->events.arg, lane, p, false);
		batch_free(b);
	}
}

void lane_update(struct lane *lane, const struct analyzer *a)
{
	if (strcmp(lane->instance, a->instance) != 0) {
		breaker_reset(&lane->breaker);
		lane->paused_until_us = 0;
		lane->probe_is_down = false;
	}
	memcpy(lane->instance, a->instance, sizeof(lane->instance));
	memcpy(lane->url, a->url, sizeof(lane->url));
	lane->is_eligible = a->share > 0;
	lane->accepts = a->accepts;
	lane->max_batch_packets = a->max_batch_packets;
	lane->max_batch_bytes = a->max_batch_bytes;
	lane->events.on_reach(lane->events.arg, lane);
	if (!lane->is_eligible &&
	    a->state != ANALYZER_DRAINING) /* who drains finishes what it was given */
		evict(lane, EVICT_NOT_ELIGIBLE);
}

static void check_empty(struct lane *lane)
{
	if (lane->is_retired && !lane->n_flying && !lane->halves)
		lane->events.on_empty(lane->events.arg, lane);
}

void lane_retire(struct lane *lane)
{
	lane->is_eligible = false;
	lane->is_retired = true;
	lane->events.on_reach(lane->events.arg, lane);
	evict(lane, EVICT_LEFT);
	metrics_set(lane->config.metrics, M_BREAKER_OPEN, lane->slot, 0);
	check_empty(lane);
}

bool lane_can_take(const struct lane *lane, uint64_t now_us)
{
	return lane->is_eligible && !lane->probe_is_down && breaker_allows(&lane->breaker) &&
	       now_us >= lane->paused_until_us && lane->queue.n_packets < LANE_MAX_PACKETS &&
	       lane->queue.n_bytes < LANE_MAX_BYTES;
}

bool lane_is_unreachable(const struct lane *lane)
{
	return lane->probe_is_down || lane->breaker.state == BREAKER_OPEN;
}

bool lane_is_on_trial(const struct lane *lane)
{
	return !lane->probe_is_down && lane->breaker.state == BREAKER_HALF_OPEN;
}

const char *lane_id(const struct lane *lane)
{
	return lane->id;
}

unsigned lane_slot(const struct lane *lane)
{
	return lane->slot;
}

void lane_set_slot(struct lane *lane, unsigned slot)
{
	lane->slot = slot;
}

unsigned lane_n_packets(const struct lane *lane)
{
	unsigned n = lane->queue.n_packets + lane->n_flying_packets;

	for (const struct batch *b = lane->halves; b; b = b->next)
		n += b->packets.n_packets;
	return n;
}

void lane_push(struct lane *lane, struct packet *p)
{
	p->slot = (uint16_t)lane->slot;
	packet_queue_push(&lane->queue, p);
	metrics_add(lane->config.metrics, M_ROUTED_PACKETS, lane->slot, 1);
	metrics_add(lane->config.metrics, M_ROUTED_MESSAGES, lane->slot, p->n_messages);
	if (lane->breaker.state != BREAKER_CLOSED || lane->queue.n_packets >= LANE_MAX_PACKETS ||
	    lane->queue.n_bytes >= LANE_MAX_BYTES) {
		breaker_try(&lane->breaker);
		lane->events.on_reach(lane->events.arg, lane);
	}
}

/* As many of the queued packets as one POST may carry. */
static struct batch *gather(struct lane *lane)
{
	struct batch *b = batch_new(lane);

	while (b && lane->queue.head && b->packets.n_packets < lane->max_batch_packets &&
	       (!b->packets.head ||
		b->packets.n_bytes + lane->queue.head->len <= lane->max_batch_bytes))
		batch_add(b, packet_queue_pop(&lane->queue));
	return b;
}

static void take_back_all(struct batch *b)
{
	struct lane *lane = b->lane;
	struct packet *p;

	while ((p = packet_queue_pop(&b->packets)))
		lane->events.on_taken_back(lane->events.arg, lane, p, true);
}

/* False: it could not be started, its packets are taken back, and it is freed. */
static bool batch_start(struct batch *b)
{
	struct lane *lane = b->lane;

	b->transfer = (struct transfer){ .url = lane->url,
					 .connect_ms = lane->config.connect_ms,
					 .timeout_ms = lane->config.timeout_ms,
					 .on_done = on_done };
	if (batch_write(b, lane->accepts, lane->config.node_id) != 0 ||
	    sender_start(lane->config.sender, &b->transfer) != 0) {
		log_error("lane", "out of memory for a batch", "analyzer", "%s", lane->id);
		lane->breaker.on_trial = false;
		take_back_all(b);
		batch_free(b);
		return false;
	}
	lane->n_flying++;
	lane->n_flying_packets += b->packets.n_packets;
	metrics_add(lane->config.metrics, M_BATCHES, lane->slot, 1);
	return true;
}

static bool slot_is_free(const struct lane *lane)
{
	if (lane->n_flying == 0 || lane->halves)
		return lane->n_flying < LANE_MAX_FLYING;
	if (lane->accepts == ACCEPTS_PACKET)
		return lane->n_flying < LANE_MAX_FLYING_SINGLE;
	return lane->n_flying < LANE_MAX_FLYING &&
	       (lane->queue.n_packets >= lane->max_batch_packets ||
		lane->queue.n_bytes >= lane->max_batch_bytes);
}

void lane_flush(struct lane *lane)
{
	while ((lane->halves || lane->queue.n_packets) && slot_is_free(lane)) {
		struct batch *b = lane->halves;

		if (b)
			lane->halves = b->next;
		else
			b = gather(lane);
		if (!b || !batch_start(b))
			break;
	}
	show(lane);
}

static void log_breaker(const struct lane *lane, const char *why)
{
	log_warn("lane", "breaker changed", "analyzer", "%s", lane->id, "state", "%s",
		 breaker_state_names[lane->breaker.state], "reason", "%s", why);
}

static void on_delivered(struct lane *lane, struct batch *b)
{
	struct packet *p;

	if (breaker_success(&lane->breaker))
		log_breaker(lane, "deliveries succeed");
	while ((p = packet_queue_pop(&b->packets)))
		lane->events.on_delivered(lane->events.arg, lane, p);
}

/* The analyzer answers, so the breaker has nothing against it; one packet or more are at fault. */
static void on_bad(struct lane *lane, struct batch *b)
{
	unsigned half = b->packets.n_packets / 2;
	struct batch *first;

	breaker_success(&lane->breaker);
	if (b->packets.n_packets == 1) {
		lane->events.on_bad(lane->events.arg, lane, packet_queue_pop(&b->packets),
				    b->transfer.status);
		return;
	}
	if (lane->is_retired) { /* no half would ever leave */
		take_back_all(b);
		return;
	}
	for (int i = 0; i < 2; i++) {
		unsigned n = i == 0 ? half : b->packets.n_packets;

		first = batch_new(lane);
		if (!first) {
			take_back_all(b);
			return;
		}
		while (n--)
			batch_add(first, packet_queue_pop(&b->packets));
		first->next = lane->halves;
		lane->halves = first;
	}
}

static void pause_for(struct lane *lane, uint32_t seconds)
{
	lane->paused_until_us = clock_mono_us() + (seconds ? seconds : PAUSE_DEFAULT_S) * US_PER_S;
	log_info("lane", "paused", "analyzer", "%s", lane->id, "seconds", "%u",
		 seconds ? seconds : PAUSE_DEFAULT_S);
}

static void on_failed(struct lane *lane, struct batch *b, enum delivery_outcome outcome)
{
	const struct transfer *t = &b->transfer;

	log_warn("lane", "delivery failed", "analyzer", "%s", lane->id, "url", "%s", lane->url,
		 "reason", "%s", delivery_outcome_names[outcome], "status", "%d", t->status,
		 "error", "%s", t->result == CURLE_OK ? "" : curl_easy_strerror(t->result),
		 "packets", "%u", b->packets.n_packets);
	if (outcome == OUTCOME_BUSY) {
		lane->breaker.on_trial = false;
		pause_for(lane, t->retry_after_s);
	} else if (breaker_failure(&lane->breaker, clock_mono_us())) {
		log_breaker(lane, delivery_outcome_names[outcome]);
	}
	lane->events.on_reach(lane->events.arg, lane);
	take_back_all(b);
	if (!lane_can_take(lane, clock_mono_us()) && !lane->is_retired)
		evict(lane, EVICT_UNREACHABLE);
}

static void on_done(struct transfer *t)
{
	struct batch *b = CONTAINER_OF(t, struct batch, transfer);
	struct lane *lane = b->lane;
	enum delivery_outcome outcome = batch_outcome(t);

	lane->n_flying--;
	lane->n_flying_packets -= b->packets.n_packets;
	metrics_observe(lane->config.metrics, M_DELIVERY_TIME, t->ended_us - t->started_us);
	if (outcome != OUTCOME_OK)
		metrics_add(lane->config.metrics, M_BATCHES_FAILED, outcome, 1);
	if (outcome == OUTCOME_OK)
		on_delivered(lane, b);
	else if (outcome == OUTCOME_BAD)
		on_bad(lane, b);
	else
		on_failed(lane, b, outcome);
	batch_free(b);
	lane->events.on_reach(lane->events.arg, lane);
	check_empty(lane);
}

void lane_set_probe(struct lane *lane, bool is_down)
{
	if (lane->probe_is_down == is_down)
		return;
	lane->probe_is_down = is_down;
	lane->events.on_reach(lane->events.arg, lane);
	if (is_down)
		evict(lane, EVICT_UNREACHABLE);
}

bool lane_tick(struct lane *lane, uint64_t now_us)
{
	bool changed = breaker_tick(&lane->breaker, now_us);

	if (changed)
		log_breaker(lane, "trying again");
	if (lane->paused_until_us && now_us >= lane->paused_until_us) {
		lane->paused_until_us = 0;
		changed = true;
	}
	if (changed)
		lane->events.on_reach(lane->events.arg, lane);
	return lane->breaker.state == BREAKER_OPEN || lane->paused_until_us;
}
