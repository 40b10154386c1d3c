#ifndef WEIR_LOADGEN_CLUSTER_H
#define WEIR_LOADGEN_CLUSTER_H
/*
 * What GET /v1/cluster says of the analyzers.
 */
#include <stdint.h>

#include "common/err.h"

#define CLUSTER_E_SHAPE 1 /* no JSON, or not of the shape of /v1/cluster */
#define CLUSTER_ID_SIZE 256

struct cluster_analyzer {
	char id[CLUSTER_ID_SIZE];
	double weight;
	double share;                         /* target, 0 to 1 */
	int64_t routed, delivered, processed; /* messages */
};

struct cluster {
	int64_t epoch;
	struct cluster_analyzer *analyzers; /* owned */
	size_t n_analyzers;
	/* messages of the whole pool, with those of analyzers that left; -1: an older node does not say */
	int64_t total_routed, total_delivered;
	/* delivered packets, by the counters of analyzers and by the accounts of nodes; -1: not said */
	int64_t counted_packets, accounted_packets;
};

/* On success release with cluster_deinit. */
int cluster_parse(struct cluster *cluster, const char *json, size_t len) MUST_CHECK;
void cluster_deinit(struct cluster *cluster);
/* NULL: unknown. Borrowed. */
const struct cluster_analyzer *cluster_find(const struct cluster *cluster, const char *id);

#endif
