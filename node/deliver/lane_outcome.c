/*
 * What becomes of a lane's batches.
 */
#include "node/deliver/lane_outcome.h"

#include <assert.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/deliver/lane_metrics.h"
#include "node/packet/suspicion.h"

#define PAUSE_DEFAULT_S 1
#define QUICK_US 1000
#define SMALL_BATCH 32 /* packets that cost little when each of them travels alone */

void lane_note_breaker(struct lane *lane, const char *why)
{
	log_warn("lane", "breaker changed", "analyzer=%s state=%s reason=%s", lane->id,
		 breaker_state_names[lane->breaker.state], why);
	if (lane->breaker.state == BREAKER_OPEN)
		lane_count(lane, M_BREAKER_OPENED, 1);
	lane->events.on_reach(lane->events.arg, lane);
}

void lane_take_back(struct batch *b, enum reroute_reason reason)
{
	struct lane *lane = b->lane;
	struct packet *p;

	while ((p = packet_queue_pop(&b->packets)))
		lane->events.on_taken_back(lane->events.arg, lane, p, reason, true);
}

/* It went to a former instance: what becomes of it says nothing of the one that is there now. */
static bool is_former(const struct batch *b)
{
	return b->instance != b->lane->n_instances;
}

/* RTTs of batches that are not full say nothing about how many deliveries the analyzer can take. */
static void learn(struct lane *lane, const struct batch *b)
{
	const struct transfer *t = &b->transfer;

	if (!b->is_full || is_former(b))
		return;
	if (lane->concurrency.is_pressed)
		backlog_measure(&lane->backlog, b->packets.n_packets, t->ended_us - t->started_us);
	concurrency_success(&lane->concurrency, t->started_us, t->ended_us);
}

bool lane_ran_out_of_time(const struct transfer *t)
{
	return t->ended_us - t->started_us >= t->timeout_ms * US_PER_MS;
}

/* Its status says that it works, unless the rest did not come in time. */
static void hear_answer(struct lane *lane, const struct batch *b, const char *why)
{
	const struct transfer *t = &b->transfer;
	bool is_late = lane_ran_out_of_time(t);

	if (is_former(b))
		return;
	if (is_late ? breaker_timeout(&lane->breaker, t->ended_us)
		    : breaker_success(&lane->breaker))
		lane_note_breaker(lane, is_late ? "timeout" : why);
}

static void on_delivered(struct lane *lane, struct batch *b)
{
	struct packet *p;

	hear_answer(lane, b, "deliveries succeed");
	if (b->packets.n_packets > 0)
		learn(lane, b);
	while ((p = packet_queue_pop(&b->packets)))
		lane->events.on_delivered(lane->events.arg, lane, p);
}

/* Takes `n` packets of it into a half of its own, which is sent next. False: out of memory. */
static bool split_off(struct lane *lane, struct batch *b, unsigned n)
{
	struct batch *half = batch_new(lane);

	if (!half)
		return false;
	while (n--)
		batch_add(half, packet_queue_pop(&b->packets));
	assert(half->packets.n_packets > 0);
	half->is_half = true;
	lane_put_first(lane, half);
	return true;
}

/* The analyzer answers, so the breaker has nothing against it; one packet or more are at fault. */
static void on_bad(struct lane *lane, struct batch *b)
{
	unsigned n = b->packets.n_packets;

	hear_answer(lane, b, "deliveries are answered");
	if (n == 1)
		suspicion_quote(b->packets.head, lane->id, b->transfer.said, b->transfer.said_len);
	if (n == 1)
		lane->events.on_bad(lane->events.arg, lane, packet_queue_pop(&b->packets),
				    b->transfer.status);
	else if (!lane_may_send(lane)) /* no half would leave */
		lane_take_back(b, lane_why_not(lane));
	else if (!split_off(lane, b, n / 2) || !split_off(lane, b, n - n / 2))
		lane_take_back(b, REROUTE_NO_MEMORY);
}

