#ifndef WEIR_REGISTRY_CTL_ADMIN_H
#define WEIR_REGISTRY_CTL_ADMIN_H
/* Commands through the admin port of a node, which needs no Redis here: --admin. */
#include "registry/ctl/ctl.h"

/* Runs the command that way; says so where it cannot. */
enum ctl_exit ctl_admin_run(struct ctl *ctl, const struct ctl_command *command, char **arguments);

#endif
