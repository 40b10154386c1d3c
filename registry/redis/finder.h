#ifndef WEIR_REGISTRY_FINDER_H
#define WEIR_REGISTRY_FINDER_H
/*
 * Where Redis is now. Names and sentinels are asked again before every connection: by whoever may
 * wait (finder_find), or for event loops, which must wait for neither, by a thread (finder_ask).
 * That thread also asks sentinels every FINDER_POLL_MS, and nodes of a Redis Cluster: after a change of primary the old one may
 * live on for seconds and take what is then thrown away. An address or a socket needs no asking.
 */
#include "registry/redis/redis_place.h"

#define FINDER_POLL_MS 1000
#define FINDER_E_UNKNOWN 1 /* no sentinel knows, or the name cannot be looked up */

/* Blocks. A name that cannot be looked up any more is still where it was; sentinels that do not
 * answer are not replaced by what they once said. */
int finder_find(struct redis_url *url, struct redis_place *placep,
		char why[REDIS_WHY_STRLEN]) MUST_CHECK;

/* Has Redis been found elsewhere since? Only sentinels and clusters are believed: names may mean many
 * addresses. */
bool finder_has_moved(struct redis_url *url, const struct redis_place *place);

/* Has to be asked before each connection; else it is where the URL says. */
bool finder_is_needed(const struct redis_url *url);

/* One who is told. */
struct finder_watch {
	int fd; /* an eventfd of the caller; readable: what was asked is answered, or Redis moved */
	bool is_asking;
	int result;                 /* of the last answer: 0 or FINDER_E_UNKNOWN */
	struct redis_place place;   /* result 0 */
	char why[REDIS_WHY_STRLEN]; /* result FINDER_E_UNKNOWN */
	struct finder_watch *next;
};

/* Borrows watch until it leaves. The thread is started with the first. */
int finder_join(struct redis_url *url, struct finder_watch *watch) MUST_CHECK;
void finder_leave(struct redis_url *url, struct finder_watch *watch);
void finder_ask(struct redis_url *url, struct finder_watch *watch);
/* What was asked has been answered: its result is the caller's to read until it asks again. */
bool finder_is_answered(struct redis_url *url, const struct finder_watch *watch);
/* Ends the thread; nobody watches any more. */
void finder_stop(struct redis_url *url);

#endif