void lane_pause_for(const struct batch *b)
{
	struct lane *lane = b->lane;
	uint32_t seconds = b->transfer.retry_after_s ? b->transfer.retry_after_s : PAUSE_DEFAULT_S;

	if (is_former(b))
		return;
	lane->paused_until_us = clock_mono_us() + seconds * US_PER_S;
	log_info("lane", "paused", "analyzer=%s seconds=%u", lane->id, seconds);
}

/* ---- failures ---- */

/* Meanwhile it has answered a delivery that was begun later. */
static bool served_others(const struct lane *lane, const struct batch *b)
{
	return lane->answered_start_us > b->transfer.started_us;
}

/*
 * Whether the failure may be the packets' fault. A connection that broke may be, whatever else the
 * analyzer does: it may have ended at them. One that hangs does so for any packet.
 */
static bool counts(const struct lane *lane, const struct batch *b, enum delivery_outcome outcome)
{
	if (outcome == OUTCOME_BROKEN)
		return true;
	if (!b->began_well || (outcome != OUTCOME_TIMEOUT && outcome != OUTCOME_STATUS))
		return false;
	return outcome == OUTCOME_STATUS || b->packets.n_packets <= SMALL_BATCH ||
	       served_others(lane, b);
}

static void count_failure(const struct lane *lane, struct batch *b, enum delivery_outcome outcome)
{
	const struct transfer *t = &b->transfer;
	const struct suspicion_failure failure = {
		.kind = outcome == OUTCOME_BROKEN    ? SUSPICION_BROKEN
			: outcome == OUTCOME_TIMEOUT ? SUSPICION_TIMEOUT
						     : SUSPICION_STATUS,
		.status = t->status,
		.was_alone = b->packets.n_packets == 1,
		.analyzer = lane->id,
	};

	for (struct packet *p = b->packets.head; p; p = p->next) {
		suspicion_count(p, &failure);
		suspicion_quote(p, lane->id, t->said, t->said_len);
	}
}

static void count_loop(struct batch *b)
{
	for (struct packet *p = b->packets.head; p; p = p->next) {
		p->n_loops += p->n_loops < UINT8_MAX;
		suspicion_quote(p, b->lane->id, b->transfer.said, b->transfer.said_len);
	}
}

/* A circle through other pools is the way of these packets. One without is a fault of the analyzer. */
static bool is_their_way(const struct batch *b, enum delivery_outcome outcome)
{
	return outcome == OUTCOME_LOOP && b->packets.head->n_hops > 0;
}

/* What the breaker learns of it. */
static void tell_breaker(struct lane *lane, const struct batch *b, enum delivery_outcome outcome,
			 bool is_late)
{
	uint64_t now_us = clock_mono_us();

	if (is_late && !(b->began_well && served_others(lane, b))) {
		if (breaker_timeout(&lane->breaker, now_us))
			lane_note_breaker(lane, delivery_outcome_names[OUTCOME_TIMEOUT]);
	} else if (outcome == OUTCOME_BUSY || is_their_way(b, outcome)) {
		lane->breaker.on_trial = false;
		if (breaker_hear(&lane->breaker))
			lane_note_breaker(lane, "deliveries are answered");
	} else if (breaker_failure(&lane->breaker, now_us)) {
		lane_note_breaker(lane, delivery_outcome_names[outcome]);
	}
}

