#include "registry/redis/redis_url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/secret_file.h"
#include "registry/redis/finder.h"
#include "registry/redis/tls.h"

#define REDIS_PORT 6379
#define SENTINEL_PORT 26379
#define MAX_DB 65535

static const struct scheme {
	const char *prefix;
	bool is_tls, has_sentinels, is_cluster, is_unix;
} schemes[] = {
	{ "redis://", false, false, false, false },
	{ "rediss://", true, false, false, false },
	{ "redis+sentinel://", false, true, false, false },
	{ "rediss+sentinel://", true, true, false, false },
	{ "redis+cluster://", false, false, true, false },
	{ "rediss+cluster://", true, false, true, false },
	{ "unix://", false, false, false, true },
};

static const char *const errors[] = {
	[REDIS_URL_E_SYNTAX] =
		"expected redis://[user:password@]host[:port][/db], the same with rediss:// (TLS), "
		"redis+sentinel://[user:password@]host[:port],.../master[/db], "
		"redis+cluster://[user:password@]host[:port],..., or unix:///path[?db=N]; "
		"special characters of user and password as %XX",
	[REDIS_URL_E_MASTER] =
		"after the sentinels it needs the name of their master: redis+sentinel://host,host/mymaster",
	[REDIS_URL_E_QUERY] =
		"after \"?\" there may be ca, cert and key (files; with TLS), sentinel_user and "
		"sentinel_password (with sentinels), or db (with unix://)",
	[REDIS_URL_E_TLS] =
		"rediss:// needs a hiredis with TLS (1.0 or newer), which this program was built without; "
		"use redis:// through a TLS tunnel, or a build on a newer system",
};

const char *redis_url_why(const struct redis_url *url)
{
	return url->why;
}

/* %XX stands for any byte but NUL. */
static int copy_decoded(char *out, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned c = (unsigned char)from[i];

		if (c == '%') {
			if (i + 2 >= len || !isxdigit((unsigned char)from[i + 1]) ||
			    !isxdigit((unsigned char)from[i + 2]) ||
			    sscanf(from + i + 1, "%2x", &c) != 1)
				return REDIS_URL_E_SYNTAX;
			i += 2;
		}
		if (n + 1 >= size || c == '\0')
			return REDIS_URL_E_SYNTAX;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

static int parse_number(const char *text, size_t len, int max, int *valuep)
{
	int value = 0;

	if (len == 0 || len > 6)
		return REDIS_URL_E_SYNTAX;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return REDIS_URL_E_SYNTAX;
		value = value * 10 + (text[i] - '0');
	}
	if (value > max)
		return REDIS_URL_E_SYNTAX;
	*valuep = value;
	return 0;
}

static int parse_credentials(struct redis_url *url, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon ? (size_t)(colon - text) : len;
	int r = copy_decoded(url->user, sizeof(url->user), text, user_len);

	if (r == 0 && colon)
		r = copy_decoded(url->password, sizeof(url->password), colon + 1,
				 len - user_len - 1);
	return r;
}

static int parse_host(struct redis_host *host, const char *text, size_t len)
{
	bool is_bracketed = len > 0 && text[0] == '[';
	const char *end, *name = text + is_bracketed;
	size_t name_len;

	end = memchr(text, is_bracketed ? ']' : ':', len);
	if (!end && is_bracketed)
		return REDIS_URL_E_SYNTAX;
	name_len = (size_t)((end ? end : text + len) - name);
	if (name_len == 0 || name_len >= sizeof(host->name))
		return REDIS_URL_E_SYNTAX;
	memcpy(host->name, name, name_len);
	host->name[name_len] = '\0';
	end = end ? end + is_bracketed : text + len;
	if (end == text + len)
		return 0;
	if (*end != ':' ||
	    parse_number(end + 1, (size_t)(text + len - end - 1), 65535, &host->port) != 0 ||
	    host->port == 0)
		return REDIS_URL_E_SYNTAX;
	return 0;
}

static int parse_hosts(struct redis_url *url, const struct scheme *scheme, const char *text,
		       size_t len)
{
	const char *end = text + len;
	int r;

	for (;;) {
		const char *comma = scheme->has_sentinels || scheme->is_cluster
					    ? memchr(text, ',', (size_t)(end - text))
					    : NULL;
		struct redis_host *host = &url->hosts[url->n_hosts];

		if (url->n_hosts == REDIS_URL_MAX_HOSTS)
			return REDIS_URL_E_SYNTAX;
		host->port = scheme->has_sentinels ? SENTINEL_PORT : REDIS_PORT;
		r = parse_host(host, text, (size_t)((comma ? comma : end) - text));
		if (r != 0)
			return r;
		url->n_hosts++;
		if (!comma)
			return 0;
		text = comma + 1;
	}
}

