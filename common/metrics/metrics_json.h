#ifndef WEIR_COMMON_METRICS_JSON_H
#define WEIR_COMMON_METRICS_JSON_H
/*
 * What metrics_write writes, as JSON, for programs that do not read the format of Prometheus:
 *   {"x_total":{"type":"counter","help":"...","values":[{"labels":{"analyzer":"a1"},"value":3}]},
 *    "x_seconds":{"type":"histogram","help":"...",
 *                 "values":[{"labels":{},"buckets":{"0.1":2,...,"+Inf":3},"sum":0.2,"count":3}]}}
 * Made from that text, so that the two never differ.
 */
#include <cjson/cJSON.h>

/* text is what metrics_write wrote; it is changed. The caller's to delete; NULL: out of memory, or
 * no such text. */
cJSON *metrics_json(char *text);

#endif
