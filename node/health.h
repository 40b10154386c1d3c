#ifndef WEIR_NODE_HEALTH_H
#define WEIR_NODE_HEALTH_H
/*
 * Is this node alive, is it ready? Answered from memory by whatever thread is asked.
 *
 * livez is false where a worker's loop has not turned for some time: it hangs, and what it holds
 * with it. readyz is false while starting (no
 * roster yet), while draining, and for a moment after a packet could not be put anywhere as long
 * as that is still so. Redis being away alone does not make a node unready.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "registry/redis/redis_state.h"

#define HEALTH_STUCK_US 10000000 /* a loop that has not turned for so long hangs */
#define HEALTH_TURN_US 1000000   /* it turns at least so often */
#define HEALTH_MAX_WORKERS 256
#define HEALTH_UNPLACED_US 2000000 /* how long an unplaced packet is remembered */

struct health {
	_Atomic bool has_roster;
	_Atomic uint64_t turned_us[HEALTH_MAX_WORKERS]; /* of each worker; 0: it does not run */
	_Atomic bool draining;
	_Atomic bool redis_up;        /* the control thread's link */
	_Atomic unsigned redis_state; /* enum redis_state, as redis_seen.h has it */
	bool has_spill_redis;  /* the spill is on a server of its own; set before threads start */
	_Atomic bool spill_up; /* the control thread's link to that */
	_Atomic uint64_t unplaced_us; /* when a packet could last not be placed; 0: never, or since
					 then one could */
};

enum health_verdict {
	HEALTH_READY,
	HEALTH_STARTING,
	HEALTH_DRAINING,
	HEALTH_UNPLACED,
	HEALTH_STUCK,
	HEALTH_VERDICTS
};
/* A line for each verdict, with its newline. */
extern const char *const health_verdict_texts[HEALTH_VERDICTS];

/* A worker turns, or (false) does not run any more. */
void health_turn(struct health *h, unsigned worker, uint64_t now_us, bool runs);
/* READY or STUCK. */
enum health_verdict health_live(const struct health *h, uint64_t now_us);
enum health_verdict health_ready(const struct health *h, uint64_t now_us);
/* As the control thread finds it each second; AWAY as soon as its link is lost. */
enum redis_state health_redis(const struct health *h);
/* readyz?verbose: a line per check. */
void health_write_verbose(const struct health *h, uint64_t now_us, struct buf *out);

#endif
