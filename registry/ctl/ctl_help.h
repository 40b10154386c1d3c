#ifndef WEIR_REGISTRY_CTL_HELP_H
#define WEIR_REGISTRY_CTL_HELP_H
/* The files of registry/ctl/help/: what a command does, with examples, by its name ("dead-list.txt"). */
#include "common/asset.h"

extern const struct asset ctl_help[];
extern const size_t n_ctl_help;

#endif
