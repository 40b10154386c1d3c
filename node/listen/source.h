#ifndef WEIR_NODE_SOURCE_H
#define WEIR_NODE_SOURCE_H
/*
 * An address that sends messages to one of the listeners, by UDP or by any number of connections. It
 * has no more than a part of the window, so that one cannot fill it alone.
 */
#include "node/listen/listen_shared.h"

#define SOURCE_KEY_BYTES 16

struct source {
	struct source *next; /* in its bucket */
	struct listen_shared *shared;
	enum listen_port port;
	uint8_t key[SOURCE_KEY_BYTES];
	char query[NET_ADDR_STRLEN + 8]; /* "host=127.0.0.1" */
	unsigned n_users;                /* connections, and parcels */
	size_t held_bytes;               /* that its packets without a fate take */
	struct parcel *open;             /* the group that is being gathered */
	struct source *prev_open, *next_open;
};

/* The source has one user more. NULL: no memory, or there are too many. */
struct source *source_get(struct listen_shared *s, enum listen_port port,
			  const struct net_addr *peer);
void source_put(struct source *source);
void source_free_all(struct listen_shared *s);

bool source_is_full(const struct source *source);

#endif
