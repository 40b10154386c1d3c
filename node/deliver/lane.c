#include "node/deliver/lane.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/net/net_url.h"
#include "node/deliver/batch_call.h"
#include "node/deliver/batch_request.h"
#include "node/deliver/lane_metrics.h"
#include "node/deliver/lane_outcome.h"
#include "node/node_metrics.h"
#include "node/packet/suspicion.h"

#define MAX_FLYING 16        /* batches of many packets */
#define MAX_FLYING_SINGLE 64 /* of one packet each, where the analyzer takes no batches */
#define FEW_PACKETS 4

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
	lane->shown.state = BREAKER_STATES;
	packet_queue_init(&lane->queue);
	lane_update(lane, a);
	return lane;
}

void lane_free(struct lane *lane)
{
	if (!lane)
		return;
	assert(!lane->n_flying && !lane->queue.n_packets && !lane->halves.head);
	assert(!lane->n_flying_packets && !lane->n_flying_halves && !lane->n_flying_suspects);
	assert(!lane->n_former && !lane->n_former_packets);
	buf_deinit(&lane->lines);
	codec_pack_free(lane->pack);
	free(lane);
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
	lane_hide(lane);
	lane->slot = slot;
}

unsigned lane_n_packets(const struct lane *lane)
{
	return lane->queue.n_packets + lane->halves.n_packets + lane->n_flying_packets +
	       lane->n_former_packets;
}

/* Beside the queue, as halves go. False: out of memory for that. */
static bool push_alone(struct lane *lane, struct packet *p)
{
	struct batch *b = batch_new(lane);

	if (!b)
		return false;
	batch_add(b, p);
	b->is_half = true;
	lane_put_last(lane, b);
	return true;
}

void lane_push(struct lane *lane, struct packet *p)
{
	assert(!lane->is_retired && !lane->is_shut);
	p->slot = (uint16_t)lane->slot;
	if (!p->suspicion || !suspicion_goes_alone(p) || !push_alone(lane, p))
		packet_queue_push(&lane->queue, p);
	lane_count(lane, M_ROUTED_PACKETS, 1);
	lane_count(lane, M_ROUTED_MESSAGES, p->n_messages);
	if (lane->latency.limit_us)
		latency_limit_take(&lane->latency, p->n_messages);
	if (lane->breaker.state != BREAKER_CLOSED)
		breaker_try(&lane->breaker);
	if (lane->breaker.state != BREAKER_CLOSED || lane->latency.rate > 0)
		lane->events.on_reach(lane->events.arg, lane);
	if (lane->queue.n_packets >= lane->backlog.min_packets ||
	    lane->queue.n_bytes >= BACKLOG_MAX_BYTES)
		lane_check_room(lane);
}

/* ---- what leaves ---- */

/* Where it is made into something that holds no other packet. */
static bool exports(const struct lane *lane, const struct packet *p)
{
	return lane->is_called && batch_call_exports(p);
}

static bool has_full_batch(const struct lane *lane)
{
	return (lane->queue.head && exports(lane, lane->queue.head)) ||
	       lane->queue.n_packets >= lane->max_batch_packets ||
	       lane->queue.n_bytes >= lane->max_batch_bytes;
}

/* Halves get half of the deliveries, and all where nobody else waits for one. */
static bool half_may_go(const struct lane *lane)
{
	unsigned most =
		lane->queue.n_packets ? lane->concurrency.limit / 2 : lane->concurrency.limit;

	return lane->halves.head && (!lane->n_flying_halves || lane->n_flying_halves < most);
}

/* Where deliveries are quick and packets few, to wait for the one under way would cost more than
 * company saves. */
static bool need_not_wait(const struct lane *lane)
{
	return lane->is_quick && lane->max_batch_packets > 1 &&
	       lane->n_flying_packets < FEW_PACKETS;
}

/* In HALF_OPEN only the one on trial is queued; it does not wait for what is still under way. */
static bool queue_may_go(const struct lane *lane)
{
	unsigned n_flying = lane->n_flying - lane->n_flying_halves;

	if (!lane->queue.n_packets)
		return false;
	return !n_flying || lane->breaker.state == BREAKER_HALF_OPEN || need_not_wait(lane) ||
	       (n_flying < lane->concurrency.limit && has_full_batch(lane));
}

