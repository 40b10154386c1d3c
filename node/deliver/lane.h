#ifndef WEIR_NODE_LANE_H
#define WEIR_NODE_LANE_H
/*
 * The way from one worker to one analyzer: a bounded queue, and the batches under way.
 *
 *   push -> queue -> [batch] -> sender -> outcome --2xx--------------> delivered
 *             |                             |------400 413 415 422---> halves, until one is bad
 *             v                             |------429 503-----------> pause;   taken back
 *           evict: taken back               +------everything else---> breaker; taken back
 *
 * Group commit: whatever is queued when a slot is free leaves as one POST; nothing waits for
 * company. How many slots there are is found out (concurrency.h); a second one opens only for a
 * full batch, or while fewer than four packets are under way to an analyzer that answers within a
 * millisecond. Halves have slots of their own, so the search for a bad packet holds nobody up. So
 * have packets that travel alone because a delivery of them failed (packet/suspicion.h).
 * The queue takes no more than the analyzer does in about a second (backlog.h); when that becomes
 * less, so that twice as much is queued, the newest go elsewhere.
 */
#include "node/deliver/lane_queue.h"

/* NULL: out of memory. */
struct lane *lane_new(const struct lane_config *config, const struct lane_events *events,
		      const struct analyzer *a);
/* No batch may be under way. */
void lane_free(struct lane *lane);

/* The roster says something new about its analyzer. A new instance starts with a closed breaker. As after
 * the next ones, lane_let_go is due once all lanes know what is new. */
void lane_update(struct lane *lane, const struct analyzer *a);
/* Its analyzer left: nothing goes out any more; on_empty when what is under way has ended. */
void lane_retire(struct lane *lane);
/* The node delivers no more. lane_let_go and sender_free are due: what is under way is cut and taken back, and
 * nothing is learned from that. */
void lane_end(struct lane *lane);

/* Takes the packet; lane_can_take must be true. It leaves with lane_flush. */
void lane_push(struct lane *lane, struct packet *p);
void lane_flush(struct lane *lane);

/* The node's health probe: while it is down nothing is sent. */
void lane_set_probe(struct lane *lane, bool is_down);
/* What the worker knows of all other analyzers. */
struct lane_others {
	uint64_t answered_us; /* the last answer of any of them; 0: there was none */
	bool are_fit;         /* one of them could get more, and is not slow */
};
/* Time passes: an open breaker may turn half-open, a pause may end, an analyzer may turn out to
 * hang or to be slow, what is queued beyond its pace is taken back. True: call again soon. */
bool lane_tick(struct lane *lane, const struct lane_others *others, uint64_t now_us);
/* Deliveries are under way. */
bool lane_is_busy(const struct lane *lane);
/* When its analyzer last answered; 0: never. */
uint64_t lane_answered_us(const struct lane *lane);

const char *lane_id(const struct lane *lane);
unsigned lane_slot(const struct lane *lane);
/* Its analyzer's slot changed. SLOT_NONE: it has none any more. */
void lane_set_slot(struct lane *lane, unsigned slot);
unsigned lane_n_packets(const struct lane *lane); /* queued and under way */

#endif
