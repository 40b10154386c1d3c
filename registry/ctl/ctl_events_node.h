#ifndef WEIR_REGISTRY_CTL_EVENTS_NODE_H
#define WEIR_REGISTRY_CTL_EVENTS_NODE_H
/* The command events through a node: its journal, looked at each second. */
#include "registry/ctl/ctl.h"
#include "registry/ctl/ctl_fold.h"

ctl_run_fn ctl_events_of_node;

/* Says how many lines were left out, if that is to be said now; key: as ctl_fold_ends has it. */
void ctl_events_end_fold(struct ctl_fold *fold, const char *key);
/* Until a time of the monotonic clock. */
uint64_t ctl_events_ms_left(uint64_t end_us);

#endif
