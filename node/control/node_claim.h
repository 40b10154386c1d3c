#ifndef WEIR_NODE_CLAIM_H
#define WEIR_NODE_CLAIM_H
/*
 * Makes sure at the start that no other process is this node. A process that had the id on this machine and has
 * ended is recognized at once. Of one on another machine the lease tells: as long as that is prolonged, it lives.
 */
#include "node/shared.h"

/* Blocks for at most a lease. -EEXIST: another node has the id, and the log says which.
 * -EPROTO: a newer version of Weir wrote the registry. 0: this one has it, or
 * Redis does not answer, and a node starts without Redis. */
int node_claim(struct node_shared *shared) MUST_CHECK;

#endif
