#ifndef WEIR_REGISTRY_KEYS_H
#define WEIR_REGISTRY_KEYS_H
/*
 * The names of a pool's keys: weir:{pool}:name. One hash tag, so a pool lives in one slot of a
 * Redis Cluster.
 */
#include "common/err.h"
#include "registry/keys.h"
#include "registry/redis/script.h"

#define POOL_NAME_MAX 64
#define KEYS_E_POOL 1 /* a pool is 1 to 64 of A-Z a-z 0-9 . _ - */

enum registry_key {
	KEY_EPOCH,       /* STRING */
	KEY_SLOT,        /* HASH analyzer -> index in the packed vectors */
	KEY_URL,         /* HASH analyzer -> delivery URL */
	KEY_WEIGHT,      /* HASH analyzer -> configured weight */
	KEY_STATE,       /* HASH analyzer -> active, draining, disabled */
	KEY_INFO,        /* HASH analyzer -> JSON */
	KEY_EXPIRES,     /* ZSET analyzer -> lease end, ms of Redis TIME; negative: it left then */
	KEY_PROCESSED,   /* HASH analyzer -> messages, by its own count */
	KEY_NODES,       /* ZSET node/worker -> lease end; negative: gone since */
	KEY_NODE_INFO,   /* HASH node/worker -> JSON */
	KEY_HELD,        /* HASH node/worker -> last call, its answer, credit held */
	KEY_UNREACHABLE, /* HASH node/worker -> slots */
	KEY_HOT,         /* STRING, packed doubles by slot */
	KEY_EVENTS,      /* pub/sub channel */
	KEY_JOURNAL,     /* STREAM, what happened in the pool, for people; trimmed */
	KEY_REPORT,      /* HASH node -> JSON: what it sees of itself and its lanes */
	KEY_CREDIT,      /* HASH, readable copies of what is in hot */
	KEY_ROUTED,
	KEY_DELIVERED,
	KEY_DELIVERED_PACKETS,
	KEY_FORGIVEN,
	KEY_FLAPS,    /* HASH analyzer -> restarts in a row, and when the last one was */
	KEY_KEPT,     /* HASH node -> JSON: the analyzers that it lists; and what else keep knows */
	KEY_ACCOUNTS, /* HASH run of a worker -> JSON: what became of every packet it received */
	KEY_SPILL,    /* STREAM, packets that no analyzer could take; group `nodes` */
	KEY_SPILL_TOTAL,   /* HASH: packets, messages, bytes in it now */
	KEY_SPILL_WORKERS, /* ZSET node/worker -> when it last asked for packets of the spill */
	KEY_SPILL_PUSHES,  /* HASH caller -> its last numbered call, and what that stored */
	KEY_SPILL_SEEN,    /* HASH: what is in a spill on another server, as a node saw it last */
	KEY_DEAD,          /* STREAM, packets that an analyzer refuses as bad */
	KEY_PAST,          /* HASH range and step -> JSON: what the pool did then, for charts */
	REGISTRY_KEYS
};

struct registry_keys {
	char names[REGISTRY_KEYS][KEY_NAME_MAX];
};

/*
 * For a server that has spill and dead letters alone: what happens there goes to a journal of its
 * own, from where a node takes it to the registry's.
 */
void registry_keys_set_apart(struct registry_keys *keys, const char *pool);
int registry_keys_init(struct registry_keys *keys, const char *pool) MUST_CHECK; /* KEYS_E_POOL */

#endif
