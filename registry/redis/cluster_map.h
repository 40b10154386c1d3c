#ifndef WEIR_REGISTRY_CLUSTER_MAP_H
#define WEIR_REGISTRY_CLUSTER_MAP_H
/*
 * Redis Cluster as its nodes tell it: which of them serves a slot. A pool is one slot, as all of its keys share a
 * hash tag. Pure.
 */
#include "registry/redis/redis_place.h"

#define CLUSTER_SLOTS 16384

unsigned cluster_slot_of(const char *key);

/* "MOVED 3999 127.0.0.1:6381": the slot is there. "ASK 3999 ...": this call alone, behind ASKING. */
struct cluster_redirect {
	bool is_ask;
	int slot;
	struct redis_host host;
};
/* False: the error is none. `here` stands in for a host that is left out. */
bool cluster_redirect_parse(const char *error, const struct redis_host *here,
			    struct cluster_redirect *out);

/* What one node says. */
struct cluster_map {
	bool is_here;            /* the node that was asked serves the slot itself */
	bool is_cut_off;         /* it cannot reach most masters, and may be wrong */
	struct redis_host owner; /* of the slot; "" = nobody serves it */
	struct redis_host nodes[REDIS_CLUSTER_MAX_NODES]; /* those that can be asked */
	unsigned n_nodes;
};

/* From the answer to CLUSTER NODES. by_name: hosts by their names, where they have some (certificates have
 * names). False: it is no such answer. */
bool cluster_map_parse(const char *text, int slot, bool by_name, struct cluster_map *map);

#endif
