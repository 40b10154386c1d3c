#ifndef WEIR_REGISTRY_CTL_DEAD_H
#define WEIR_REGISTRY_CTL_DEAD_H
/* What dead purge does straight in Redis and through a node alike. */
#include "registry/ctl/ctl.h"

/* How many dead letters there are. */
typedef enum ctl_exit ctl_dead_count_fn(struct ctl *ctl, double *np);

/* Before all are deleted: asks on a terminal, and wants --yes where there is none. */
enum ctl_exit ctl_dead_confirm(struct ctl *ctl, ctl_dead_count_fn *how_many);

#endif
