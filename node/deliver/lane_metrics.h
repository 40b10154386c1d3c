#ifndef WEIR_NODE_LANE_METRICS_H
#define WEIR_NODE_LANE_METRICS_H
/*
 * What is seen of a lane from outside: the metrics of its analyzer.
 */
#include "node/deliver/lane_queue.h"

/* The metrics say what the lane is like now. */
void lane_show(struct lane *lane);
/* The metrics say nothing of it any more. */
void lane_hide(struct lane *lane);

#endif
