#ifndef WEIR_REGISTRY_CTL_ADMIN_STATUS_H
#define WEIR_REGISTRY_CTL_ADMIN_STATUS_H
#include <cjson/cJSON.h>
#include <stdbool.h>

#include "common/buf.h"

/* What an overview says, as text: analyzers with their windows, and nodes. */
void ctl_admin_write_status(const cJSON *overview, struct buf *out);
void ctl_admin_write_nodes(const cJSON *overview, struct buf *out);
/* Packets that are queued for an analyzer, or on their way to it, at any node. False: it has
 * left. */
bool ctl_admin_lane(const cJSON *overview, const char *id, double *queuedp, double *flyingp);

#endif
