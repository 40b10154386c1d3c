#ifndef WEIR_NODE_FORWARD_SPLIT_H
#define WEIR_NODE_FORWARD_SPLIT_H
/*
 * The packets of one frame of the forward protocol. The tag stands in each message as JSON, so a frame
 * that was short enough may be too long as one packet. Its events are then halved until each half fits.
 */
#include "node/listen/group.h"

/*
 * A list of parcels by `next`, which the caller sends. Else there are none: -ENOMEM, GROUP_E_LONG (a
 * single event is too long, a long tag would stand in too many packets, or all of it would be more than
 * eight times max-body as JSON).
 */
int forward_split(struct source *source, const struct group_part *frame, uint64_t n_messages,
		  struct parcel_chunk *chunk, struct parcel **firstp) MUST_CHECK;

#endif
