/* For a hiredis without TLS. */
#include "registry/redis/tls.h"

int tls_new(struct redis_url *url)
{
	(void)url;
	return REDIS_URL_E_TLS;
}

struct redis_tls *tls_take(struct redis_url *url)
{
	(void)url;
	return NULL;
}

void tls_free(struct redis_tls *tls)
{
	(void)tls;
}

int tls_start(struct redis_tls *tls, redisContext *context, const char *host)
{
	(void)tls;
	(void)host;
	context->err = REDIS_ERR_OTHER;
	return REDIS_ERR;
}

const char *tls_why(const char *otherwise)
{
	return otherwise;
}
