#ifndef WEIR_REGISTRY_CTL_FAULT_H
#define WEIR_REGISTRY_CTL_FAULT_H
#include "registry/ctl/ctl.h"

#define CTL_FAULT_SIZE 64

/* The fault that the options ask for, or `word` (NULL: none), as analyzers are told it; "": none.
 * CTL_USAGE where it is none, or more than one. */
enum ctl_exit ctl_fault_name(const struct ctl_options *options, const char *word,
			     char fault[CTL_FAULT_SIZE]);

#endif