static bool goes_alone(const struct packet *p)
{
	return p->n_attempts >= PACKET_OFTEN_TRIED || suspicion_goes_alone(p);
}

/* Whether it fits in beside those that are there. */
static bool fits(const struct lane *lane, const struct batch *b, const struct packet *p)
{
	return b->packets.n_packets < lane->max_batch_packets &&
	       b->n_bytes + packet_json(p).len <= lane->max_batch_bytes && !goes_alone(p) &&
	       !goes_alone(b->packets.head) && packet_came_same_way(p, b->packets.head) &&
	       !exports(lane, p) && !exports(lane, b->packets.head);
}

/* A packet that cannot become what the analyzer takes goes alone, and fails alone. */
static bool is_ready(struct lane *lane, struct packet *p)
{
	return !p->form || lane->accepts == ACCEPTS_REQUEST || exports(lane, p) ||
	       packet_make_json(lane->config.memory, p) == 0;
}

/* As many of the queued packets as one POST may carry. NULL: out of memory. */
static struct batch *gather(struct lane *lane)
{
	struct batch *b = batch_new(lane);
	bool may_grow = b;

	while (may_grow && lane->queue.head) {
		may_grow = is_ready(lane, lane->queue.head);
		if (b->packets.head && !(may_grow && fits(lane, b, lane->queue.head)))
			break;
		batch_add(b, packet_queue_pop(&lane->queue));
	}
	if (b)
		b->is_full = lane->queue.head || b->packets.n_packets == lane->max_batch_packets;
	return b;
}

/* Out of memory for a batch. Without one a packet could wait here for ever. */
static void give_up_queue(struct lane *lane)
{
	struct packet *p;

	log_error("lane", "out of memory for a batch", "analyzer=%s", lane->id);
	lane->breaker.on_trial = false;
	lane->events.on_reach(lane->events.arg, lane);
	while ((p = packet_queue_pop(&lane->queue)))
		lane->events.on_taken_back(lane->events.arg, lane, p, REROUTE_NO_MEMORY, true);
}

/* NULL: nothing may leave now. */
static struct batch *next_batch(struct lane *lane)
{
	struct batch *b;

	if (half_may_go(lane))
		return lane_take_half(lane);
	if (!queue_may_go(lane))
		return NULL;
	b = gather(lane);
	if (!b)
		give_up_queue(lane);
	return b;
}

/* The silence of suspects alone is not the analyzer's. */
static void note_start(struct lane *lane, struct batch *b)
{
	uint64_t now_us = b->transfer.started_us;

	if (!lane->n_flying)
		backlog_hear(&lane->backlog, now_us);
	if (lane->n_flying == lane->n_flying_suspects)
		silence_begin(&lane->silence, now_us);
	b->instance = lane->n_instances;
	lane->n_flying++;
	lane->n_flying_halves += b->is_half;
	lane->n_flying_packets += b->packets.n_packets;
	lane->n_flying_suspects += b->is_suspect;
}

/* It could not be started, and is no trial. reason: as of batch_write. */
static void batch_give_up(struct batch *b, int reason)
{
	struct lane *lane = b->lane;

	lane->breaker.on_trial = false;
	lane->events.on_reach(lane->events.arg, lane);
	if (reason > 0 && b->packets.n_packets == 1) {
		lane->events.on_bad(lane->events.arg, lane, packet_queue_pop(&b->packets), 0);
	} else {
		log_error("lane", "out of memory for a batch", "analyzer=%s", lane->id);
		lane_take_back(b, REROUTE_NO_MEMORY);
	}
	batch_free(b);
}

