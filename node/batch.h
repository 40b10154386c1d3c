#ifndef WEIR_NODE_BATCH_H
#define WEIR_NODE_BATCH_H
/*
 * The packets that leave for an analyzer in one POST: its body and headers, and what its outcome
 * means.
 */
#include "common/buf.h"
#include "node/packet.h"
#include "node/sender.h"

struct lane;

enum delivery_outcome {
	OUTCOME_OK,
	OUTCOME_BAD,     /* 400, 413, 415, 422: the packet is at fault */
	OUTCOME_BUSY,    /* 429, 503 */
	OUTCOME_STATUS,  /* any other status */
	OUTCOME_CONNECT, /* no connection */
	OUTCOME_TIMEOUT,
	OUTCOME_BROKEN, /* the connection broke before the answer */
	DELIVERY_OUTCOMES
};
/* Of failures, for log and metrics; NULL for OUTCOME_OK. */
extern const char *const delivery_outcome_names[DELIVERY_OUTCOMES];

struct batch {
	struct transfer transfer;
	struct lane *lane;  /* borrowed */
	struct batch *next; /* in the lane's list of halves to be sent */
	struct packet_queue packets;
	uint32_t n_messages;
	uint32_t attempt; /* of the packet that was tried most often */
	struct buf body;
};

/* NULL: out of memory. */
struct batch *batch_new(struct lane *lane);
/* Its packets must have been taken out. */
void batch_free(struct batch *b);
/* Takes the packet. */
void batch_add(struct batch *b, struct packet *p);

/*
 * The packets byte for byte, as a JSON array where the analyzer takes batches; and the headers.
 * Fills in the transfer's body and headers. -ENOMEM.
 */
int batch_write(struct batch *b, enum analyzer_accepts accepts, const char *node_id) MUST_CHECK;

/* What the end of a transfer says. */
enum delivery_outcome batch_outcome(const struct transfer *t);

#endif