/* [/db], or with sentinels /master[/db]. */
static int parse_path(struct redis_url *url, const struct scheme *scheme, const char *text,
		      size_t len)
{
	const char *slash;
	int r;

	if (scheme->has_sentinels) {
		if (len < 2 || text[1] == '/')
			return REDIS_URL_E_MASTER;
		slash = memchr(text + 1, '/', len - 1);
		slash = slash ? slash : text + len;
		r = copy_decoded(url->master, sizeof(url->master), text + 1,
				 (size_t)(slash - text - 1));
		if (r != 0)
			return r;
		len -= (size_t)(slash - text);
		text = slash;
	}
	if (len > 1 && scheme->is_cluster) /* a cluster has the database 0 alone */
		return len == 2 && text[1] == '0' ? 0 : REDIS_URL_E_SYNTAX;
	return len > 1 ? parse_number(text + 1, len - 1, MAX_DB, &url->db) : 0;
}

/* One name=value behind the '?'. */
static int parse_parameter(struct redis_url *url, const struct scheme *scheme, const char *text,
			   size_t len)
{
	const struct {
		const char *name;
		bool is_known;
		char *out;
		size_t size;
	} known[] = {
		{ "ca=", scheme->is_tls, url->ca, sizeof(url->ca) },
		{ "cert=", scheme->is_tls, url->cert, sizeof(url->cert) },
		{ "key=", scheme->is_tls, url->key, sizeof(url->key) },
		{ "sentinel_user=", scheme->has_sentinels, url->sentinel_user,
		  sizeof(url->sentinel_user) },
		{ "sentinel_password=", scheme->has_sentinels, url->sentinel_password,
		  sizeof(url->sentinel_password) },
	};

	if (scheme->is_unix && len > 3 && memcmp(text, "db=", 3) == 0)
		return parse_number(text + 3, len - 3, MAX_DB, &url->db);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i].name);

		if (known[i].is_known && len > n && memcmp(text, known[i].name, n) == 0)
			return copy_decoded(known[i].out, known[i].size, text + n, len - n);
	}
	return REDIS_URL_E_QUERY;
}

static int parse_query(struct redis_url *url, const struct scheme *scheme, const char *text)
{
	int r = 0;

	while (*text && r == 0) {
		size_t len = strcspn(++text, "&"); /* behind '?' or '&' */

		r = parse_parameter(url, scheme, text, len);
		text += len;
	}
	return r;
}

static int parse_unix(struct redis_url *url, const struct scheme *scheme, const char *text)
{
	size_t len = strcspn(text, "?");

	if (len < 2 || text[0] != '/' || len >= sizeof(url->path))
		return REDIS_URL_E_SYNTAX;
	memcpy(url->path, text, len);
	return parse_query(url, scheme, text + len);
}

static int parse_tcp(struct redis_url *url, const struct scheme *scheme, const char *text)
{
	const char *at = memrchr(text, '@', strcspn(text, "/"));
	size_t len;
	int r = 0;

	if (at) {
		r = parse_credentials(url, text, (size_t)(at - text));
		text = at + 1;
	}
	len = strcspn(text, "/?");
	if (r == 0)
		r = parse_hosts(url, scheme, text, len);
	text += len;
	len = strcspn(text, "?");
	if (r == 0)
		r = parse_path(url, scheme, text, len);
	return r == 0 ? parse_query(url, scheme, text + len) : r;
}

static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
			return &schemes[i];
	return NULL;
}

/* A place that nobody has to be asked for. */
static void place_fixed(struct redis_url *url)
{
	unsigned char address[sizeof(struct in6_addr)];
	const char *name = url->hosts[0].name;

	url->place = (struct redis_place){ .sentinel = -1 };
	url->slot = -1;
	url->is_fixed = url->path[0];
	if (url->master[0] || url->path[0] || url->is_seeded)
		return;
	url->place.host = url->hosts[0];
	if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
		memcpy(url->place.address, name, strlen(name) + 1); /* inet_pton took it */
		url->is_fixed = true;
	}
}

