#ifndef WEIR_NODE_SPILL_FETCH_H
#define WEIR_NODE_SPILL_FETCH_H
/*
 * Reads the bodies of large packets out of the spill, one at a time, over a link of their own: small
 * packets do not wait for them.
 */
#include "node/packet/memory.h"
#include "node/packet/packet.h"
#include "registry/keys.h"
#include "registry/redis/link.h"
#include "registry/spill.h"

enum spill_fetch_result {
	SPILL_FETCHED,     /* the packet is the callback's */
	SPILL_FETCH_GONE,  /* there is no such entry any more */
	SPILL_FETCH_FAILED /* no answer: later */
};

struct spill_fetch_config {
	struct link *link; /* borrowed, as all of these */
	struct memory *memory;
	const struct registry_keys *keys;
	void (*on_end)(void *arg, enum spill_fetch_result result, struct packet *p);
	void *arg;
};

struct spill_fetch {
	struct spill_fetch_config config;
	struct packet *packet; /* with room for the body; NULL: no call is under way */
};

void spill_fetch_init(struct spill_fetch *f, const struct spill_fetch_config *config);
/* After the link has been closed. */
void spill_fetch_deinit(struct spill_fetch *f);
/* False: one is under way, the link is down, or there is no memory. `name` is borrowed. */
bool spill_fetch_start(struct spill_fetch *f, const char *name, uint64_t cost_bytes);

#endif
