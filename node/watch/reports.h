#ifndef WEIR_NODE_REPORTS_H
#define WEIR_NODE_REPORTS_H
/*
 * What the nodes of a pool report (reporter.h), put together: by node as it came, by analyzer
 * summed up over all nodes.
 */
#include <cjson/cJSON.h>
#include <hiredis/hiredis.h>

#include "common/metrics/metrics.h"
#include "registry/roster.h"

struct lanes { /* to one analyzer, of all workers */
	double queued, flying, paused;
	double n_open, n_half_open, n_hanging; /* breakers */
	double times[METRICS_N_BUCKETS + 1];   /* deliveries of about the last 10 s, by bucket */
	cJSON *trouble;                        /* owned; array of {"worker","state",...} */
};

struct reports {
	cJSON *nodes;        /* owned; node -> report */
	struct lanes *lanes; /* as the roster's analyzers */
	unsigned n_lanes;
	double n_workers; /* that report */
	cJSON *refused;   /* owned; reason -> requests, of all nodes */
	double n_refused;
};

/* From the HASH `report`. What is no report is left out. */
int reports_init(struct reports *r, const redisReply *hash, const struct roster *roster) MUST_CHECK;
void reports_deinit(struct reports *r);

/* percent in (0, 100): ms, by interpolation within its bucket. False: there were no deliveries. */
bool lanes_percentile(const struct lanes *lanes, double percent, double *msp);

#endif
