#ifndef WEIR_REGISTRY_CTL_ENTRIES_H
#define WEIR_REGISTRY_CTL_ENTRIES_H
/*
 * What the commands about entries share: how entries are named on the command line, and their age.
 */
#include "registry/ctl/ctl.h"
#include "registry/entries.h"

#define CTL_AGE_MAX 48

struct entries ctl_entries_of(struct ctl *ctl, enum registry_key stream); /* borrows ctl */
/* Whether all of names (ending with NULL) could name entries: CTL_OK, or a line of complaint. */
enum ctl_exit ctl_entries_check(char *const *names);
/* "3m 12s" */
void ctl_write_age(uint64_t ms, char out[CTL_AGE_MAX]);

#endif
