#ifndef WEIR_ANALYZER_CALL_BATCH_H
#define WEIR_ANALYZER_CALL_BATCH_H
/*
 * A batch that came by gRPC (docs/analyzer.proto), and what becomes of each of its packets. Those that are
 * none are refused by themselves. The others are taken together, or one by one where the sink refuses one.
 */
#include "analyzer/intake.h"
#include "common/http/http.h"

/* A packet. */
struct call_item {
	struct http_slice
		json; /* its JSON form: borrowed from the call, or from the worker's body */
	enum refusal refusal;
};

/* Zeroed: empty. */
struct call_batch {
	struct call_item *items; /* owned */
	size_t n_items, capacity;
};

/* Borrows the message, and uses the worker's body and packets. is_request: packets are as agents sent them. A
 * refusal is that of the whole batch. */
enum refusal call_batch_read(struct call_batch *call, struct worker *worker, const char *message,
			     size_t len, bool is_request) MUST_CHECK;
/* Takes what was read. A refusal: nothing was taken, it may go well later, and no packet is at fault. */
enum refusal call_batch_take(struct call_batch *call, struct intake *intake, struct worker *worker,
			     struct stats_batch *batch) MUST_CHECK;
/* Appends a result for each packet. */
void call_batch_write_results(const struct call_batch *call, struct buf *results);
void call_batch_deinit(struct call_batch *call);

#endif
