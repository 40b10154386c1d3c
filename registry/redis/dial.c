#include "registry/redis/dial.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "registry/redis/tls.h"

bool dial_resolve(struct redis_place *place)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET }, *list = NULL;
	int r;

	/* IPv4 first, as hiredis does: a Redis bound to 127.0.0.1 alone is found by "localhost" */
	if (getaddrinfo(place->host.name, NULL, &hints, &list) != 0) {
		hints.ai_family = AF_UNSPEC;
		if (getaddrinfo(place->host.name, NULL, &hints, &list) != 0)
			return false;
	}
	r = getnameinfo(list->ai_addr, list->ai_addrlen, place->address, sizeof(place->address),
			NULL, 0, NI_NUMERICHOST);
	freeaddrinfo(list);
	return r == 0;
}

/* With TLS where the URL has it; then *context->err may be set. */
static void secure(struct redis_url *url, const struct redis_place *place, redisContext *context)
{
	struct redis_tls *tls = tls_take(url);

	if (tls && tls_start(tls, context, place->host.name) != REDIS_OK)
		assert(context->err);
	tls_free(tls);
}

redisContext *dial(struct redis_url *url, const struct redis_place *place, struct timeval timeout)
{
	redisContext *context;

	context = url->path[0] ? redisConnectUnixWithTimeout(url->path, timeout)
			       : redisConnectWithTimeout(place->address, place->host.port, timeout);
	if (context && !context->err && redisSetTimeout(context, timeout) == REDIS_OK)
		secure(url, place, context);
	return context;
}

redisAsyncContext *dial_async(struct redis_url *url, const struct redis_place *place)
{
	redisAsyncContext *context;

	context = url->path[0] ? redisAsyncConnectUnix(url->path)
			       : redisAsyncConnect(place->address, place->host.port);
	if (context && !context->err)
		secure(url, place, &context->c);
	return context;
}

const char *dial_why(const struct redis_url *url, const redisContext *context)
{
	const char *why;

	if (strcmp(context->errstr, strerror(EAGAIN)) == 0)
		return "no answer in time";
	why = context->errstr[0] ? context->errstr : "closed by Redis";
	return url->is_tls ? tls_why(why) : why;
}

redisContext *dial_host(struct redis_url *url, struct redis_place *place, struct timeval timeout,
			char reason[DIAL_REASON_STRLEN], const char **whyp)
{
	redisContext *context;

	if (!dial_resolve(place)) {
		*whyp = "its host name cannot be resolved";
		return NULL;
	}
	context = dial(url, place, timeout);
	if (!context) {
		*whyp = "out of memory";
		return NULL;
	}
	if (!context->err)
		return context;
	snprintf(reason, DIAL_REASON_STRLEN, "%s", dial_why(url, context));
	*whyp = reason;
	redisFree(context);
	return NULL;
}
