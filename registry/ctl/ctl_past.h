#ifndef WEIR_REGISTRY_CTL_PAST_H
#define WEIR_REGISTRY_CTL_PAST_H
#include "registry/ctl/ctl.h"

/* weirctl events --last N --since TIME: of the journal, a line for each entry, the oldest first. */
enum ctl_exit ctl_past_print(struct ctl *ctl);
/* Shows a list of entries that was read elsewhere; takes it. */
enum ctl_exit ctl_past_show(const struct ctl_options *options, cJSON *list);

/* One of them, on a line. */
void ctl_past_print_entry(const cJSON *entry);

#endif
