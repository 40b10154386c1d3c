#ifndef WEIR_NODE_BATCH_CALL_H
#define WEIR_NODE_BATCH_CALL_H
/*
 * Packets leave in a call of gRPC. One of OTLP goes alone, by LogsService/Export: protobuf as it came, and JSON
 * as protobuf. All others go by weir.v1.Analyzer/Deliver (docs/analyzer.proto), and so does JSON that only looks
 * like OTLP. Bodies are not copied, unless they are packed or made into protobuf.
 */
#include "node/deliver/batch.h"

/* The packet goes by Export, as far as its first bytes tell. */
bool batch_call_exports(const struct packet *p);
/*
 * Fills in the transfer's method, headers and parts. -ENOMEM; FORMAT_E_*: a packet has no JSON form; -EINVAL: a
 * message cannot be so long.
 */
int batch_write_call(struct batch *b, const struct batch_style *style) MUST_CHECK;

#endif
