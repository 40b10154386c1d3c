#ifndef WEIR_NODE_BATCH_REQUEST_H
#define WEIR_NODE_BATCH_REQUEST_H
/*
 * A packet leaves as its request came: the same method, media type and bytes. Where the URL of the
 * analyzer ends in "/" and a star, the path and query of the agent stand in place of the star. A path that could
 * lead out of there is replaced by the one that its format has. Loki's protobuf goes in a block of snappy,
 * without which Loki does not take it.
 */
#include "node/deliver/batch.h"

/*
 * Fills in the transfer's URL, which is the analyzer's before, its method, headers and parts, and how much of
 * the answer is kept. -ENOMEM; -EINVAL:
 * more than one packet, as the analyzer took batches before.
 */
int batch_write_request(struct batch *b, const struct batch_style *style) MUST_CHECK;
/* The URL for this packet; free() it. NULL: out of memory. */
char *batch_request_url(const char *url, const struct packet_request *request);

#endif
