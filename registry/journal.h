#ifndef WEIR_REGISTRY_JOURNAL_H
#define WEIR_REGISTRY_JOURNAL_H
/*
 * The journal of a pool: what happened, for people to read later. Scripts write it
 * (lua/lib/journal.lua) into a stream that keeps about the last thousand entries.
 */
#include <cjson/cJSON.h>

#include "registry/keys.h"
#include "registry/redis/client.h"

#define JOURNAL_ID_MAX 48

/*
 * Entries after the one named `after`, at most `most`, the oldest first; NULL: the last `most` of
 * all. *listp is the caller's to delete: an array of {"id","time_ms" (Redis TIME, of the last
 * time),"first_ms","count" (how often it happened),"epoch","kind","analyzer","node" (node/worker),
 * "was","now","cause","by","text" (a sentence, with "×20" where it happened 20 times)}; null is what an
 * entry does not have. 0, CLIENT_E_*, MEMBERSHIP_E_ANSWER or -ENOMEM.
 */
int journal_read(struct client *client, const struct registry_keys *keys, const char *after,
		 unsigned most, cJSON **listp) MUST_CHECK;
/* Do both tell the same, at whatever time? A later one with a count above 1 stands for the earlier. */
bool journal_is_same(const cJSON *a, const cJSON *b);

/* An entry of something that people did, and no script tells: `now` of them. by: who, NULL: not
 * said. As client_command. */
int journal_tell(struct client *client, const struct registry_keys *keys, const char *kind,
		 const char *now, const char *by) MUST_CHECK;

#endif
