#include "node/listen/source.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_PARTS 4 /* of the window, a source has one */

static void make_key(const struct net_addr *addr, uint8_t key[SOURCE_KEY_BYTES])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr->sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&addr->sa;

	static_assert(sizeof(in6->sin6_addr) == SOURCE_KEY_BYTES, "a key is an address of IPv6");
	memset(key, 0, SOURCE_KEY_BYTES);
	if (addr->sa.ss_family == AF_INET6) {
		memcpy(key, &in6->sin6_addr, SOURCE_KEY_BYTES);
		return;
	}
	key[10] = key[11] = 0xff;
	memcpy(key + 12, &in->sin_addr, sizeof(in->sin_addr));
}

static struct source **find(struct listen_shared *s, enum listen_port port, const uint8_t *key)
{
	uint32_t hash = 2166136261u ^ port;
	struct source **at;

	for (unsigned i = 0; i < SOURCE_KEY_BYTES; i++)
		hash = (hash ^ key[i]) * 16777619u;
	at = &s->sources[(hash ^ hash >> 16) % LISTEN_BUCKETS];
	while (*at && ((*at)->port != port || memcmp((*at)->key, key, SOURCE_KEY_BYTES) != 0))
		at = &(*at)->next;
	return at;
}

/* "host=127.0.0.1", "host=::1" */
static void write_query(const struct net_addr *peer, char *out, size_t size)
{
	char text[NET_ADDR_STRLEN], *colon, *host = text;

	net_addr_format(peer, text);
	colon = strrchr(text, ':');
	if (colon)
		*colon = '\0';
	if (*host == '[')
		host++;
	host[strcspn(host, "]%")] = '\0';
	snprintf(out, size, "host=%s", host);
}

struct source *source_get(struct listen_shared *s, enum listen_port port,
			  const struct net_addr *peer)
{
	uint8_t key[SOURCE_KEY_BYTES];
	struct source **at, *source;

	make_key(peer, key);
	at = find(s, port, key);
	source = *at;
	if (!source && s->n_sources < LISTEN_SOURCES_MOST &&
	    memory_take(s->config.memory, sizeof(*source))) {
		source = calloc(1, sizeof(*source));
		if (!source) {
			memory_give(s->config.memory, sizeof(*source));
			return NULL;
		}
		*source = (struct source){ .shared = s, .port = port };
		memcpy(source->key, key, sizeof(key));
		write_query(peer, source->query, sizeof(source->query));
		*at = source;
		s->n_sources++;
	}
	if (source)
		source->n_users++;
	return source;
}

static void free_source(struct source **at)
{
	struct source *source = *at;
	struct listen_shared *s = source->shared;

	assert(!source->open && s->n_sources > 0);
	*at = source->next;
	s->n_sources--;
	memory_give(s->config.memory, sizeof(*source));
	free(source);
}

void source_put(struct source *source)
{
	assert(source->n_users > 0);
	if (--source->n_users == 0)
		free_source(find(source->shared, source->port, source->key));
}

void source_free_all(struct listen_shared *s)
{
	for (unsigned i = 0; i < LISTEN_BUCKETS; i++)
		while (s->sources[i])
			free_source(&s->sources[i]);
}

bool source_is_full(const struct source *source)
{
	return source->held_bytes >= source->shared->config.window_bytes / WINDOW_PARTS;
}
