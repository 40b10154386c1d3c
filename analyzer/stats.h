#ifndef WEIR_ANALYZER_STATS_H
#define WEIR_ANALYZER_STATS_H
/*
 * Everything that is counted: for /stats, /metrics and the heartbeat. Any thread.
 */
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "analyzer/membership.h"
#include "analyzer/refusal.h"
#include "analyzer/sink/sink_counters.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/metrics/metrics.h"

/* One delivery that was acknowledged. */
struct stats_batch {
	uint64_t n_packets;    /* processed: without duplicates */
	uint64_t n_messages;   /* of those */
	uint64_t n_duplicates; /* packets acknowledged, not processed again */
	uint64_t n_conflicts;  /* packets processed although their id was known: other bytes */
	uint64_t n_bytes;      /* of the body */
	uint64_t took_us;
};

struct stats;

/* NULL: out of memory. */
struct stats *stats_new(void);
void stats_free(struct stats *s);

void stats_count_batch(struct stats *s, const struct stats_batch *batch);
void stats_count_refusal(struct stats *s, enum refusal reason);
/* A call to the registry: what succeeded, or that it failed. */
void stats_count_call(struct stats *s, enum membership_call call);
void stats_set_registered(struct stats *s, bool registered);
void stats_set_up(struct stats *s, bool up);

/* From now on they are shown, too. Borrowed. */
void stats_show_sink(struct stats *s, const struct sink_counters *sink);

/* Messages processed since the start. */
uint64_t stats_processed(struct stats *s);
/* Adds what became of messages for the sink to an object, if there is a sink. false: out of memory. */
bool stats_add_sink(const struct stats *s, cJSON *json);
/* The body of GET /stats; the caller's. NULL: out of memory. */
cJSON *stats_json(struct stats *s, const char *id);
/* Appends the text of GET /metrics. */
void stats_write_metrics(struct stats *s, enum metrics_format format, struct buf *out);

#endif
