#ifndef WEIR_NODE_PAST_JSON_H
#define WEIR_NODE_PAST_JSON_H
/*
 * The past as JSON: a range of it for a chart (GET /v1/history), and single points as nodes keep
 * them in Redis for each other. Pure.
 */
#include <cjson/cJSON.h>

#include "node/watch/past.h"

/* Shapes are in node/openapi.yaml. The caller's to delete; NULL: out of memory. */
cJSON *past_json(const struct past *past, enum past_range range, const struct history *h,
		 const struct roster *roster);

/* {"t":from_ms,"p":packets/s,"r":refused/s,"s":spilled,"d":dead,"k":p99 of 202s,
 *  "a":{"a1":[messages/s,p99,error ratio]}}; null is unknown. The caller's to cJSON_free. */
char *past_point_text(const struct past_point *point);
/* The point's analyzers are the caller's to free. 1: that is no point of this range. */
int past_point_read(const char *text, enum past_range range, struct past_point *point) MUST_CHECK;

#endif
