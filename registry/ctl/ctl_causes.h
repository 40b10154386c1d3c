#ifndef WEIR_CTL_CAUSES_H
#define WEIR_CTL_CAUSES_H
/* What is wrong in the pool, in lines, as it can be seen in Redis. */
#include "common/buf.h"
#include "registry/reports.h"

/* Appends one sentence on the whole, and a line for each cause: since when, and the last error. */
void ctl_causes_write(const struct roster *roster, const struct reports *reports,
		      const cJSON *events, struct buf *out);

#endif
