#ifndef WEIR_NODE_OVERVIEW_H
#define WEIR_NODE_OVERVIEW_H
/*
 * Everything that the dashboard shows, as JSON: the pool as it is, what nodes report, and how it
 * was of late. Shapes are in node/openapi.yaml. Pure.
 */
#include <cjson/cJSON.h>

#include "node/watch/history.h"
#include "node/watch/since.h"
#include "registry/redis/redis_seen.h"
#include "registry/reports.h"

struct overview {
	const char *pool, *node; /* node: who answers */
	const char *emitter_url; /* NULL: there is none */
	const struct roster *roster;
	const struct reports *reports;
	const struct history *history;
	uint64_t every_ms; /* how often it is made while somebody looks */
	bool is_current;   /* else the pool is as last seen */
	bool is_own;       /* the figures are those of `node` alone */
	double round_trip_ms;
	struct redis_view redis;
	double spill_max_bytes; /* 0: there is no spill */
	double rate_hour;       /* messages a second an hour ago; negative: not known */
	const cJSON *events;
	struct since *since; /* borrowed, and written */
};

/* The caller's to delete; NULL: out of memory. */
cJSON *overview_json(const struct overview *o);

#endif
