#include "analyzer/refusal.h"

/* X(reason, status, retry_after_s, name, detail) */
#define REFUSAL_TABLE(X)                                                                           \
	X(REFUSED_NOT, 200, 0, "none", "Accepted.")                                                \
	X(REFUSED_SYNTAX, 400, 0, "syntax", "The body is not one JSON text in UTF-8.")             \
	X(REFUSED_SCALAR, 400, 0, "scalar", "A packet must be a JSON object or array.")            \
	X(REFUSED_EMPTY, 400, 0, "empty", "There is no packet, or one without messages.")          \
	X(REFUSED_NO_BATCH, 400, 0, "no_batch", "With Weir-Packets, the body must be an array.")   \
	X(REFUSED_BATCH_SIZE, 400, 0, "batch_size", "Weir-Packets is not the number of packets.")  \
	X(REFUSED_TOO_LARGE, 413, 0, "too_large", "The body is larger than is accepted here.")     \
	X(REFUSED_FRAME, 400, 0, "grpc_frame",                                                     \
	  "The call must send one whole message of its method.")                                   \
	X(REFUSED_ENCODING, 415, 0, "grpc_encoding", "grpc-encoding may name gzip and identity.")  \
	X(REFUSED_CODING, 415, 0, "content_encoding",                                              \
	  "Content-Encoding may name gzip and identity.")                                          \
	X(REFUSED_NO_SERVICE, 404, 0, "unknown_service",                                           \
	  "The health of this service is not known here.")                                         \
	X(REFUSED_TOKEN, 401, 0, "unauthorized", "It needs Authorization: Bearer TOKEN.")          \
	X(REFUSED_DELIVERY_TOKEN, 401, 0, "delivery_token",                                        \
	  "A delivery needs the delivery token.")                                                  \
	X(REFUSED_ORIGIN, 403, 0, "other_origin", "No page in a browser may ask for this.")        \
	X(REFUSED_HOST, 403, 0, "other_host", "Ask for it by an address, or as localhost.")        \
	X(REFUSED_REMOTE, 403, 0, "not_local", "Without control-token only this machine may.")     \
	X(REFUSED_NOT_FOUND, 404, 0, "not_found", "There is nothing at this path.")                \
	X(REFUSED_METHOD, 405, 0, "method", "The method is not one of those in Allow.")            \
	X(REFUSED_DISABLED, 503, 1, "disabled", "The analyzer is disabled.")                       \
	X(REFUSED_DOWN, 500, 0, "down", "A simulated failure: it is down.")                        \
	X(REFUSED_FAULT, 500, 0, "fault", "A simulated error.")                                    \
	X(REFUSED_RECORD, 503, 1, "record", "The packets could not be recorded.")                  \
	X(REFUSED_SINK, 503, 1, "sink", "The packets could not be handed to the sink.")            \
	X(REFUSED_BY_SINK, 422, 0, "sink_refused",                                                 \
	  "The sink will never take one of the messages.")                                         \
	X(REFUSED_SINK_SIZE, 413, 0, "sink_too_large",                                             \
	  "A message is larger than the sink can take.")                                           \
	X(REFUSED_OUTBOX, 503, 5, "outbox_full", "The outbox before the sink is full.")            \
	X(REFUSED_MEMORY, 503, 1, "memory", "Out of memory.")

#define AS_INFO(reason, status, retry_after_s, name, detail)                                       \
	[reason] = { status, retry_after_s, name, detail },
#define AS_NAME(reason, status, retry_after_s, name, detail) [reason] = name,

const struct refusal_info refusals[REFUSALS] = { REFUSAL_TABLE(AS_INFO) };
const char *const refusal_names[REFUSALS] = { REFUSAL_TABLE(AS_NAME) };
