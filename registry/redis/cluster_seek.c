#include "registry/redis/cluster_seek.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "registry/redis/cluster_map.h"
#include "registry/redis/dial.h"
#include "registry/redis/script.h"

#define MAX_CANDIDATES (1 + REDIS_CLUSTER_MAX_NODES + REDIS_URL_MAX_HOSTS)

static bool is_same_host(const struct redis_host *a, const struct redis_host *b)
{
	return a->port == b->port && strcmp(a->name, b->name) == 0;
}

void cluster_set_key(struct redis_url *url, const char *key)
{
	pthread_mutex_lock(&url->lock);
	url->slot = key && !url->path[0] && !url->master[0] ? (int)cluster_slot_of(key) : -1;
	pthread_mutex_unlock(&url->lock);
}

static int slot_of(struct redis_url *url)
{
	int slot;

	pthread_mutex_lock(&url->lock);
	slot = url->slot;
	pthread_mutex_unlock(&url->lock);
	return slot;
}

bool cluster_is_open_question(struct redis_url *url)
{
	return slot_of(url) >= 0 && !atomic_load(&url->is_single);
}

/* Those of a map are asked from now on. */
static void learn(struct redis_url *url, const struct cluster_map *map)
{
	if (map->n_nodes == 0)
		return;
	pthread_mutex_lock(&url->lock);
	memcpy(url->nodes, map->nodes, sizeof(url->nodes));
	url->n_nodes = map->n_nodes;
	pthread_mutex_unlock(&url->lock);
	if (!atomic_exchange(&url->is_cluster, true))
		log_info("redis", "this is a Redis Cluster", "nodes=%u slot=%d", map->n_nodes,
			 slot_of(url));
}

/* A host that needs no look-up. */
static bool place_at(const struct redis_host *host, struct redis_place *placep)
{
	unsigned char address[sizeof(struct in6_addr)];

	*placep = (struct redis_place){ .host = *host, .sentinel = -1 };
	if (inet_pton(AF_INET, host->name, address) != 1 &&
	    inet_pton(AF_INET6, host->name, address) != 1)
		return false;
	snprintf(placep->address, sizeof(placep->address), "%.*s", (int)sizeof(placep->address) - 1,
		 host->name);
	return true;
}

/* Whoever connects next goes there. A name is looked up by the finder. */
static void point_to(struct redis_url *url, const struct redis_host *host)
{
	struct redis_place place;

	if (place_at(host, &place))
		redis_place_publish(url, &place);
}

bool cluster_take_answer(struct redis_url *url, const struct redis_place *place, const char *text,
			 const char *error)
{
	struct cluster_map map;

	(void)place;
	if (!text) {
		if (error && strstr(error, "cluster support disabled"))
			atomic_store(&url->is_single, true);
		return false;
	}
	if (!cluster_map_parse(text, slot_of(url), url->is_tls, &map))
		return false;
	learn(url, &map);
	if (map.is_here || map.is_cut_off || !map.owner.name[0])
		return false;
	point_to(url, &map.owner);
	return true;
}

bool cluster_take_moved(struct redis_url *url, const struct redis_place *place, const char *error)
{
	struct cluster_redirect redirect;

	if (!cluster_redirect_parse(error, &place->host, &redirect) || redirect.is_ask)
		return false;
	atomic_store(&url->is_cluster, true);
	point_to(url, &redirect.host);
	return true;
}

bool cluster_take_ask(const struct redis_url *url, const struct redis_place *place,
		      const char *error, struct redis_place *placep)
{
	struct cluster_redirect redirect;

	(void)url;
	return cluster_redirect_parse(error, &place->host, &redirect) && redirect.is_ask &&
	       place_at(&redirect.host, placep);
}

