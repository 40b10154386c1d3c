#ifndef WEIR_REGISTRY_CTL_NODES_H
#define WEIR_REGISTRY_CTL_NODES_H
/*
 * Workers gathered into nodes, and whom each node reaches. What a worker reports to Redis is all
 * that is known here of its breakers and health probes.
 */
#include "common/buf.h"
#include "registry/roster.h"

enum ctl_reach {
	REACH_FINE,  /* by all workers of the node */
	REACH_TRIED, /* a worker sends one batch at a time again (half-open) */
	REACH_HANGS, /* a worker sends nothing: it takes deliveries and does not answer */
	REACH_CUT    /* a worker sends nothing: breaker open, or health probe failed */
};

struct ctl_node {
	char id[WORKER_NAME_SIZE];
	unsigned n_workers;
	char mode[16];                   /* leased, if one of its workers is */
	uint8_t reach[ROSTER_MAX_SLOTS]; /* enum ctl_reach, the worst of its workers */
};

/* Sorted by id; the caller's to free. */
int ctl_nodes_gather(const struct roster *roster, struct ctl_node **nodesp,
		     unsigned *n_nodesp) MUST_CHECK;
/* Ids of the analyzers of which that is true, with ", " between them. */
void ctl_nodes_write(const struct roster *roster, const struct ctl_node *node, enum ctl_reach reach,
		     struct buf *out);

#endif
