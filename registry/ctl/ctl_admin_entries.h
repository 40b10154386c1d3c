#ifndef WEIR_REGISTRY_CTL_ADMIN_ENTRIES_H
#define WEIR_REGISTRY_CTL_ADMIN_ENTRIES_H
/* Spill and dead letters through a node, printed as straight from Redis. */
#include "registry/ctl/ctl.h"

ctl_run_fn ctl_admin_list, ctl_admin_show, ctl_admin_spill, ctl_admin_deed;

#endif
