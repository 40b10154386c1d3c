#ifndef WEIR_REGISTRY_CLUSTER_SEEK_H
#define WEIR_REGISTRY_CLUSTER_SEEK_H
/*
 * Which node of a Redis Cluster serves the slot of the pool: asks those that are known, one after the other, and
 * the one that served it last first. One that is down costs CLUSTER_TIMEOUT_MS for each of connecting and answering.
 */
#include "registry/redis/redis_place.h"

#define CLUSTER_TIMEOUT_MS 500
#define CLUSTER_SEEK_E_NONE 1 /* none knows */

/* Blocks. Fills *placep; else `why` has what they said. */
int cluster_seek(struct redis_url *url, struct redis_place *placep,
		 char why[REDIS_WHY_STRLEN]) MUST_CHECK;

/* Of which slot it is: that of any key of the pool. Before each connection; NULL: no key, then no cluster either. */
void cluster_set_key(struct redis_url *url, const char *key);
/* Whether a connection has to ask for the map, as nobody knows yet whether this is a cluster. */
bool cluster_is_open_question(struct redis_url *url);
/* What the server at `place` answered to CLUSTER NODES; NULL: it refused, `error` says why. True: it is not the one
 * that serves the slot, and others have been told who is. */
bool cluster_take_answer(struct redis_url *url, const struct redis_place *place, const char *text,
			 const char *error);
/* An error reply came from `place`. True: it was MOVED, and the next connection goes there. */
bool cluster_take_moved(struct redis_url *url, const struct redis_place *place, const char *error);
/* The same for ASK; *placep is where to ask. False: it is no ASK, or its host has to be looked up first. */
bool cluster_take_ask(const struct redis_url *url, const struct redis_place *place,
		      const char *error, struct redis_place *placep);
/* Is it an error by which a cluster says "not now" or "not here"? */
bool cluster_turns_away(const char *error);

#endif
