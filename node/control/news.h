#ifndef WEIR_NODE_NEWS_H
#define WEIR_NODE_NEWS_H
/*
 * What a node finds by itself, and no script tells, for the journal: how Redis was, and that agents
 * are refused. What befalls Redis is told once it takes writes again. Finding is pure: time is a
 * parameter.
 */
#include "node/control/reporter.h"
#include "node/http/refusal.h"
#include "registry/keys.h"
#include "registry/redis/link.h"
#include "registry/redis/redis_seen.h"

#define NEWS_WORD_SIZE 48
#define NEWS_AGAIN_MS 600000 /* a reason of refusals is told again after this time */

struct news_entry {
	const char *kind;
	char was[NEWS_WORD_SIZE], now[NEWS_WORD_SIZE]; /* "": the entry has none */
	char cause[REDIS_ERROR_SIZE];
	uint64_t ms; /* how long it was so */
};

struct news {
	struct link *link; /* borrowed, as the next three */
	const struct node_shared *shared;
	const struct registry_keys *keys;
	const char *node;

	enum redis_state trouble; /* of Redis, which is over or not; UP: none */
	uint64_t trouble_ms;      /* wall clock: when it began */
	char error[REDIS_ERROR_SIZE];
	uint64_t told_ms[REFUSALS]; /* when the reason was told last; 0: never */
};

/* Each second that Redis takes the node's report: tells what is new. */
void news_turn(struct news *news, const struct redis_view *redis, const struct reporter *reporter,
	       uint64_t now_ms);

/* True: there is something to tell, and *entry has it. */
bool news_of_redis(struct news *news, const struct redis_view *redis, uint64_t now_ms,
		   struct news_entry *entry);
/* since_ms: of a stretch without a pause; 0: nobody is refused for that. */
bool news_of_refusal(struct news *news, enum refusal refusal, uint64_t since_ms, uint64_t now_ms,
		     struct news_entry *entry);

#endif