bool cluster_turns_away(const char *error)
{
	static const char *const kinds[] = { "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (script_error_is(error, kinds[i]))
			return true;
	return false;
}

/* ---- asking one after the other ---- */

/* False: the user or the password is no longer right. Whoever connects has the newest ones. */
static bool log_in(struct redis_url *url, redisContext *context)
{
	char user[sizeof(url->user)], password[sizeof(url->password)];
	const char *words[] = { "AUTH", user, password };
	redisReply *reply = NULL;
	bool is_ok = true;

	pthread_mutex_lock(&url->lock);
	memcpy(user, url->user, sizeof(user));
	memcpy(password, url->password, sizeof(password));
	pthread_mutex_unlock(&url->lock);
	if (password[0]) {
		if (!user[0])
			words[1] = password;
		reply = redisCommandArgv(context, user[0] ? 3 : 2, words, NULL);
		is_ok = !reply || reply->type != REDIS_REPLY_ERROR;
	}
	explicit_bzero(password, sizeof(password));
	if (reply)
		freeReplyObject(reply);
	return is_ok;
}

/* NULL: *placep is where the slot is. */
static const char *take_map(struct redis_url *url, const char *text,
			    const struct redis_place *asked, struct redis_place *placep)
{
	struct cluster_map map;

	if (!cluster_map_parse(text, slot_of(url), url->is_tls, &map))
		return "its answer makes no sense";
	if (map.is_cut_off)
		return "it cannot reach most masters of the cluster";
	if (!map.owner.name[0] && !map.is_here)
		return "nobody serves the slot of the pool";
	learn(url, &map);
	*placep = *asked;
	if (!map.is_here)
		placep->host = map.owner;
	return NULL;
}

static const char *ask_connected(struct redis_url *url, redisContext *context,
				 const struct redis_place *asked, struct redis_place *placep,
				 char *reason)
{
	const char *words[] = { "CLUSTER", "NODES" }, *why = NULL;
	redisReply *reply;

	if (!log_in(url, context)) {
		*placep = *asked;
		return NULL;
	}
	reply = redisCommandArgv(context, ARRAY_LEN(words), words, NULL);
	if (!reply) {
		why = dial_why(url, context);
	} else if (reply->type == REDIS_REPLY_ERROR && script_error_is(reply->str, "NOPERM")) {
		*placep = *asked; /* MOVED alone leads the way */
	} else if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(reason, DIAL_REASON_STRLEN, "%s", reply->str);
		why = reason;
	} else {
		why = reply->type == REDIS_REPLY_STRING ? take_map(url, reply->str, asked, placep)
							: "its answer makes no sense";
	}
	if (reply)
		freeReplyObject(reply);
	return why;
}

static const char *ask(struct redis_url *url, const struct redis_host *host,
		       struct redis_place *placep, char *reason)
{
	struct redis_place asked = { .host = *host, .sentinel = -1 };
	const char *why;
	redisContext *context =
		dial_host(url, &asked, clock_timeval(CLUSTER_TIMEOUT_MS * US_PER_MS), reason, &why);

	if (!context)
		return why;
	why = ask_connected(url, context, &asked, placep, reason);
	redisFree(context);
	return why;
}

static void add(struct redis_host *list, unsigned *np, const struct redis_host *host)
{
	for (unsigned i = 0; i < *np; i++)
		if (is_same_host(&list[i], host))
			return;
	list[(*np)++] = *host;
}

static unsigned list_candidates(struct redis_url *url, struct redis_host *list)
{
	unsigned n = 0;

	pthread_mutex_lock(&url->lock);
	if (url->place.address[0])
		add(list, &n, &url->place.host);
	for (unsigned i = 0; i < url->n_nodes; i++)
		add(list, &n, &url->nodes[i]);
	pthread_mutex_unlock(&url->lock);
	for (unsigned i = 0; i < url->n_hosts; i++)
		add(list, &n, &url->hosts[i]);
	return n;
}

int cluster_seek(struct redis_url *url, struct redis_place *placep, char why[REDIS_WHY_STRLEN])
{
	AUTO_FREE struct redis_host *list = calloc(MAX_CANDIDATES, sizeof(*list));
	char reason[DIAL_REASON_STRLEN];
	unsigned n;
	int len = 0;

	if (!list)
		return -ENOMEM;
	n = list_candidates(url, list);
	assert(n <= MAX_CANDIDATES);
	for (unsigned i = 0; i < n; i++) {
		const char *trouble = ask(url, &list[i], placep, reason);

		if (!trouble)
			return 0;
		if (len < REDIS_WHY_STRLEN)
			len += snprintf(why + len, (size_t)(REDIS_WHY_STRLEN - len),
					"%scluster node %s:%d: %s", i ? "; " : "", list[i].name,
					list[i].port, trouble);
	}
	return CLUSTER_SEEK_E_NONE;
}
