#ifndef WEIR_REGISTRY_CTL_DRAIN_H
#define WEIR_REGISTRY_CTL_DRAIN_H
#include "registry/ctl/ctl.h"

/* weirctl drain ID --wait: until nothing is queued for the analyzer, or on its way to it, at any
 * node. */
enum ctl_exit ctl_drain_wait(struct ctl *ctl, const char *id);

#endif
