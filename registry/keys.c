#include "registry/keys.h"

#include <stdio.h>
#include <string.h>

static const char *const suffixes[] = {
	[KEY_EPOCH] = "epoch",
	[KEY_SLOT] = "slot",
	[KEY_URL] = "url",
	[KEY_WEIGHT] = "weight",
	[KEY_STATE] = "state",
	[KEY_INFO] = "info",
	[KEY_EXPIRES] = "expires",
	[KEY_PROCESSED] = "processed",
	[KEY_NODES] = "nodes",
	[KEY_NODE_INFO] = "node_info",
	[KEY_HELD] = "held",
	[KEY_UNREACHABLE] = "unreachable",
	[KEY_HOT] = "hot",
	[KEY_EVENTS] = "events",
	[KEY_JOURNAL] = "journal",
	[KEY_REPORT] = "report",
	[KEY_CREDIT] = "credit",
	[KEY_ROUTED] = "routed",
	[KEY_DELIVERED] = "delivered",
	[KEY_DELIVERED_PACKETS] = "delivered_packets",
	[KEY_FORGIVEN] = "forgiven",
	[KEY_FLAPS] = "flaps",
	[KEY_KEPT] = "kept",
	[KEY_ACCOUNTS] = "accounts",
	[KEY_SPILL] = "spill",
	[KEY_SPILL_TOTAL] = "spill_total",
	[KEY_SPILL_WORKERS] = "spill_workers",
	[KEY_SPILL_PUSHES] = "spill_pushes",
	[KEY_SPILL_SEEN] = "spill_seen",
	[KEY_DEAD] = "dead",
	[KEY_PAST] = "past",
};
static_assert(ARRAY_LEN(suffixes) == REGISTRY_KEYS, "every key has a name");

#define POOL_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static void write_name(struct registry_keys *keys, int key, const char *pool, const char *suffix)
{
	snprintf(keys->names[key], KEY_NAME_MAX, "weir:{%s}:%s", pool, suffix);
}

int registry_keys_init(struct registry_keys *keys, const char *pool)
{
	size_t len = strlen(pool);

	if (len == 0 || len > POOL_NAME_MAX || strspn(pool, POOL_CHARACTERS) != len)
		return KEYS_E_POOL;
	for (int i = 0; i < REGISTRY_KEYS; i++)
		write_name(keys, i, pool, suffixes[i]);
	return 0;
}

void registry_keys_set_apart(struct registry_keys *keys, const char *pool)
{
	write_name(keys, KEY_JOURNAL, pool, "spill_journal");
}
