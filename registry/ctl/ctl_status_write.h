#ifndef WEIR_REGISTRY_CTL_STATUS_WRITE_H
#define WEIR_REGISTRY_CTL_STATUS_WRITE_H
/*
 * What a look found, as text: the verdict, analyzers, their windows, nodes, deliveries, totals.
 */
#include "common/buf.h"
#include "registry/ctl/ctl_look.h"

void ctl_status_write(const struct ctl *ctl, const struct ctl_look *look, struct buf *out);
/* A line where the figures are those of one node alone, else nothing. */
void ctl_status_write_whose(const struct ctl_look *look, struct buf *out);

#endif
