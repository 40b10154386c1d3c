#ifndef WEIR_REGISTRY_REFUSALS_H
#define WEIR_REGISTRY_REFUSALS_H
/*
 * Which agents are refused, over all nodes of a pool, as their reports say (reporter.h).
 */
#include <cjson/cJSON.h>

#include "registry/keys.h"
#include "registry/redis/client.h"

#define REFUSALS_MOST 100 /* that are told of a pool */

struct refusals {
	cJSON *list; /* owned; equal ones of several nodes are one */
};

int refusals_init(struct refusals *r) MUST_CHECK;
void refusals_deinit(struct refusals *r);
/* Adds the list "refusals" of a node's report; what is no such list is left out. */
void refusals_add(struct refusals *r, const char *node, const cJSON *list);
/* Adds those of all live nodes that report, but not of `but` ("": of all), as Redis has them. As
 * client_command and membership_roster. */
int refusals_read(struct client *client, const struct registry_keys *keys, const char *but,
		  struct refusals *r) MUST_CHECK;
/*
 * The most frequent first, an array of {"method","path","client","status","code","count","age_ms",
 * "nodes","advice","text"}; the caller's to delete.
 */
cJSON *refusals_take(struct refusals *r);

#endif
