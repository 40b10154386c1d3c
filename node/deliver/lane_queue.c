/* What waits in a lane, whether it may leave, and how much of it may wait. */
#include "node/deliver/lane_queue.h"

#include <assert.h>

#include "common/clock.h"
#include "common/log.h"

const char *const reroute_reason_names[] = { "busy",         "status",      "connect",   "timeout",
					     "broken",       "loop",        "no_memory", "left",
					     "not_eligible", "unreachable", "hanging",   "slow",
					     "ending" };
static_assert(ARRAY_LEN(reroute_reason_names) == REROUTE_REASONS, "every reason has a name");

bool lane_may_send(const struct lane *lane)
{
	return !lane->is_retired && !lane->is_ended && !lane->is_shut && !lane->probe_is_down &&
	       lane->breaker.state != BREAKER_OPEN && lane->breaker.state != BREAKER_HANGING &&
	       !lane->paused_until_us;
}

enum reroute_reason lane_why_not(const struct lane *lane)
{
	return lane->is_ended          ? REROUTE_ENDING
	       : lane->is_retired      ? REROUTE_LEFT
	       : lane->is_shut         ? REROUTE_NOT_ELIGIBLE
	       : lane_is_hanging(lane) ? REROUTE_HANGING
				       : REROUTE_UNREACHABLE;
}

bool lane_can_take(const struct lane *lane)
{
	return lane->is_eligible && lane_may_send(lane) && breaker_allows(&lane->breaker) &&
	       !lane->backlog.is_full && latency_limit_allows(&lane->latency);
}

bool lane_is_slow(const struct lane *lane)
{
	return latency_limit_is_slow(&lane->latency);
}

bool lane_is_well(const struct lane *lane)
{
	return !lane->probe_is_down && lane->breaker.state == BREAKER_CLOSED &&
	       !lane->breaker.n_failures;
}

bool lane_has_suspect(const struct lane *lane)
{
	return lane->n_flying_suspects || lane->halves.head;
}

bool lane_is_fit(const struct lane *lane)
{
	return lane->is_eligible && lane_may_send(lane) && !lane_is_slow(lane);
}

bool lane_is_unreachable(const struct lane *lane)
{
	return lane->probe_is_down || lane->breaker.state == BREAKER_OPEN || lane_is_hanging(lane);
}

bool lane_is_hanging(const struct lane *lane)
{
	return !lane->probe_is_down && lane->breaker.state == BREAKER_HANGING;
}

bool lane_is_on_trial(const struct lane *lane)
{
	return !lane->probe_is_down && lane->breaker.state == BREAKER_HALF_OPEN;
}

static void count_half(struct halves *halves, const struct batch *half)
{
	halves->n_packets += half->packets.n_packets;
	halves->n_bytes += half->packets.n_bytes;
}

void lane_put_first(struct lane *lane, struct batch *half)
{
	struct halves *halves = &lane->halves;

	half->next = halves->head;
	halves->head = half;
	if (!halves->tail)
		halves->tail = half;
	count_half(halves, half);
}

void lane_put_last(struct lane *lane, struct batch *half)
{
	struct halves *halves = &lane->halves;

	half->next = NULL;
	*(halves->tail ? &halves->tail->next : &halves->head) = half;
	halves->tail = half;
	count_half(halves, half);
}

struct batch *lane_take_half(struct lane *lane)
{
	struct halves *halves = &lane->halves;
	struct batch *half = halves->head;

	if (!half)
		return NULL;
	halves->head = half->next;
	if (!halves->head)
		halves->tail = NULL;
	assert(halves->n_packets >= half->packets.n_packets);
	halves->n_packets -= half->packets.n_packets;
	halves->n_bytes -= half->packets.n_bytes;
	assert(halves->head || (halves->n_packets == 0 && halves->n_bytes == 0));
	return half;
}

/* All that is queued is taken back. */
static void evict(struct lane *lane, enum reroute_reason reason)
{
	struct packet_queue queue = lane->queue;
	struct batch *halves = lane->halves.head, *b;
	struct packet *p;

	if (!queue.n_packets && !halves)
		return;
	log_info("lane", "queued packets go elsewhere", "analyzer=%s packets=%u reason=%s",
		 lane->id, queue.n_packets, reroute_reason_names[reason]);
	packet_queue_init(&lane->queue);
	lane->halves = (struct halves){ 0 };
	if (!lane->n_flying) /* the one on trial was among them */
		lane->breaker.on_trial = false;
	while ((p = packet_queue_pop(&queue)))
		lane->events.on_taken_back(lane->events.arg, lane, p, reason, false);
	while ((b = halves)) {
		halves = b->next;
		while ((p = packet_queue_pop(&b->packets)))
			lane->events.on_taken_back(lane->events.arg, lane, p, reason, false);
		batch_free(b);
	}
}

void lane_let_go(struct lane *lane)
{
	if (!lane_may_send(lane))
		evict(lane, lane_why_not(lane));
}

void lane_check_room(struct lane *lane)
{
	unsigned n_packets = lane->queue.n_packets + lane->halves.n_packets;
	size_t n_bytes = lane->queue.n_bytes + lane->halves.n_bytes;

	if (backlog_update(&lane->backlog, &lane->concurrency, n_packets, n_bytes,
			   lane->n_flying > 0, clock_mono_us()))
		lane->events.on_reach(lane->events.arg, lane);
}

/* What is queued beyond the bound, the newest, goes elsewhere. */
static void shed(struct lane *lane, unsigned bound)
{
	struct packet_queue rest = lane->queue;
	struct packet *p;

	assert(bound < rest.n_packets);
	log_info("lane", "queued packets go elsewhere", "analyzer=%s packets=%u reason=%s",
		 lane->id, rest.n_packets - bound, reroute_reason_names[REROUTE_SLOW]);
	packet_queue_init(&lane->queue);
	while (lane->queue.n_packets < bound)
		packet_queue_push(&lane->queue, packet_queue_pop(&rest));
	while ((p = packet_queue_pop(&rest)))
		lane->events.on_taken_back(lane->events.arg, lane, p, REROUTE_SLOW, false);
	lane->events.on_reach(lane->events.arg, lane);
}

void lane_check_pace(struct lane *lane, uint64_t now_us)
{
	unsigned bound;

	if (!lane->backlog.is_full)
		return;
	bound = backlog_bound(&lane->backlog, &lane->concurrency, lane->n_flying > 0, now_us);
	if (lane->queue.n_packets > 2 * bound)
		shed(lane, bound);
}

void lane_check_empty(struct lane *lane)
{
	if (lane->is_retired && !lane->n_flying && !lane->n_former && !lane->halves.head)
		lane->events.on_empty(lane->events.arg, lane);
}
