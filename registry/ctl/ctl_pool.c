/*
 * A pool of another name than those that are there is a mistake more often than a new pool. So where
 * Redis has no trace of the one that was named, and has others, these are named.
 */
#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl.h"

#define SCAN_MOST 200 /* calls */
#define POOLS_MOST 32
#define PREFIX "weir:{"
#define SUFFIX "}:epoch"

struct pools {
	char names[POOLS_MOST][POOL_NAME_MAX + 1];
	unsigned n;
};

static void add(struct pools *pools, const char *key)
{
	size_t len = strlen(key);
	size_t n_name = len - strlen(PREFIX) - strlen(SUFFIX);
	char name[POOL_NAME_MAX + 1];

	if (len <= strlen(PREFIX) + strlen(SUFFIX) || n_name > POOL_NAME_MAX)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)n_name, key + strlen(PREFIX));
	for (unsigned i = 0; i < pools->n; i++)
		if (strcmp(pools->names[i], name) == 0)
			return; /* a scan may name a key twice */
	if (pools->n < POOLS_MOST)
		memcpy(pools->names[pools->n++], name, sizeof(name));
}

/* One step of the scan. False: it cannot be scanned here, or is over. */
static bool scan(struct ctl *ctl, char cursor[32], struct pools *pools)
{
	static const char pattern[] = PREFIX "*" SUFFIX;
	const char *const words[] = { "SCAN", cursor, "MATCH", pattern, "COUNT", "1000" };
	redisReply *reply = NULL;
	bool goes_on = false;

	if (client_command(ctl->client, &reply, ARRAY_LEN(words), words) != 0)
		return false; /* a user of its own may have no right to it */
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_ARRAY) {
		for (size_t i = 0; i < reply->element[1]->elements; i++)
			if (reply->element[1]->element[i]->type == REDIS_REPLY_STRING)
				add(pools, reply->element[1]->element[i]->str);
		snprintf(cursor, 32, "%s", reply->element[0]->str);
		goes_on = strcmp(cursor, "0") != 0;
	}
	freeReplyObject(reply);
	return goes_on;
}

/* Whether the pool was ever used; true also where that cannot be asked. */
static bool is_known(struct ctl *ctl)
{
	const char *const words[] = { "EXISTS", ctl->keys.names[KEY_EPOCH] };
	redisReply *reply = NULL;
	bool known;

	if (client_command(ctl->client, &reply, ARRAY_LEN(words), words) != 0)
		return true; /* the command itself will say so */
	known = reply->type != REDIS_REPLY_INTEGER || reply->integer > 0;
	freeReplyObject(reply);
	return known;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

enum ctl_exit ctl_check_pool(struct ctl *ctl)
{
	struct pools pools = { .n = 0 };
	struct buf list CLEANUP(buf_deinit) = { 0 };
	char cursor[32] = "0";

	if (is_known(ctl))
		return CTL_OK;
	for (int i = 0; i < SCAN_MOST && scan(ctl, cursor, &pools); i++)
		;
	if (pools.n == 0)
		return CTL_OK;
	qsort(pools.names, pools.n, sizeof(pools.names[0]), by_name);
	for (unsigned i = 0; i < pools.n; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", pools.names[i]);
	return ctl_fail("--pool: there is no pool \"%s\" in this Redis (there %s: %s)",
			ctl->options.pool, pools.n == 1 ? "is" : "are", buf_str(&list));
}
