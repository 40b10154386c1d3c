#ifndef WEIR_REGISTRY_DIAL_H
#define WEIR_REGISTRY_DIAL_H
/*
 * Connections to one place, plain or with TLS as the URL says. Nothing is said over them yet.
 */
#include <hiredis/async.h>

#include "registry/redis/redis_place.h"

/* Looks up place->host; blocks. False: it is not known. */
bool dial_resolve(struct redis_place *place);

/* Blocks, no step for longer than timeout. NULL: out of memory; ->err: why not, dial_why says it.
 */
redisContext *dial(struct redis_url *url, const struct redis_place *place, struct timeval timeout);
#define DIAL_REASON_STRLEN 160

/* Looks up place->host and connects; blocks as both do. NULL: *whyp says why not, in words that may
 * stand in reason. */
redisContext *dial_host(struct redis_url *url, struct redis_place *place, struct timeval timeout,
			char reason[DIAL_REASON_STRLEN], const char **whyp);
/* Begins to; ->err or ->c.err is set where that failed already. */
redisAsyncContext *dial_async(struct redis_url *url, const struct redis_place *place);
/* Why a connection has just failed, in this thread. */
const char *dial_why(const struct redis_url *url, const redisContext *context);

#endif