/* False: it could not be started, its packets are taken back, and it is freed. */
static bool batch_start(struct batch *b)
{
	struct lane *lane = b->lane;
	const struct batch_style style = { .accepts = lane->accepts,
					   .pack = lane->pack,
					   .origin = &lane->config.origin,
					   .lines = buf_str(&lane->lines),
					   .lines_len = lane->lines.len,
					   .memory = lane->config.memory };
	int r;

	b->is_suspect = b->packets.n_packets == 1 && suspicion_n_failures(b->packets.head) > 0;
	b->began_well = lane->breaker.state == BREAKER_CLOSED && !lane->probe_is_down;
	b->url = strdup(lane->url); /* the lane may get another one meanwhile */
	b->transfer = (struct transfer){ .url = b->url,
					 .is_fresh = b->is_suspect,
					 .connect_ms = lane->config.connect_ms,
					 .timeout_ms = lane->config.timeout_ms,
					 .on_done = lane_on_done };
	r = !b->url                            ? -ENOMEM
	    : lane->is_called                  ? batch_write_call(b, &style)
	    : lane->accepts == ACCEPTS_REQUEST ? batch_write_request(b, &style)
					       : batch_write(b, &style);
	if (r == 0)
		r = sender_start(lane->config.sender, &b->transfer);
	if (r != 0) {
		batch_give_up(b, r);
		return false;
	}
	note_start(lane, b);
	lane_count(lane, M_BATCHES, 1);
	return true;
}

void lane_flush(struct lane *lane)
{
	struct batch *b;

	while (lane_may_send(lane) && (b = next_batch(lane)))
		if (!batch_start(b))
			break;
	if (lane->queue.n_packets && has_full_batch(lane))
		concurrency_press(&lane->concurrency);
	lane_check_room(lane);
	lane_show(lane);
}

/* ---- what changes ---- */

/* What is under way to the former instance says nothing of this one. */
static void set_flights_aside(struct lane *lane)
{
	lane->n_instances++;
	lane->n_former += lane->n_flying;
	lane->n_former_packets += lane->n_flying_packets;
	lane->n_flying = lane->n_flying_packets = 0;
	lane->n_flying_halves = lane->n_flying_suspects = 0;
}

/* Halves of more packets than the analyzer takes now are queued again. */
static void requeue_halves(struct lane *lane)
{
	struct batch *next, *half = lane->halves.head;
	struct packet *p;

	lane->halves = (struct halves){ 0 };
	for (; half; half = next) {
		next = half->next;
		if (half->packets.n_packets <= lane->max_batch_packets) {
			lane_put_last(lane, half);
			continue;
		}
		while ((p = packet_queue_pop(&half->packets)))
			packet_queue_push(&lane->queue, p);
		batch_free(half);
	}
}

/* Forgets the limit on deliveries, which was found with another instance or with other batches. */
static void start_anew(struct lane *lane, const struct analyzer *a)
{
	uint64_t now_us = clock_mono_us();

	lane->accepts = a->accepts;
	lane->max_batch_packets = a->max_batch_packets;
	concurrency_init(&lane->concurrency, a->accepts == ACCEPTS_BATCH && !lane->is_called
						     ? MAX_FLYING
						     : MAX_FLYING_SINGLE);
	backlog_init(&lane->backlog, a->max_batch_packets);
	silence_init(&lane->silence);
	silence_begin(&lane->silence, now_us);
	backlog_hear(&lane->backlog, now_us);
	requeue_halves(lane);
	latency_limit_init(&lane->latency, lane->config.latency_limit_us);
}

/* Without memory they stay as they were. */
static void take_lines(struct lane *lane, const struct analyzer *a)
{
	struct buf lines = { 0 };

	roster_write_headers(a, &lines);
	if (lines.failed) {
		log_error("lane", "out of memory for headers", "analyzer=%s", lane->id);
		buf_deinit(&lines);
		return;
	}
	buf_deinit(&lane->lines);
	lane->lines = lines;
}

/* Without memory for it bodies leave as they are, which any analyzer takes. */
static void take_encoding(struct lane *lane, const struct analyzer *a)
{
	if (a->encoding != ENCODING_GZIP) {
		codec_pack_free(lane->pack);
		lane->pack = NULL;
	} else if (!lane->pack) {
		lane->pack = codec_pack_new();
	}
}

