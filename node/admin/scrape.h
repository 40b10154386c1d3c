#ifndef WEIR_NODE_SCRAPE_H
#define WEIR_NODE_SCRAPE_H
/*
 * GET /metrics: what the workers count, and what this node knows of the process and of the pool.
 * Answered from memory: a scrape never waits for Redis, nor a worker for a scrape.
 */
#include "node/admin/admin_api.h"

/* Appends them. -ENOMEM */
int scrape_write(struct admin_api *api, enum metrics_format format, struct buf *text) MUST_CHECK;
int scrape_get_metrics(struct admin_api *api, struct front_request *rq, const char *id);

#endif
