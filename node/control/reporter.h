#ifndef WEIR_NODE_REPORTER_H
#define WEIR_NODE_REPORTER_H
/*
 * What a node tells the others of itself, its lanes and breakers, each second, so that any node can
 * show all of them. Made of the metrics of its workers; read by reports.h.
 *
 *   {"version","uptime_s","workers","connections","packets_per_s","messages_per_s",
 *    "redis":{"up_workers","round_trip_ms"},"held_bytes","held_max_bytes","memory_max_bytes","spill_max_bytes","refused":{REASON:n},"epoch",
 *    "ack":"BUCKET:COUNT ...","lanes":{ANALYZER:"QUEUED FLYING PAUSED BUCKET:COUNT ... failed:COUNT"},
 *    "refusals":[{"method","path","client","status","code","count","age_ms","advice"}],
 *    "trouble":[{"analyzer","worker","state","left_ms","failures"}],
 *    "checks":{ANALYZER:{"since_ms","change_ms","checked_ms","down_s","flaps","error_ms","error"}},
 *    "refusing":{REASON:{"status","per_s","since_ms"}}}
 *
 * The epoch is that of the report before. Workers had a second to take it up, so what they do for an
 * analyzer since then follows it. Lanes without anything to say are left out, and so are breakers that are closed without a
 * failure, analyzers that were never in trouble (checks.h), and reasons for which nothing was refused
 * in the last five seconds. Deliveries are counted by the buckets of the metrics, those of about the last ten
 * seconds: older ones fade away. A lane is a string, as there are nodes times analyzers of them to
 * be read each second.
 */
#include "node/http/refusal.h"
#include "node/shared.h"

struct reporter;

/* Borrows all; there is a shard for each worker, in their order. NULL: out of memory. */
struct reporter *reporter_new(struct node_shared *shared, const struct metrics_shard *const *shards,
			      unsigned n_shards, uint64_t now_us);
void reporter_free(struct reporter *r);

/* Appends the report. round_trip_us: to Redis and back. */
void reporter_write(struct reporter *r, const struct roster *roster, uint64_t round_trip_us,
		    uint64_t now_us, struct buf *out);
/* Since when agents are refused for a reason without a pause, by the wall clock; 0: they are not. */
uint64_t reporter_refusing_since(const struct reporter *r, enum refusal refusal);

#endif
