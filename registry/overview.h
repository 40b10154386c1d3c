#ifndef WEIR_REGISTRY_OVERVIEW_H
#define WEIR_REGISTRY_OVERVIEW_H
/*
 * Everything that the dashboard and weirctl show, as JSON: the pool as it is, what nodes report, and
 * how it was of late. Shapes are in node/openapi.yaml. Pure.
 */
#include <cjson/cJSON.h>

#include "registry/causes.h"
#include "registry/history.h"
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
	bool is_outside;   /* `node` is none: weirctl looks into Redis */
	double round_trip_ms;
	struct redis_view redis;
	double spill_max_bytes; /* 0: there is no spill */
	double rate_hour;       /* messages a second an hour ago; negative: not known */
	const cJSON *events;
	/* tells since when a cause is there, where its figures do not; NULL: nobody knows */
	void (*fill_since)(void *arg, struct causes *causes, uint64_t now_ms);
	void *since_arg;
};

/* The caller's to delete; NULL: out of memory. */
cJSON *overview_json(const struct overview *o);

#endif