void lane_update(struct lane *lane, const struct analyzer *a)
{
	bool is_new = strcmp(lane->instance, a->instance) != 0;

	lane->is_called = net_url_is_called(a->url);
	if (is_new) {
		set_flights_aside(lane);
		breaker_reset(&lane->breaker);
		lane->paused_until_us = 0;
		lane->probe_is_down = false;
	}
	if (is_new || lane->accepts != a->accepts ||
	    lane->max_batch_packets != a->max_batch_packets)
		start_anew(lane, a);
	memcpy(lane->instance, a->instance, sizeof(lane->instance));
	memcpy(lane->url, a->url, sizeof(lane->url));
	take_lines(lane, a);
	take_encoding(lane, a);
	lane->max_batch_bytes = a->max_batch_bytes;
	lane->is_eligible = a->share > 0;
	lane->is_shut = !lane->is_eligible &&
			a->state != ANALYZER_DRAINING; /* who drains finishes what it was given */
	lane->events.on_reach(lane->events.arg, lane);
}

void lane_retire(struct lane *lane)
{
	lane->is_eligible = false;
	lane->is_retired = true;
	lane->events.on_reach(lane->events.arg, lane);
	lane_let_go(lane);
	lane_hide(lane);
	lane_check_empty(lane);
}

void lane_end(struct lane *lane)
{
	lane->is_ended = true;
	lane->events.on_reach(lane->events.arg, lane);
}

void lane_set_probe(struct lane *lane, bool is_down)
{
	if (lane->probe_is_down == is_down)
		return;
	lane->probe_is_down = is_down;
	if (is_down && breaker_trip(&lane->breaker, clock_mono_us()))
		lane_note_breaker(lane, "its health probe fails");
	if (!is_down && breaker_retry(&lane->breaker))
		lane_note_breaker(lane, "its health probe succeeds");
	lane->events.on_reach(lane->events.arg, lane);
	lane_show(lane);
}

static void check_silence(struct lane *lane, uint64_t others_us, uint64_t now_us)
{
	assert(lane->breaker.state != BREAKER_HANGING || lane->n_flying);
	if (lane->n_flying == lane->n_flying_suspects ||
	    !silence_is_too_long(&lane->silence, others_us, now_us) ||
	    !breaker_hang(&lane->breaker))
		return;
	lane_count(lane, M_HANGS, 1);
	lane_note_breaker(lane, "deliveries are not answered, while other analyzers answer");
	lane_show(lane);
}

bool lane_is_busy(const struct lane *lane)
{
	return lane->n_flying > 0;
}

uint64_t lane_answered_us(const struct lane *lane)
{
	return lane->silence.answered_us;
}

static void check_latency(struct lane *lane, bool others_fit, uint64_t now_us)
{
	bool did_allow = latency_limit_allows(&lane->latency);

	if (latency_limit_tick(&lane->latency, others_fit, now_us)) {
		log_warn("lane", "latency limit", "analyzer=%s state=%s messages_per_s=%.0f",
			 lane->id, lane_is_slow(lane) ? "slow" : "as usual", lane->latency.rate);
		lane_show(lane);
	}
	if (did_allow != latency_limit_allows(&lane->latency))
		lane->events.on_reach(lane->events.arg, lane);
}

bool lane_tick(struct lane *lane, const struct lane_others *others, uint64_t now_us)
{
	if (lane->is_ended)
		return false;
	if (!lane->probe_is_down && breaker_tick(&lane->breaker, now_us))
		lane_note_breaker(lane, "trying again");
	if (lane->paused_until_us && now_us >= lane->paused_until_us) {
		lane->paused_until_us = 0;
		lane->events.on_reach(lane->events.arg, lane);
	}
	check_silence(lane, others->answered_us, now_us);
	check_latency(lane, others->are_fit, now_us);
	lane_check_pace(lane, now_us);
	return lane->n_flying || lane_is_slow(lane) || lane->breaker.state == BREAKER_OPEN ||
	       lane->paused_until_us || lane->backlog.is_full;
}
