#include "node/control/news.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "node/control/node_refusals.h"

#define JOURNAL_MOST "1000" /* as in lua/lib/journal.lua */

/* Lost data have an entry of their own. */
static enum redis_state trouble_of(const struct redis_view *redis)
{
	bool has_lost = redis->state == REDIS_EMPTY || redis->state == REDIS_OLDER;

	return has_lost ? REDIS_UP : redis->state;
}

static void set_words(struct news_entry *entry, const char *was, const char *now, const char *cause)
{
	snprintf(entry->was, sizeof(entry->was), "%s", was);
	snprintf(entry->now, sizeof(entry->now), "%s", now);
	snprintf(entry->cause, sizeof(entry->cause), "%s", cause);
}

bool news_of_redis(struct news *news, const struct redis_view *redis, uint64_t now_ms,
		   struct news_entry *entry)
{
	enum redis_state state = trouble_of(redis), before = news->trouble;

	assert(state < REDIS_STATES);
	if (state == before)
		return false;
	*entry = (struct news_entry){ .kind = "redis" };
	if (before == REDIS_UP)
		news->trouble_ms = now_ms;
	else if (now_ms > news->trouble_ms)
		entry->ms = now_ms - news->trouble_ms;
	set_words(entry, redis_state_names[before], redis_state_names[state],
		  state == REDIS_UP ? news->error : redis->error);
	news->trouble = state;
	snprintf(news->error, sizeof(news->error), "%s", redis->error);
	return redis_state_takes_writes(state);
}

/* A client that goes away, or is slow, and a node that ends, are no news. */
static bool is_told(enum refusal refusal)
{
	return refusal != REFUSAL_INCOMPLETE && refusal != REFUSAL_HEAD_TIMEOUT &&
	       refusal != REFUSAL_BODY_TIMEOUT && refusal != REFUSAL_SHUTTING_DOWN;
}

bool news_of_refusal(struct news *news, enum refusal refusal, uint64_t since_ms, uint64_t now_ms,
		     struct news_entry *entry)
{
	const struct http_refusal_info *info = refusal_info(refusal);
	uint64_t *told_ms = &news->told_ms[refusal];
	char now[NEWS_WORD_SIZE];

	if (since_ms == 0 || !is_told(refusal) || (*told_ms && now_ms < *told_ms + NEWS_AGAIN_MS))
		return false;
	*told_ms = now_ms;
	*entry = (struct news_entry){ .kind = "refusing" };
	snprintf(now, sizeof(now), "%d %s", info->status, info->name);
	set_words(entry, "", now, "");
	return true;
}

/* ---- telling ---- */

static void on_told(void *arg, const redisReply *reply)
{
	(void)arg;
	(void)reply; /* the journal may be full of memory: the next entry is another one */
}

static void tell(struct news *news, const struct news_entry *entry)
{
	char ms[24];
	const char *const words[] = { "XADD",       news->keys->names[KEY_JOURNAL],
				      "MAXLEN",     "~",
				      JOURNAL_MOST, "*",
				      "kind",       entry->kind,
				      "node",       news->node,
				      "was",        entry->was,
				      "now",        entry->now,
				      "cause",      entry->cause,
				      "ms",         ms };

	snprintf(ms, sizeof(ms), "%" PRIu64, entry->ms);
	if (link_command(news->link, ARRAY_LEN(words), words, on_told, NULL) != 0)
		log_debug("control", "the link is down, the journal lacks an entry");
}

/* Whose packets they mostly are. */
static void name_token(const struct news *news, enum refusal refusal, struct news_entry *entry)
{
	char token[REFUSED_TOKEN];

	static_assert(sizeof("token ") - 1 + sizeof(token) <= sizeof(entry->cause), "it fits");
	node_refusals_token(news->shared, refusal, clock_mono_us(), token);
	if (*token)
		snprintf(entry->cause, sizeof(entry->cause), "token %s", token);
}

void news_turn(struct news *news, const struct redis_view *redis, const struct reporter *reporter,
	       uint64_t now_ms)
{
	struct news_entry entry;

	if (news_of_redis(news, redis, now_ms, &entry))
		tell(news, &entry);
	for (unsigned i = REFUSAL_NONE + 1; i < REFUSALS; i++)
		if (news_of_refusal(news, (enum refusal)i,
				    reporter_refusing_since(reporter, (enum refusal)i), now_ms,
				    &entry)) {
			name_token(news, (enum refusal)i, &entry);
			tell(news, &entry);
		}
}
