#ifndef WEIR_NODE_H2_MEMORY_H
#define WEIR_NODE_H2_MEMORY_H
/*
 * What nghttp2 allocates is charged to the memory of the node, byte for byte.
 */
#include <nghttp2/nghttp2.h>

#include "node/packet/memory.h"

/* `memory` is borrowed. An allocation fails when it is used up. */
nghttp2_mem h2_memory(struct memory *memory);

#endif
