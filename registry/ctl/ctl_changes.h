#ifndef WEIR_REGISTRY_CTL_CHANGES_H
#define WEIR_REGISTRY_CTL_CHANGES_H
/*
 * What is different between two looks at a pool, in words.
 */
#include <cjson/cJSON.h>

#include "registry/roster.h"

/* An array of strings, empty: nothing is. The caller's to delete; NULL: out of memory. */
cJSON *ctl_changes(const struct roster *before, const struct roster *now);

#endif
