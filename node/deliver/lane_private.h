#ifndef WEIR_NODE_LANE_PRIVATE_H
#define WEIR_NODE_LANE_PRIVATE_H
/*
 * What lane.c (what waits, what may leave), lane_outcome.c (what becomes of it) and lane_metrics.c
 * (what is seen of it) share.
 */
#include "node/deliver/backlog.h"
#include "node/deliver/batch.h"
#include "node/deliver/breaker.h"
#include "node/deliver/lane.h"

struct lane {
	struct lane_config config;
	struct lane_events events;
	char id[ANALYZER_ID_MAX + 1];
	char url[ANALYZER_URL_MAX + 1];
	char instance[INSTANCE_MAX + 1];
	unsigned slot;
	bool is_eligible; /* by the roster */
	bool is_shut;     /* neither eligible nor draining */
	bool is_retired;
	bool probe_is_down;
	enum analyzer_accepts accepts;
	unsigned max_batch_packets;
	size_t max_batch_bytes;
	struct breaker breaker;
	struct { /* what metrics say of it; BREAKER_STATES: nothing */
		enum breaker_state state;
		unsigned n_failures;
		uint64_t open_until_us;
	} shown;
	struct concurrency concurrency;
	struct backlog backlog;
	uint64_t paused_until_us; /* 0: not paused */
	struct packet_queue queue;
	struct batch *halves; /* of refused batches, to be sent */
	unsigned n_flying;    /* batches */
	unsigned n_flying_halves;
	unsigned n_flying_packets;
	bool is_quick; /* its last delivery took less than QUICK_US */
};

/* Its metrics are as it is; or gone. */
void lane_show(struct lane *lane);
void lane_hide(struct lane *lane);

/* Deliveries may begin. */
bool lane_may_send(const struct lane *lane);
/* Why not. */
enum reroute_reason lane_why_not(const struct lane *lane);
/* What is queued is taken back. */
void lane_evict(struct lane *lane, enum reroute_reason reason);
/* Retired, and nothing is left: on_empty. */
void lane_check_empty(struct lane *lane);

/* The sender's on_done of a batch. */
void lane_on_done(struct transfer *t);
void lane_take_back(struct batch *b, enum reroute_reason reason);
/* Its breaker has changed its state. */
void lane_note_breaker(const struct lane *lane, const char *why);

#endif
