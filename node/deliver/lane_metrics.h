#ifndef WEIR_NODE_LANE_METRICS_H
#define WEIR_NODE_LANE_METRICS_H
/*
 * What is seen of a lane from outside: the metrics of its analyzer.
 */
#include "node/deliver/lane_queue.h"
#include "node/node_metrics.h"

/* Adds to a counter of its analyzer. One that has no slot any more has none. */
void lane_count(const struct lane *lane, enum node_metric counter, int64_t n);
/* One of its deliveries ended like that. */
void lane_count_delivery(const struct lane *lane, const struct batch *b,
			 enum delivery_outcome outcome);
/* The metrics say what the lane is like now. */
void lane_show(struct lane *lane);
/* The metrics say nothing of it any more. */
void lane_hide(struct lane *lane);

#endif
