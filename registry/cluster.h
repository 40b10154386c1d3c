#ifndef WEIR_REGISTRY_CLUSTER_H
#define WEIR_REGISTRY_CLUSTER_H
/*
 * The one shape in which a pool is shown to programs: GET /v1/cluster and `weirctl status --json`.
 */
#include <cjson/cJSON.h>

#include "registry/roster.h"

/* The caller's to delete; NULL: out of memory. */
cJSON *cluster_json(const char *pool, const struct roster *roster);
/* Its parts alone. */
cJSON *cluster_analyzer_json(const struct roster *roster, const struct analyzer *a);
cJSON *cluster_nodes_json(const struct roster *roster);

/* The part of all messages routed that this one was due, by the shares that held when each was
 * routed: what it got and what it is owed. */
double cluster_due(const struct roster *roster, const struct analyzer *a);
/* Part of all messages routed to analyzers now registered that went to this one; 0 when there are
 * none. */
double cluster_actual(const struct roster *roster, const struct analyzer *a);

#endif
