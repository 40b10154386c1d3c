#ifndef WEIR_NODE_HEALTH_H
#define WEIR_NODE_HEALTH_H
/*
 * Is this node alive, is it ready? Answered from memory by whatever thread is asked.
 *
 * livez looks at nothing: it is answered, so the loop turns. readyz is false while starting (no
 * roster yet), while draining, and for a moment after a packet could not be put anywhere as long
 * as that is still so. Redis being away alone does not make a node unready.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

#define HEALTH_UNPLACED_US 2000000 /* how long an unplaced packet is remembered */

struct health {
	_Atomic bool has_roster;
	_Atomic bool draining;
	_Atomic bool redis_up;        /* the control thread's link */
	_Atomic uint64_t unplaced_us; /* when a packet could last not be placed; 0: never, or since
					 then one could */
};

enum health_verdict {
	HEALTH_READY,
	HEALTH_STARTING,
	HEALTH_DRAINING,
	HEALTH_UNPLACED,
	HEALTH_VERDICTS
};
/* A line for each verdict, with its newline. */
extern const char *const health_verdict_texts[HEALTH_VERDICTS];

enum health_verdict health_ready(const struct health *h, uint64_t now_us);
/* readyz?verbose: a line per check. */
void health_write_verbose(const struct health *h, uint64_t now_us, struct buf *out);

#endif
