#include "node/watch/history_share.h"

#include <cjson/cJSON.h>

#include "registry/history_store.h"

#define EVERY_MS 10000

static double sum_of(const struct history_sample *s)
{
	return s->routed + s->packets + s->spilled + s->dead + s->refused;
}

/* Under the lock. NULL: there is nothing to store, or (*errorp) no memory. */
static char *text_of(const struct history_share *s, double *sump, int *errorp)
{
	const struct history_sample *now = history_now(s->history);
	const struct history_sample *first = history_before(s->history, UINT64_MAX);
	char *text;

	*errorp = 0;
	if (!now || sum_of(now) == (s->stored_ms ? s->stored_sum : sum_of(first)))
		return NULL; /* the pool idles */
	*sump = sum_of(now);
	text = history_store_text(s->history);
	*errorp = text ? 0 : -ENOMEM;
	return text;
}

int history_share(struct history_share *s, uint64_t now_ms)
{
	const char *words[] = { "HSET", s->keys->names[KEY_PAST], HISTORY_STORE_FIELD, NULL };
	redisReply *reply;
	double sum = 0;
	char *text;
	int r;

	if (s->stored_ms && now_ms >= s->stored_ms && now_ms - s->stored_ms < EVERY_MS)
		return 0;
	pthread_mutex_lock(s->lock);
	text = text_of(s, &sum, &r);
	pthread_mutex_unlock(s->lock);
	if (!text)
		return r;
	words[3] = text;
	r = client_command(s->client, &reply, ARRAY_LEN(words), words);
	cJSON_free(text);
	if (r != 0)
		return r;
	freeReplyObject(reply);
	s->stored_ms = now_ms;
	s->stored_sum = sum;
	return 0;
}
