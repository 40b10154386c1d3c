#ifndef WEIR_REGISTRY_SENTINEL_H
#define WEIR_REGISTRY_SENTINEL_H
/*
 * Asks sentinels where the primary is, as their clients should: one after the other, and whoever
 * answered last is asked first the next time. A sentinel that is down costs SENTINEL_TIMEOUT_MS for
 * each of connecting and answering. What is found must then say of itself that it is the primary.
 */
#include <hiredis/hiredis.h>

#include "registry/redis/redis_place.h"

#define SENTINEL_TIMEOUT_MS 500
#define SENTINEL_E_NONE 1 /* none knows */

/* Blocks. Fills host and sentinel of *placep; else `why` has what each of them said. */
int sentinel_ask_all(struct redis_url *url, struct redis_place *placep,
		     char why[REDIS_WHY_STRLEN]) MUST_CHECK;
/* Of an answer to ROLE: NULL, or what is wrong with it. */
const char *sentinel_check_role(const redisReply *reply);

#endif
