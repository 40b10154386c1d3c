#ifndef WEIR_NODE_OVERVIEW_H
#define WEIR_NODE_OVERVIEW_H
/*
 * Everything that the dashboard shows, as JSON: the pool as it is, what nodes report, and how it
 * was of late. Shapes are in node/openapi.yaml. Pure.
 */
#include <cjson/cJSON.h>

#include "node/watch/history.h"
#include "registry/reports.h"

struct overview {
	const char *pool, *node; /* node: who answers */
	const struct roster *roster;
	const struct reports *reports;
	const struct history *history;
	uint64_t every_ms; /* how often it is made while somebody looks */
	bool redis_is_up;  /* else all of this is as last seen */
	double round_trip_ms;
	const char *redis_error; /* NULL: none */
};

/* The caller's to delete; NULL: out of memory. */
cJSON *overview_json(const struct overview *o);

#endif
