#ifndef WEIR_ANALYZER_STATUS_H
#define WEIR_ANALYZER_STATUS_H
/*
 * What the analyzer says of itself to whoever asks, and its switch. Nothing here blocks.
 */
#include "analyzer/ingest.h"

/* It takes packets. is_draining: it is about to end. */
bool status_is_up(const struct ingest *ingest, bool is_draining);

/* Each answers the request, and returns the status. */
int status_health(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_status(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_processed(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_stats(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_metrics(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_enable(const struct ingest *ingest, bool is_draining, struct front_request *rq);
int status_disable(const struct ingest *ingest, bool is_draining, struct front_request *rq);

#endif
