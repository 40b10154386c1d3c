#ifndef WEIR_BENCH_SWARM_H
#define WEIR_BENCH_SWARM_H
/*
 * Many workers in one process on one real Redis: the router of a node each (ledger, windows,
 * numbered calls, link), but no HTTP (no_lanes.c). Packets come at random times, at the same rate
 * for each.
 */
#include "bench/bench_pool.h"
#include "loadgen/sizes.h"

struct swarm_config {
	struct bench_pool *pool; /* borrowed */
	unsigned n_workers;
	double rate; /* packets/s of each worker */
	struct sizes sizes;
	double warm_s, seconds; /* before figures count, and while they do */
};

struct swarm_figures {
	double seconds, packets, messages;
	double largest_packet;
	/* messages that an analyzer is away from its share of all since the start */
	double worst, mean;
	double route_calls, settle_calls;  /* answered */
	double packets_without_redis;      /* that should have been routed by it */
	double n_leased, n_exact, n_away;  /* workers, at the end */
	double window_ms, window_least_ms; /* as long as workers make it; what Redis allows */
	double late_ms; /* most that packets came late: this process is too slow */
	struct redis_usage redis;
};

int swarm_run(const struct swarm_config *config, struct swarm_figures *figures) MUST_CHECK;

#endif
