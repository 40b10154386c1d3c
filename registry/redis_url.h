#ifndef WEIR_REGISTRY_REDIS_URL_H
#define WEIR_REGISTRY_REDIS_URL_H
/*
 * Where Redis is: redis://[user:password@]host[:port][/db], or unix:///path[?db=N].
 *
 * Names are looked up by redis_url_resolve alone, which blocks: once at the start, then by the one
 * thread that may wait. Everybody else connects to the address found last, so no event loop ever
 * waits for DNS.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/err.h"

#define REDIS_URL_E_SYNTAX 1
#define REDIS_URL_E_TLS 2     /* rediss:// needs a hiredis with TLS */
#define REDIS_URL_E_RESOLVE 3 /* the host name is not known */

struct redis_url {
	char host[256]; /* "" for a unix socket */
	int port;
	char path[108];     /* unix socket, or "" */
	char user[128];     /* "" = none */
	char password[256]; /* "" = none */
	int db;
	pthread_mutex_t lock;           /* of `address` */
	char address[INET6_ADDRSTRLEN]; /* numeric; "" until resolved */
};

/* A sentence for a code above. */
const char *redis_url_strerror(int error);
int redis_url_parse(struct redis_url *url, const char *text) MUST_CHECK;
/* Blocks. Keeps the last address when the lookup fails. */
int redis_url_resolve(struct redis_url *url) MUST_CHECK;
/* Copies the last address; false if there is none yet. */
bool redis_url_address(struct redis_url *url, char out[INET6_ADDRSTRLEN]);

#endif
