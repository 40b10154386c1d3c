#include "node/send/origin.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/net/net_url.h"

#define PLAIN "http://"
#define SECURE "https://"

void origins_init(struct origins *o, struct event_base *base, const struct net_allow *allow,
		  bool is_tls, void (*on_looked_up)(struct origin *), void *arg)
{
	*o = (struct origins){ .base = base,
			       .allow = allow,
			       .scheme = is_tls ? SECURE : PLAIN,
			       .scheme_len = is_tls ? sizeof(SECURE) - 1 : sizeof(PLAIN) - 1,
			       .on_looked_up = on_looked_up,
			       .arg = arg };
}

/* Those that nobody uses, or all. */
static void forget(struct origins *o, bool all)
{
	for (unsigned i = 0; i < ORIGIN_BUCKETS; i++) {
		struct origin **at = &o->buckets[i], *origin;

		while ((origin = *at)) {
			if (origin->n_conns && !all) {
				at = &origin->next;
				continue;
			}
			assert(!origin->n_conns);
			lookup_cancel(&origin->lookup);
			*at = origin->next;
			free(origin);
			o->n--;
		}
	}
}

void origins_deinit(struct origins *o)
{
	forget(o, true);
}

static void note_failure(struct origin *o, const char *error, uint64_t now_us)
{
	o->has_failed = true;
	o->known_until_us = now_us + ORIGIN_FAILED_US;
	snprintf(o->problem, sizeof(o->problem), "cannot resolve %s: %s", o->host, error);
}

/* Keeps the addresses that may be connected to. Without any, it has failed until then. */
static void judge(struct origin *o, uint64_t failed_until_us)
{
	struct lookup *l = &o->lookup;
	unsigned n_found = l->n_addrs;
	char addr[NET_ADDR_STRLEN];
	const char *why = NULL;

	l->n_addrs = 0;
	for (unsigned i = 0; i < n_found; i++) {
		const char *refused = net_allow_refuses(o->origins->allow, o->host, &l->addrs[i]);

		if (!refused) {
			l->addrs[l->n_addrs++] = l->addrs[i];
			continue;
		}
		why = refused;
		net_addr_format(&l->addrs[i], addr);
	}
	if (!why || l->n_addrs)
		return;
	o->has_failed = true;
	o->known_until_us = failed_until_us;
	snprintf(o->problem, sizeof(o->problem), "analyzer-allow keeps it from %s: the address %s",
		 addr, why);
}

static void on_done(struct lookup *l)
{
	struct origin *o = CONTAINER_OF(l, struct origin, lookup);
	uint64_t now_us = clock_mono_us();

	o->preferred = 0;
	o->has_failed = false;
	o->known_until_us = now_us + ORIGIN_FRESH_US;
	if (l->error)
		note_failure(o, l->error, now_us);
	else
		judge(o, now_us + ORIGIN_FAILED_US);
	o->origins->on_looked_up(o);
}

static struct origin *origin_new(struct origins *origins, const struct net_url *url)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->origins = origins;
	o->port = url->port;
	memcpy(o->host, url->host, sizeof(o->host));
	o->lookup.on_done = on_done;
	TAILQ_INIT(&o->idle);
	TAILQ_INIT(&o->waiting);
	if (net_addr_numeric(&o->lookup.addrs[0], o->host, o->port) == 0)
		o->known_until_us = UINT64_MAX;
	return o;
}

static int add(struct origins *origins, const char *text, uint32_t hash, size_t len,
	       struct origin **originp)
{
	struct net_url url;
	struct origin *o;

	if (net_url_parse(&url, text) != 0 || len >= sizeof(o->authority))
		return ORIGIN_E_URL;
	if (origins->n >= ORIGINS_MAX)
		forget(origins, false);
	if (origins->n >= ORIGINS_MAX)
		return ORIGIN_E_FULL;
	o = origin_new(origins, &url);
	if (!o)
		return -ENOMEM;
	if (text[origins->scheme_len] == '[' && o->lookup.addrs[0].sa.ss_family != AF_INET6) {
		free(o);
		return ORIGIN_E_URL;
	}
	memcpy(o->authority, text + origins->scheme_len, len);
	o->len = len;
	o->hash = hash;
	o->next = origins->buckets[hash % ORIGIN_BUCKETS];
	origins->buckets[hash % ORIGIN_BUCKETS] = o;
	origins->n++;
	*originp = o;
	return 0;
}

/* FNV-1a. */
static uint32_t hash_of(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

/* A fragment is the client's own. */
static size_t path_len(const char *path)
{
	return strcspn(path, "#");
}

/* No byte would end the request line. */
static bool path_is_fine(const char *path)
{
	size_t len = path_len(path);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)path[i] <= ' ' || path[i] == 0x7f)
			return false;
	return true;
}

int origins_find(struct origins *origins, const char *url, struct origin **originp)
{
	const char *authority = url + origins->scheme_len;
	struct origin *o;
	uint32_t hash;
	size_t len;

	if (strncasecmp(url, origins->scheme, origins->scheme_len) != 0)
		return ORIGIN_E_URL;
	len = strcspn(authority, "/?#");
	if (!path_is_fine(authority + len))
		return ORIGIN_E_URL;
	hash = hash_of(authority, len);
	for (o = origins->buckets[hash % ORIGIN_BUCKETS]; o; o = o->next) {
		if (o->hash == hash && o->len == len && memcmp(o->authority, authority, len) == 0) {
			*originp = o;
			return 0;
		}
	}
	return add(origins, url, hash, len, originp);
}

const char *origin_path(const struct origin *o, const char *url, size_t *lenp)
{
	const char *path = url + o->origins->scheme_len + o->len;

	*lenp = path_len(path);
	return path;
}

bool origin_has_address(struct origin *o, uint64_t now_us)
{
	if (o->known_until_us == UINT64_MAX) { /* the list may have changed */
		o->has_failed = false;
		o->lookup.n_addrs = 1;
		judge(o, UINT64_MAX);
	}
	return now_us < o->known_until_us && !o->has_failed;
}

bool origin_look_up(struct origin *o, uint64_t now_us)
{
	int r;

	if (o->lookup.job)
		return true;
	if (o->has_failed && now_us < o->known_until_us)
		return false;
	o->has_failed = false;
	r = lookup_start(&o->lookup, o->origins->base, o->host, o->port);
	if (r != 0)
		note_failure(o, strerror(-r), now_us);
	return r == 0;
}

const char *origin_problem(struct origin *o)
{
	if (!o->has_failed)
		snprintf(o->problem, sizeof(o->problem), "cannot resolve %s in time", o->host);
	return o->problem;
}
