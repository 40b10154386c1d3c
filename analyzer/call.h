#ifndef WEIR_ANALYZER_CALL_H
#define WEIR_ANALYZER_CALL_H
/*
 * Calls of gRPC: weir.v1.Analyzer/Deliver and Export of OTLP bring packets, which take the way of those
 * that come by POST /ingest. Check asks how the analyzer is.
 */
#include "analyzer/ingest.h"

#define CALL_QUESTION_BYTES 256 /* that Check may have */

/* Each answers the call, and returns 200 where packets were taken. */
int call_deliver(const struct ingest *ingest, struct worker *worker, struct front_request *rq);
int call_export(const struct ingest *ingest, struct worker *worker, struct front_request *rq);
void call_check(const struct ingest *ingest, struct front_request *rq, bool is_serving);

#endif
