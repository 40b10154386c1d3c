#ifndef WEIR_LOADGEN_VERDICT_H
#define WEIR_LOADGEN_VERDICT_H
/*
 * Did each analyzer get its share of the run? Pure arithmetic on two looks at the cluster:
 *
 *   error = routed_i - share_i * total      in messages, and in percent of the total
 *
 * An analyzer is right by the rule of common/tolerance.h, with the largest packets that were sent.
 * Shares are judged only if the pool stayed the same: its epoch grows with each change of analyzers,
 * weights, states and shares. What was routed and delivered is told by the totals of the pool, so
 * analyzers that left during the run count, too.
 */
#include <stdbool.h>

#include "loadgen/cluster.h"

struct verdict_row {
	char id[CLUSTER_ID_SIZE];
	double weight;
	double share;                         /* target, 0 to 1 */
	double actual;                        /* of what was routed during the run, 0 to 1 */
	double error_percent;                 /* (actual - share) * 100 */
	double error_messages;                /* routed - share * total */
	int64_t routed, delivered, processed; /* messages, during the run */
	bool ok;
};

struct verdict {
	struct verdict_row *rows; /* owned */
	size_t n_rows;
	int64_t accepted;          /* messages that the load generator got acknowledged */
	int64_t routed, delivered; /* messages, during the run, also of analyzers that left */
	int64_t processed; /* messages, during the run, of analyzers that are there at its end */
	/* delivered packets during the run, by counters of analyzers and by accounts of nodes */
	int64_t counted_packets, accounted_packets;
	double tolerance_percent;
	double slack_messages;
	double worst_percent; /* greatest |error_percent| */
	int64_t epoch_before, epoch_after;
	size_t n_joined, n_left; /* analyzers that only one of the looks has */
	bool roster_changed; /* the epoch is not the same in both looks: shares are not judged */
	bool shares_ok;      /* true if they are not judged */
	bool delivered_ok;   /* whatever was accepted was delivered */
	bool accounts_ok; /* both tell the same packets, or do not tell, or were lost meanwhile */
};

/* A counter that went down was started again from 0. On success release with verdict_deinit. */
int verdict_init(struct verdict *v, const struct cluster *before, const struct cluster *after,
		 int64_t accepted, double tolerance_percent, double slack_messages) MUST_CHECK;
void verdict_deinit(struct verdict *v);
bool verdict_ok(const struct verdict *v);

#endif
