#ifndef WEIR_REGISTRY_CTL_REFUSALS_H
#define WEIR_REGISTRY_CTL_REFUSALS_H
#include "registry/ctl/ctl.h"

/* A list as refusals_take makes it, as a table. */
enum ctl_exit ctl_refusals_print(const cJSON *list);

#endif
