#ifndef WEIR_NODE_PAST_STORE_H
#define WEIR_NODE_PAST_STORE_H
/*
 * The past of the pool in Redis, so that a node that starts, or was cut off, gets it from the others.
 *
 *   the node with the least id --> HASH `past`: a field for each point of an hour and of six hours
 *   a node that starts         <-- all of them, once; later the new ones, while somebody looks
 *
 * The hash has at most 132 fields, which are written again and again. One node of a pool writes
 * one or two of them a minute, and none while the pool is idle. Where the last one is gone, Redis has
 * lost them, and all are stored again. Of the watch thread.
 */
#include <pthread.h>

#include "node/watch/past.h"
#include "registry/keys.h"
#include "registry/redis/client.h"

#define PAST_FIELD_SIZE 16

struct past_store {
	struct client *client; /* borrowed, as all of these */
	const struct registry_keys *keys;
	const char *node;
	pthread_mutex_t *lock; /* of past */
	struct past *past;

	uint64_t asked_ms[PAST_RANGES];  /* points that begin before are asked for no more */
	uint64_t stored_ms[PAST_RANGES]; /* points that begin before are stored */
	uint64_t ask_again_ms;           /* Redis TIME from which on others may have stored more */
	char last[PAST_FIELD_SIZE];      /* the field that was stored last; "": none */
	uint64_t heard_ms;               /* when it last wanted reports */
	double heard_routed;
};

/* Whether this node stores for the pool: of all that live its id is the least. */
bool past_store_is_keeper(const struct past_store *s, const struct roster *roster);
/* Messages that the pool has routed, also to analyzers that are gone. */
double past_store_routed(const struct roster *roster);
/* Whether this node is to store the reports of the minute that has ended. */
bool past_store_wants_reports(struct past_store *s, const struct roster *roster);
/* Gets what others stored, and stores what is new. is_seen: somebody looks at this node's page. The
 * errors of client_command; -ENOMEM. */
int past_store_exchange(struct past_store *s, const struct roster *roster, bool is_seen) MUST_CHECK;

#endif