int redis_url_parse(struct redis_url *url, const char *text)
{
	const struct scheme *scheme = find_scheme(text);
	int r = REDIS_URL_E_SYNTAX;

	memset(url, 0, sizeof(*url));
	pthread_mutex_init(&url->lock, NULL);
	if (scheme) {
		url->is_tls = scheme->is_tls;
		url->is_seeded = scheme->is_cluster;
		atomic_store(&url->is_cluster, scheme->is_cluster);
		text += strlen(scheme->prefix);
		r = scheme->is_unix ? parse_unix(url, scheme, text) : parse_tcp(url, scheme, text);
	}
	if (r == 0)
		place_fixed(url);
	if (r == 0 && url->is_tls)
		r = tls_new(url);
	if (r != 0 && r != REDIS_URL_E_FILE) /* that one says more itself */
		snprintf(url->why, sizeof(url->why), "%s", r > 0 ? errors[r] : strerror(-r));
	return r;
}

static bool is_of_same_redis(const struct redis_url *a, const struct redis_url *b)
{
	if (strcmp(a->path, b->path) != 0 || strcmp(a->master, b->master) != 0 || a->db != b->db ||
	    a->is_tls != b->is_tls || a->is_seeded != b->is_seeded || a->n_hosts != b->n_hosts)
		return false;
	for (unsigned i = 0; i < a->n_hosts; i++)
		if (a->hosts[i].port != b->hosts[i].port ||
		    strcmp(a->hosts[i].name, b->hosts[i].name) != 0)
			return false;
	return true;
}

static void take_secrets(struct redis_url *url, struct redis_url *newer)
{
	pthread_mutex_lock(&url->lock);
	memcpy(url->user, newer->user, sizeof(url->user));
	memcpy(url->password, newer->password, sizeof(url->password));
	memcpy(url->sentinel_user, newer->sentinel_user, sizeof(url->sentinel_user));
	memcpy(url->sentinel_password, newer->sentinel_password, sizeof(url->sentinel_password));
	if (newer->tls) {
		struct redis_tls *before = url->tls;

		url->tls = newer->tls;
		newer->tls = before; /* it ends with newer */
	}
	pthread_mutex_unlock(&url->lock);
}

int redis_url_renew(struct redis_url *url, const char *text)
{
	AUTO_FREE struct redis_url *newer = malloc(sizeof(*newer));
	int r;

	if (!newer)
		return -ENOMEM;
	r = redis_url_parse(newer, text);
	if (r == 0 && !is_of_same_redis(url, newer))
		r = REDIS_URL_E_OTHER;
	if (r == 0)
		take_secrets(url, newer);
	redis_url_deinit(newer);
	explicit_bzero(newer, sizeof(*newer));
	return r;
}

void redis_url_login(struct redis_url *url, struct redis_login *login)
{
	AUTO_FREE char *text = url->file ? malloc(SECRET_FILE_MAX) : NULL;

	if (text && secret_file_read(url->file, text) == 0 && redis_url_renew(url, text) != 0)
		log_warn("redis", "the file of the URL has another one now, which needs a restart",
			 "file=%s", url->file);
	if (text)
		explicit_bzero(text, SECRET_FILE_MAX);
	pthread_mutex_lock(&url->lock);
	memcpy(login->user, url->user, sizeof(login->user));
	memcpy(login->password, url->password, sizeof(login->password));
	pthread_mutex_unlock(&url->lock);
}

void redis_url_deinit(struct redis_url *url)
{
	finder_stop(url);
	tls_free(url->tls);
	pthread_mutex_destroy(&url->lock);
}

void redis_url_describe(const struct redis_url *url, char out[REDIS_URL_STRLEN])
{
	int len = 0;

	if (url->path[0]) {
		snprintf(out, REDIS_URL_STRLEN, "%s", url->path);
		return;
	}
	if (url->master[0])
		len = snprintf(out, REDIS_URL_STRLEN, "%s of the sentinels ", url->master);
	else if (url->is_seeded)
		len = snprintf(out, REDIS_URL_STRLEN, "the cluster of ");
	for (unsigned i = 0; i < url->n_hosts && len < REDIS_URL_STRLEN; i++)
		len += snprintf(out + len, (size_t)(REDIS_URL_STRLEN - len), "%s%s:%d",
				i ? "," : "", url->hosts[i].name, url->hosts[i].port);
}
