#include "node/watch/since.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static_assert(sizeof(((struct since_entry *)0)->key) == sizeof(((struct cause *)0)->key),
	      "a key is kept whole, as it is compared");

static void forget(struct since *since, uint64_t now_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < since->n; i++)
		if (since->list[i].last_ms + SINCE_HOLD_MS >= now_ms)
			since->list[n++] = since->list[i];
	since->n = n;
}

static struct since_entry *find(struct since *since, const struct cause *cause)
{
	for (unsigned i = 0; i < since->n; i++)
		if (since->list[i].kind == cause->kind &&
		    strcmp(since->list[i].key, cause->key) == 0)
			return &since->list[i];
	return NULL;
}

static struct since_entry *add(struct since *since, const struct cause *cause, uint64_t now_ms)
{
	struct since_entry *entry;

	if (since->n == CAUSES_MOST)
		return NULL;
	entry = &since->list[since->n++];
	*entry = (struct since_entry){ .kind = cause->kind, .first_ms = now_ms };
	snprintf(entry->key, sizeof(entry->key), "%s", cause->key);
	return entry;
}

void since_fill(struct since *since, struct causes *causes, uint64_t now_ms)
{
	assert(since->n <= CAUSES_MOST && causes->n <= CAUSES_MOST);
	forget(since, now_ms);
	for (unsigned i = 0; i < causes->n; i++) {
		struct cause *cause = &causes->list[i];
		struct since_entry *entry;

		if (cause->since_ms)
			continue;
		entry = find(since, cause);
		if (!entry)
			entry = add(since, cause, now_ms);
		cause->since_ms = entry ? entry->first_ms : now_ms;
		if (entry)
			entry->last_ms = now_ms;
	}
}
