#ifndef WEIR_LOADGEN_STATS_JSON_H
#define WEIR_LOADGEN_STATS_JSON_H
/* What GET /stats answers. Pure. */
#include <cjson/cJSON.h>

#include "loadgen/control/emitter.h"

/*
 * {"status":"running","rate":200,"format":"json","sent":{"packets","messages","bytes"},
 *  "accepted":{"packets","messages"},"refused":{...},"failed":{...},
 *  "packets_per_s","messages_per_s","latency_us":{"p50","p90","p99","max"},
 *  "backlog","in_flight","waiting_messages"}
 * NULL: out of memory.
 */
cJSON *stats_json_make(const struct emitter_orders *orders, const struct emitter_figures *figures,
		       const char *format);

#endif
