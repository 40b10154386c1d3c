#ifndef WEIR_REGISTRY_TLS_H
#define WEIR_REGISTRY_TLS_H
/*
 * TLS to Redis, where hiredis has it; else tls_none.c stands in and refuses. The server's
 * certificate must be of the host that was asked for, and vouched for by a known authority.
 */
#include <hiredis/hiredis.h>

#include "registry/redis/redis_place.h"

/* Makes url->tls of url's files, which are read now. REDIS_URL_E_TLS; REDIS_URL_E_FILE, and
 * url->why says which. */
int tls_new(struct redis_url *url) MUST_CHECK;
/*
 * url's, with a reference for the caller, who ends it by tls_free: other threads may renew url's meanwhile. NULL:
 * there is no TLS. Any thread.
 */
struct redis_tls *tls_take(struct redis_url *url);
/* Ends a reference. */
void tls_free(struct redis_tls *tls);

/* Over a new connection to `host`, also one that is still being made: REDIS_OK, or context->err is
 * set. */
int tls_start(struct redis_tls *tls, redisContext *context, const char *host) MUST_CHECK;
/* In the thread where a connection has just failed: why TLS did, or `otherwise`. */
const char *tls_why(const char *otherwise);

#endif
