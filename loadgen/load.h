#ifndef WEIR_LOADGEN_LOAD_H
#define WEIR_LOADGEN_LOAD_H
/*
 * A run: packets become due by the pacer and go out on whatever connection is free.
 *
 *   pacer --due--> write packet --> client --> accepted | refused | failed
 *     (backlog)        ^              |
 *                      +-- retries <--+  503 and the like, no answer; at most n_retries times
 *
 * Targets take turns; a target without a free connection is passed over, since a stalled target
 * must not hold up the schedule. While no connection is free, packets wait in the backlog, and
 * their latency counts from when they were due. After the schedule's end the backlog and retries
 * are sent for one timeout at most; whatever is in flight is waited for, each for its own timeout.
 */
#include <stdio.h>

#include "loadgen/compress.h"
#include "loadgen/control/emitter.h"
#include "loadgen/framing.h"
#include "loadgen/pacer.h"
#include "loadgen/source.h"
#include "loadgen/stats.h"

struct load_config {
	double rate_per_s;    /* 0: as fast as the connections take them */
	uint64_t duration_ms; /* 0: no end by time */
	uint64_t max_packets; /* 0: no end by count */
	uint64_t
		max_messages; /* the load ends when at least this many were sent; 0: no such limit */
	uint64_t max_backlog; /* packets; the oldest are dropped beyond it */
	uint64_t timeout_ms;  /* of one attempt, connect included */
	uint32_t n_retries;
	uint32_t n_connections; /* over all targets; at least one for each */
	const char *id_prefix;  /* ids are "prefix-number" */
	const struct target *targets;
	size_t n_targets; /* >= 1 */
	const struct writer *writer;
	struct compressor *compressor; /* NULL: nothing is compressed */
	struct framing *framing;       /* what listeners without HTTP get; NULL: requests */
	struct emitter *emitter; /* whose orders are followed until a signal ends it; NULL: none */
	FILE *acked;             /* gets the id of each accepted packet, a line each; may be NULL */
};

/* Called about every `progress_ms`, and once at the end. */
struct load_progress {
	const struct stats *stats;
	uint64_t now_us;
	uint64_t backlog; /* packets */
	uint32_t n_in_flight;
	double done; /* 0 to 1; 0 where the run has no end */
};
typedef void (*load_progress_fn)(void *arg, const struct load_progress *progress);

/*
 * Runs to its end, or until SIGINT or SIGTERM (the first waits for what is in flight, the second
 * does not). Fills *stats also where it fails. Negative: -ENOMEM, or the errno of the source.
 * progress_fn may be NULL.
 */
int load_run(const struct load_config *config, struct source *source, struct stats *stats,
	     load_progress_fn progress_fn, void *arg) MUST_CHECK;

#endif
