#ifndef WEIR_NODE_H2_MEMORY_H
#define WEIR_NODE_H2_MEMORY_H
/*
 * What nghttp2 allocates is charged to the memory of the node, byte for byte. An allocation fails
 * when that is used up, but not while nghttp2 takes an answer and sends it: the answer may be that
 * there is no memory, and nghttp2 frees a DATA frame twice if it runs out of memory then. What it
 * needs for that is bounded by the streams of its connection.
 */
#include <nghttp2/nghttp2.h>

#include "node/packet/memory.h"

struct h2_memory {
	struct memory *memory; /* borrowed */
	bool is_sending;
};

/* Borrows `m` for as long as the session lives. */
nghttp2_mem h2_memory(struct h2_memory *m);

#endif
