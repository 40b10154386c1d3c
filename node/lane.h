#ifndef WEIR_NODE_LANE_H
#define WEIR_NODE_LANE_H
/*
 * The way from one worker to one analyzer: a bounded queue, and the batches under way.
 *
 *   push -> queue -> [batch] -> sender -> outcome --2xx----------------> delivered
 *             ^                             |------400 413 415 422-----> halves, until one packet
 * is bad |                             |------429 503-------------> pause; taken back (evict: taken
 * back)              +------everything else-----> breaker; taken back
 *
 * Group commit: whatever is queued when a slot is free leaves as one POST; nothing waits for
 * company. A second slot opens only for a full batch.
 */
#include "common/metrics.h"
#include "node/breaker.h"
#include "node/packet.h"
#include "node/sender.h"

/* Why packets that were not sent are taken back. */
enum evict_reason { EVICT_LEFT, EVICT_NOT_ELIGIBLE, EVICT_UNREACHABLE, EVICT_REASONS };

struct lane;

/* What lanes tell their owner. Packets are handed over. */
struct lane_events {
	void (*on_delivered)(void *arg, struct lane *lane, struct packet *p);
	void (*on_taken_back)(void *arg, struct lane *lane, struct packet *p, bool tried);
	void (*on_bad)(void *arg, struct lane *lane, struct packet *p, int status);
	void (*on_reach)(void *arg, struct lane *lane); /* lane_can_take may have changed */
	void (*on_empty)(void *arg,
			 struct lane *lane); /* a retired lane has no batch left: free it */
	void *arg;
};

struct lane_config {
	struct sender *sender;         /* borrowed */
	struct metrics_shard *metrics; /* borrowed */
	const char *node_id;           /* borrowed */
	uint32_t connect_ms, timeout_ms;
};

/* NULL: out of memory. */
struct lane *lane_new(const struct lane_config *config, const struct lane_events *events,
		      const struct analyzer *a);
/* No batch may be under way. */
void lane_free(struct lane *lane);

/* The roster says something new about its analyzer. A new instance starts with a closed breaker. */
void lane_update(struct lane *lane, const struct analyzer *a);
/* Its analyzer left: nothing goes out any more; on_empty when what is under way has ended. */
void lane_retire(struct lane *lane);

/* Takes the packet; lane_can_take must be true. It leaves with lane_flush. */
void lane_push(struct lane *lane, struct packet *p);
void lane_flush(struct lane *lane);

bool lane_can_take(const struct lane *lane, uint64_t now_us);
/* Out of this worker's reach: what it reports to the registry. A pause is not. */
bool lane_is_unreachable(const struct lane *lane);
/* Its breaker is half-open: in reach or not, that is being tried with one batch at a time. */
bool lane_is_on_trial(const struct lane *lane);
void lane_set_probe(struct lane *lane, bool is_down);
/* Time passes: an open breaker may turn half-open, a pause may end. True: call again soon. */
bool lane_tick(struct lane *lane, uint64_t now_us);

const char *lane_id(const struct lane *lane);
unsigned lane_slot(const struct lane *lane);
/* Its analyzer's slot changed. */
void lane_set_slot(struct lane *lane, unsigned slot);
unsigned lane_n_packets(const struct lane *lane); /* queued and under way */

#endif
