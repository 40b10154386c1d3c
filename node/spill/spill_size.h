#ifndef WEIR_NODE_SPILL_SIZE_H
#define WEIR_NODE_SPILL_SIZE_H
/*
 * Packets for Redis and from there by their size. Large ones have connections of their own: a small
 * one does not wait for the bytes of a large one, however slow the connection is.
 */
#include "node/packet/packet.h"
#include "registry/spill.h"

enum spill_size { SPILL_SMALL, SPILL_LARGE, SPILL_SIZES };

static inline enum spill_size spill_size_of(const struct packet *p)
{
	return p->len > SPILL_LARGE_BYTES ? SPILL_LARGE : SPILL_SMALL;
}

#endif