static void on_failed(struct lane *lane, struct batch *b, enum delivery_outcome outcome)
{
	static const enum reroute_reason reasons[DELIVERY_OUTCOMES] = {
		[OUTCOME_BUSY] = REROUTE_BUSY,       [OUTCOME_STATUS] = REROUTE_STATUS,
		[OUTCOME_CONNECT] = REROUTE_CONNECT, [OUTCOME_TIMEOUT] = REROUTE_TIMEOUT,
		[OUTCOME_BROKEN] = REROUTE_BROKEN,   [OUTCOME_LOOP] = REROUTE_LOOP,
	};
	const struct transfer *t = &b->transfer;
	bool is_late = outcome == OUTCOME_TIMEOUT || lane_ran_out_of_time(t);
	bool may_be_theirs = counts(lane, b, outcome);
	/* it failed elsewhere too, and this analyzer serves others */
	bool is_excused = may_be_theirs && b->is_suspect && b->began_well;

	log_warn("lane", "delivery failed",
		 "analyzer=%s url=%s reason=%s status=%d error=%s packets=%u", lane->id, lane->url,
		 delivery_outcome_names[outcome], t->status, t->error, b->packets.n_packets);
	if (lane->config.failures && lane->slot != SLOT_NONE)
		failures_note_transfer(lane->config.failures, lane->slot, t);
	if (may_be_theirs)
		count_failure(lane, b, outcome);
	if (outcome == OUTCOME_LOOP)
		count_loop(b);
	if (outcome == OUTCOME_BUSY)
		lane_pause_for(b);
	if (!is_excused && !is_former(b)) {
		if (!is_their_way(b, outcome))
			concurrency_failure(&lane->concurrency, t->started_us, t->ended_us);
		tell_breaker(lane, b, outcome, is_late);
	}
	lane->events.on_reach(lane->events.arg, lane);
	lane_take_back(b, reasons[outcome]);
}

/* What a success says of single packets, or of parts of one. */
static enum delivery_outcome take_success(struct lane *lane, struct batch *b)
{
	const struct transfer *t = &b->transfer;
	bool is_one = b->kind == BATCH_REQUEST || b->kind == BATCH_EXPORT;

	if (is_one)
		return t->keep_max ? lane_take_answer(lane, b) : OUTCOME_OK;
	return t->json ? lane_take_results(lane, b) : OUTCOME_OK;
}

static void note_end(struct lane *lane, const struct batch *b)
{
	if (is_former(b)) {
		assert(lane->n_former > 0 && lane->n_former_packets >= b->packets.n_packets);
		lane->n_former--;
		lane->n_former_packets -= b->packets.n_packets;
		return;
	}
	assert(lane->n_flying > 0 && lane->n_flying_packets >= b->packets.n_packets);
	assert(lane->n_flying_halves >= b->is_half && lane->n_flying_suspects >= b->is_suspect);
	lane->n_flying--;
	lane->n_flying_halves -= b->is_half;
	lane->n_flying_packets -= b->packets.n_packets;
	lane->n_flying_suspects -= b->is_suspect;
}

/* What its end says of the pace of the analyzer. */
static void note_pace(struct lane *lane, const struct batch *b, enum delivery_outcome outcome)
{
	const struct transfer *t = &b->transfer;

	lane->is_quick = outcome == OUTCOME_OK && t->ended_us - t->started_us < QUICK_US;
	backlog_hear(&lane->backlog, t->ended_us);
	latency_limit_hear(&lane->latency, t->started_us, t->ended_us);
	if (t->result == TRANSFER_ANSWERED && !lane_ran_out_of_time(t)) {
		silence_answer(&lane->silence, t->started_us, t->ended_us);
		if (outcome == OUTCOME_OK && t->started_us > lane->answered_start_us)
			lane->answered_start_us = t->started_us;
	}
}

/* What its end says of the analyzer and of the packets. */
static void take_outcome(struct lane *lane, struct batch *b)
{
	enum delivery_outcome outcome = batch_outcome(&b->transfer);

	if (outcome == OUTCOME_OK)
		outcome = take_success(lane, b);
	if (!is_former(b))
		note_pace(lane, b, outcome);
	lane_count_delivery(lane, b, outcome);
	if (outcome == OUTCOME_OK)
		on_delivered(lane, b);
	else if (outcome == OUTCOME_BAD)
		on_bad(lane, b);
	else
		on_failed(lane, b, outcome);
}

void lane_on_done(struct transfer *t)
{
	struct batch *b = CONTAINER_OF(t, struct batch, transfer);
	struct lane *lane = b->lane;

	note_end(lane, b);
	if (lane->is_ended)
		lane_take_back(b, REROUTE_ENDING);
	else
		take_outcome(lane, b);
	batch_free(b);
	lane->events.on_reach(lane->events.arg, lane);
	lane_let_go(lane);
	lane_check_empty(lane);
}
