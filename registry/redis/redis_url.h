#ifndef WEIR_REGISTRY_REDIS_URL_H
#define WEIR_REGISTRY_REDIS_URL_H
/*
 * How --redis says where Redis is:
 *
 *   redis://[user:password@]host[:6379][/db]
 *   rediss://...[?ca=FILE&cert=FILE&key=FILE]           TLS; certificates are verified
 *   redis+sentinel://[user:password@]host[:26379],host.../master[/db]
 *   rediss+sentinel://...                               TLS with sentinels and Redis
 *   redis+cluster://[user:password@]host[:6379],host...   nodes of a Redis Cluster; others are found
 *   rediss+cluster://...                                TLS with all of them
 *   unix:///path[?db=N]
 *
 * User and password are for Redis. Sentinels are asked without, or as ?sentinel_user= and
 * ?sentinel_password= say. User, password, master and values may be percent-encoded. Without ?ca=
 * the system's certificates count (OpenSSL's; SSL_CERT_FILE is heeded); ?cert= is shown to servers
 * that want one, its key may be in the same file. The files are read when the URL is, and again by
 * redis_url_renew.
 *
 * All who connect share where Redis was found last: see finder.h.
 */
#include "registry/redis/redis_place.h"

/* On failure redis_url_why says more; it never has anything of a password. */
int redis_url_parse(struct redis_url *url, const char *text) MUST_CHECK;
const char *redis_url_why(const struct redis_url *url);
/*
 * A newer text of the same URL: user, passwords and certificates are taken from now on. Anything
 * else that differs is REDIS_URL_E_OTHER, and needs a restart; *url stays as it was after any error.
 */
int redis_url_renew(struct redis_url *url, const char *text) MUST_CHECK;
/* What to greet Redis with now. Reads url->file again where there is one. */
struct redis_login {
	char user[128], password[256];
};
void redis_url_login(struct redis_url *url, struct redis_login *login);
/* Nobody connects any more. */
void redis_url_deinit(struct redis_url *url);

/* For people: "10.0.0.1:6379", "/run/redis.sock", "mymaster of the sentinels a:26379,b:26379". */
void redis_url_describe(const struct redis_url *url, char out[REDIS_URL_STRLEN]);

#endif
