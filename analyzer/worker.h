#ifndef WEIR_ANALYZER_WORKER_H
#define WEIR_ANALYZER_WORKER_H
/*
 * What one thread of the server keeps from request to request.
 */
#include "analyzer/packets.h"
#include "analyzer/sink/sink.h"
#include "common/buf.h"
#include "common/rng.h"

#define POOL_STRLEN 256

struct worker {
	struct buf body;
	struct packets packets; /* borrows from body */
	struct buf lines;       /* the packets, one a line */
	struct origin origin;   /* of the delivery, as its headers say; borrowed from the request */
	char pool[POOL_STRLEN];
	struct sink *sink; /* owned; NULL: none is configured */
	struct rng rng;
};

/* sinks: NULL: none is configured; borrowed. NULL: out of memory. */
struct worker *worker_new(struct sinks *sinks);
void worker_free(struct worker *worker);
/* Empties its buffers, and lets go of what a giant delivery needed. */
void worker_reset(struct worker *worker);

#endif
