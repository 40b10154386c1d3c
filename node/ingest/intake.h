#ifndef WEIR_NODE_INTAKE_H
#define WEIR_NODE_INTAKE_H
/*
 * The body of a request that is whole becomes a packet. JSON is counted by itself, because most
 * agents send it; the translator reads all other formats. Metrics count each packet by its format.
 */
#include "node/ingest/conn_shared.h"
#include "node/ingest/request_form.h"

/*
 * REFUSAL_NONE: *pp is unpacked, and its messages are counted. *pp may move in any case, and stays
 * the caller's. The answer learns what it has to say of the format and of single messages.
 * *is_emptyp: there are no messages, which this format calls a success.
 */
enum refusal intake_read(struct conn_shared *shared, const struct request_form *form,
			 struct answer *answer, struct packet **pp, bool *is_emptyp);
/* A packet of n_bytes, as they came in, is in this format. */
void intake_count(struct metrics_shard *metrics, enum format_id format, size_t n_bytes,
		  const struct packet *p);

#endif
