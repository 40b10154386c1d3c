#include "common/front/front_room.h"

#include "common/log.h"

static const enum front_state evictable[] = { FRONT_LINGERING, FRONT_IDLE, FRONT_READING,
					      FRONT_WRITING, FRONT_H2 };

static bool is_of(const struct front_conn *c, const uint8_t *key)
{
	return c->has_client && memcmp(c->key, key, sizeof(c->key)) == 0;
}

/* Of one that speaks HTTP/2 no thread has a request. */
static bool is_waited_for(const struct front_conn *c)
{
	return c->n_working == 0;
}

/* The one that has been waited for the longest, NULL: none. key: of that client; NULL: of all. */
static struct front_conn *oldest(struct front_crowd *crowd, const uint8_t *key, bool is_known,
				 const struct front_conn *but)
{
	struct front_conn *c, *found = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(evictable); i++) {
		TAILQ_FOREACH(c, &crowd->lists[evictable[i]], entry)
		if (c != but && c->is_known == is_known && is_waited_for(c) &&
		    (!key || is_of(c, key)))
			break;
		if (c && (!found || c->since_us < found->since_us))
			found = c;
	}
	return found;
}

static bool give_way(struct front_conn *c)
{
	if (!c)
		return false;
	log_warn(c->crowd->config->name, "connection closed to make room", "client=%s",
		 c->rq.client);
	front_close(c, FRONT_CLOSE_NO_ROOM);
	return true;
}

bool front_evict(struct front_crowd *crowd)
{
	return give_way(oldest(crowd, NULL, false, NULL)) ||
	       give_way(oldest(crowd, NULL, true, NULL));
}

static unsigned count(const struct front_crowd *crowd, const uint8_t *key)
{
	const struct front_conn *c;
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(evictable); i++)
		TAILQ_FOREACH(c, &crowd->lists[evictable[i]], entry)
	n += !c->is_known && is_waited_for(c) && is_of(c, key);
	return n;
}

bool front_make_room(struct front_crowd *crowd, const struct net_addr *peer)
{
	const struct front_config *config = crowd->config;
	bool is_client = !config->proxies || net_allow_refuses(config->proxies, "", peer);
	uint8_t key[NET_ADDR_KEY_BYTES];

	net_addr_key(peer, key);
	if (is_client && count(crowd, key) >= config->max_per_address)
		return give_way(oldest(crowd, key, false, NULL));
	return crowd->n < config->max_connections || front_evict(crowd);
}

void front_bound_client(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;

	if (c->has_client && count(crowd, c->key) > crowd->config->max_per_address)
		give_way(oldest(crowd, c->key, false, c));
}

static struct front_conn *oldest_body(struct front_crowd *crowd, bool is_known)
{
	struct front_conn *c, *found;

	TAILQ_FOREACH(c, &crowd->lists[FRONT_READING], entry)
	if (c->n_held_bytes > 0 && c->is_known == is_known)
		break;
	found = c;
	TAILQ_FOREACH(c, &crowd->lists[FRONT_H2], entry)
	if (c->n_held_bytes > 0 && c->is_known == is_known && is_waited_for(c))
		break;
	return c && (!found || c->since_us < found->since_us) ? c : found;
}

bool front_make_room_for_body(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;

	while (crowd->n_held_bytes > crowd->config->max_held_bytes) {
		struct front_conn *other = oldest_body(crowd, false);

		if (!other)
			other = oldest_body(crowd, true);
		if (!other || other == c)
			return false;
		give_way(other);
	}
	return true;
}

/* ---- streams ---- */

static unsigned count_streams(const struct front_crowd *crowd, const struct front_conn *of)
{
	const struct front_conn *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, &crowd->lists[FRONT_STREAMING], entry)
	n += of->has_client ? is_of(c, of->key) : c == of;
	return n;
}

/* Of the client that has the most; of two that have as many, the older one. */
static struct front_conn *most_greedy(struct front_crowd *crowd, bool is_trusted)
{
	struct front_conn *c, *found = NULL;
	unsigned n_most = 0;

	TAILQ_FOREACH(c, &crowd->lists[FRONT_STREAMING], entry)
	{
		unsigned n = count_streams(crowd, c);

		if (c->rq.is_trusted == is_trusted && n > n_most) {
			n_most = n;
			found = c;
		}
	}
	return found;
}

bool front_make_room_for_stream(struct front_conn *c)
{
	struct front_crowd *crowd = c->crowd;
	unsigned n_own = count_streams(crowd, c);
	struct front_conn *other;

	if (n_own >= crowd->config->max_streams_per_address)
		return false;
	if (crowd->n_streams < crowd->config->max_streams)
		return true;
	other = most_greedy(crowd, false);
	if (other && (c->rq.is_trusted || count_streams(crowd, other) > n_own + 1))
		return give_way(other);
	return false;
}
