/*
 * The fates of packets that an analyzer tells one by one, in a 2xx answer to their batch.
 */
#include <stdlib.h>

#include "common/log.h"
#include "node/deliver/lane_outcome.h"
#include "node/deliver/results.h"
#include "node/node_metrics.h"
#include "node/packet/suspicion.h"

static void fail(struct lane *lane, struct packet *p, const struct result *result)
{
	const struct suspicion_failure failure = { .kind = SUSPICION_STATUS,
						   .status = result->status,
						   .was_alone = true,
						   .analyzer = lane->id };

	suspicion_count(p, &failure);
	suspicion_quote(p, lane->id, result->text, result->len);
	lane->events.on_taken_back(lane->events.arg, lane, p, REROUTE_STATUS, true);
}

void lane_decide(struct lane *lane, struct packet *p, const struct result *result)
{
	switch (batch_status_outcome(result->status)) {
	case OUTCOME_BAD:
		suspicion_quote(p, lane->id, result->text, result->len);
		lane->events.on_bad(lane->events.arg, lane, p, result->status);
		break;
	case OUTCOME_BUSY:
		lane->events.on_taken_back(lane->events.arg, lane, p, REROUTE_BUSY, true);
		break;
	default:
		fail(lane, p, result);
	}
}

/* What the whole batch comes to, where none of its packets was taken or is bad; else OUTCOME_OK. */
static enum delivery_outcome common_failure(const struct result *results, unsigned n)
{
	enum delivery_outcome found = OUTCOME_BUSY;

	for (unsigned i = 0; i < n; i++) {
		enum delivery_outcome outcome = batch_status_outcome(results[i].status);

		if (outcome == OUTCOME_OK || outcome == OUTCOME_BAD)
			return OUTCOME_OK;
		if (outcome != OUTCOME_BUSY)
			found = OUTCOME_STATUS;
	}
	return found;
}

/* Those that were delivered stay in the batch. */
static void apply(struct lane *lane, struct batch *b, const struct result *results)
{
	unsigned n = b->packets.n_packets;
	bool is_busy = false;

	for (unsigned i = 0; i < n; i++) {
		enum delivery_outcome outcome = batch_status_outcome(results[i].status);
		struct packet *p = packet_queue_pop(&b->packets);

		is_busy |= outcome == OUTCOME_BUSY;
		if (outcome == OUTCOME_OK)
			packet_queue_push(&b->packets, p);
		else
			lane_decide(lane, p, &results[i]);
	}
	if (is_busy)
		lane_pause_for(b);
}

enum delivery_outcome lane_take_results(struct lane *lane, struct batch *b)
{
	struct transfer *t = &b->transfer;
	unsigned n = b->packets.n_packets;
	AUTO_FREE struct result *results = NULL;
	enum delivery_outcome outcome;
	int r = RESULTS_E_NONE;

	if (b->kind == BATCH_DELIVER ? t->json_len > 0 : results_may_be_in(t->json, t->json_len))
		results = calloc(n, sizeof(*results));
	if (results && b->kind == BATCH_DELIVER)
		r = results_read_call(t->json, t->json_len, results, n);
	else if (results)
		r = results_read(t->json, t->json_len, results, n);
	if (r == RESULTS_E_MISFIT)
		log_warn("lane", "the results of an answer do not fit its batch",
			 "analyzer=%s url=%s status=%d packets=%u", lane->id, lane->url, t->status,
			 n);
	if (r != 0)
		return OUTCOME_OK;
	outcome = common_failure(results, n);
	if (outcome == OUTCOME_OK)
		apply(lane, b, results);
	else
		t->status = results[0].status;
	return outcome;
}
