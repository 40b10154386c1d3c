#ifndef WEIR_COMMON_GRPC_DELIVER_H
#define WEIR_COMMON_GRPC_DELIVER_H
/*
 * The messages of weir.v1.Analyzer/Deliver, as docs/analyzer.proto has them: what a node writes and an
 * analyzer reads, and the reverse. Pure. All that is read is foreign, and what comes out is borrowed.
 */
#include "common/buf.h"
#include "common/format/protobuf.h"
#include "common/format/protobuf_write.h"
#include "common/http/http.h"

#define GRPC_DELIVER_E_END 1    /* nothing is left */
#define GRPC_DELIVER_E_SYNTAX 2 /* it is no such message */

/* Fields of no bytes are left out. */
struct grpc_packet {
	struct http_slice body, content_type;
	struct http_slice format, method, path, query, tenant; /* of a request as it came */
	uint32_t n_messages;
};

struct grpc_result {
	uint32_t status; /* of HTTP, as far as the other side keeps to it; 0: it says none */
	struct http_slice error;
};

/*
 * The bytes of a Batch that stand before the packet's body, whose bytes follow: batches are written
 * packet by packet, and bodies are not copied. They need grpc_packet_head_bytes.
 */
void grpc_packet_write_head(struct protobuf_out *out, const struct grpc_packet *p);
size_t grpc_packet_head_bytes(const struct grpc_packet *p);
/* The next packet of a Batch. GRPC_DELIVER_E_*. */
int grpc_packet_next(struct protobuf_cursor *batch, struct grpc_packet *p) MUST_CHECK;

/* Appends a result to Results. */
void grpc_result_write(struct buf *out, const struct grpc_result *result);
/* The next result of Results. GRPC_DELIVER_E_*. */
int grpc_result_next(struct protobuf_cursor *results, struct grpc_result *result) MUST_CHECK;

#endif
