#ifndef WEIR_NODE_HISTORY_SHARE_H
#define WEIR_NODE_HISTORY_SHARE_H
/*
 * The history of the pool in Redis, for weirctl, which has none of its own. The node that stores the
 * past stores this too: every 10 s, and only while something changes. Of the watch thread.
 */
#include <pthread.h>

#include "registry/history.h"
#include "registry/keys.h"
#include "registry/redis/client.h"

struct history_share {
	struct client *client; /* borrowed, as all of these */
	const struct registry_keys *keys;
	pthread_mutex_t *lock; /* of history */
	const struct history *history;

	uint64_t stored_ms; /* Redis TIME of what was stored last; 0: nothing was */
	double stored_sum;  /* of its figures, which tells whether anything has changed */
};

/* The errors of client_command; -ENOMEM. */
int history_share(struct history_share *s, uint64_t now_ms) MUST_CHECK;

#endif
