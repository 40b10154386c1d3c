#ifndef WEIR_NODE_DEAD_LETTER_H
#define WEIR_NODE_DEAD_LETTER_H
/*
 * A packet that an analyzer refuses as bad goes to the stream `dead` of its pool.
 */
#include "node/packet/packet.h"
#include "registry/redis/link.h"

/*
 * Borrows p until fn has run, which it does exactly once (perhaps from inside, when Redis is away).
 * is_buried: Redis has it. Otherwise Redis is away or the stream is full.
 */
void dead_letter_bury(struct link *link, const char *node_id, struct packet *p,
		      const char *analyzer, int status,
		      void (*fn)(void *arg, struct packet *p, bool is_buried), void *arg);

#endif
