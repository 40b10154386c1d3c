#ifndef WEIR_NODE_REFUSAL_H
#define WEIR_NODE_REFUSAL_H
/*
 * Every reason for which a packet is refused: one table gives the status, the name in log and
 * metrics, and the sentence in the answer. The reader's own reasons (enum http_refusal) come first.
 *
 * Most log agents drop what gets a 4xx, so those are only for what can never be accepted; whatever
 * may go well later is a 503, or for who must slow down a 429, with Retry-After.
 */
#include "common/http/http.h"

/*
 * The reasons behind the reader's own, one row each: X(id, status, name for log and counter,
 * sentence for the answer).
 */
/* clang-format off */
#define REFUSAL_TABLE(X) \
	X(REFUSAL_BAD_JSON, 400, "bad_json", "The body is not one valid JSON document in UTF-8.") \
	X(REFUSAL_NOT_A_PACKET, 400, "not_a_packet", "The body must be a JSON object or array.") \
	X(REFUSAL_NO_MESSAGES, 400, "no_messages", "The packet holds no messages.") \
	X(REFUSAL_SPOKE_PLAIN, 400, "spoke_plain", "Plain HTTP was spoken to this port, which speaks TLS: use an https:// URL.") \
	X(REFUSAL_UNAUTHORIZED, 401, "unauthorized", "A valid token is needed, as Bearer, Splunk, ApiKey or Basic.") \
	X(REFUSAL_WRONG_TOKENS, 429, "too_many_wrong_tokens", "Too many wrong tokens came from your address; see Retry-After.") \
	X(REFUSAL_NOT_FOUND, 404, "not_found", "No such path. Packets go to POST /ingest, /v1/ingest, /logs or /message/send, or to the path of their format.") \
	X(REFUSAL_METHOD_NOT_ALLOWED, 405, "method_not_allowed", "This path does not take that method; see Allow.") \
	X(REFUSAL_INCOMPLETE, 400, "incomplete", "The connection ended before the request did.") \
	X(REFUSAL_HEAD_TIMEOUT, 408, "head_timeout", "The request header did not arrive in time.") \
	X(REFUSAL_BODY_TIMEOUT, 408, "body_timeout", "The request body did not arrive in time.") \
	X(REFUSAL_MEDIA_TYPE, 415, "media_type", "Content-Type names no format of log messages.") \
	X(REFUSAL_CONTENT_ENCODING, 415, "content_encoding", "Content-Encoding may name gzip, deflate, zstd and snappy.") \
	X(REFUSAL_BAD_ENCODING, 400, "bad_encoding", "The body is compressed, and broken or cut off.") \
	X(REFUSAL_EXPANDS, 413, "expands_too_much", "The body grows more than a thousandfold when it is unpacked.") \
	X(REFUSAL_BAD_FORMAT, 400, "bad_format", "The body is not in the format that its path or its first bytes announce.") \
	X(REFUSAL_ACKS_ARE_OFF, 400, "acks_are_off", "There are no acknowledgements to ask for. Switch indexer acknowledgement off in the agent.") \
	X(REFUSAL_GRPC_HTTP, 415, "grpc_over_http1", "This is gRPC. It is taken over HTTP/2 only, with POST and the Content-Type application/grpc.") \
	X(REFUSAL_GRPC_FRAME, 400, "grpc_frame", "The call must send one whole message of gRPC, compressed only where grpc-encoding says so.") \
	X(REFUSAL_GRPC_ENCODING, 415, "grpc_encoding", "grpc-encoding may name gzip and identity.") \
	X(REFUSAL_UNKNOWN_CALL, 404, "unknown_call", "This method is not served. By gRPC there are LogsService/Export of OTLP, and grpc.health.v1.") \
	X(REFUSAL_UNKNOWN_SERVICE, 404, "unknown_service", "The health of this service is not known here.") \
	X(REFUSAL_DEADLINE, 504, "deadline", "The deadline of the call (grpc-timeout) has passed.") \
	X(REFUSAL_FORMAT, 415, "format", "This node does not take this format (formats).") \
	X(REFUSAL_LOOP, 508, "loop", "This packet has been in this pool before: an analyzer of the pool leads back to it.") \
	X(REFUSAL_TOO_MANY_HOPS, 508, "too_many_hops", "This packet has been in more than 8 pools: they may lead in a circle.") \
	X(REFUSAL_NO_ANALYZER, 503, "no_analyzer", "No analyzer can take this packet now.") \
	X(REFUSAL_SPILL_AWAY, 503, "spill_away", "No analyzer can take this packet now, and Redis, where it would wait, does not answer.") \
	X(REFUSAL_SPILL_SLOW, 503, "spill_slow", "No analyzer can take this packet now, and Redis did not store it in time.") \
	X(REFUSAL_SPILL_REFUSED, 503, "spill_refused", "No analyzer can take this packet now, and Redis refuses to store it; the log of the node says why.") \
	X(REFUSAL_SPILL_REPLICAS, 503, "spill_replicas", "No analyzer can take this packet now, and too few replicas of Redis would have it (spill-min-replicas).") \
	X(REFUSAL_SPILL_FULL, 503, "spill_full", "No analyzer can take this packet now, and the spill is full (spill-max-bytes).") \
	X(REFUSAL_DEAD_AWAY, 503, "dead_away", "An analyzer refuses this packet as bad, and Redis, where it would be kept as a dead letter, does not answer.") \
	X(REFUSAL_DEAD_SLOW, 503, "dead_slow", "An analyzer refuses this packet as bad, and Redis did not store the dead letter in time.") \
	X(REFUSAL_DEAD_REFUSED, 503, "dead_refused", "An analyzer refuses this packet as bad, and Redis refuses to store the dead letter; the log of the node says why.") \
	X(REFUSAL_DEAD_FULL, 503, "dead_full", "An analyzer refuses this packet as bad, and there are too many dead letters.") \
	X(REFUSAL_NO_MEMORY, 503, "no_memory", "The memory of this node for packets is used up (memory-max).") \
	X(REFUSAL_TOO_MANY_CONNECTIONS, 503, "too_many_connections", "This node has reached its limit of connections (max-connections).") \
	X(REFUSAL_TOO_MANY_FROM_ADDRESS, 503, "too_many_from_address", "Your address has reached its limit of connections (max-connections-per-address).") \
	X(REFUSAL_TOO_MANY_WATCHES, 503, "too_many_watches", "As many clients watch the health of this node as it allows.") \
	X(REFUSAL_SHUTTING_DOWN, 503, "shutting_down", "This node is shutting down.")
/* clang-format on */

enum refusal {
	REFUSAL_NONE = HTTP_OK,
	REFUSAL_OF_HTTP = HTTP_REFUSALS - 1, /* the last of the reader's reasons */
#define REFUSAL_ID(id, status, name, detail) id,
	REFUSAL_TABLE(REFUSAL_ID)
#undef REFUSAL_ID
		REFUSALS
};

const struct http_refusal_info *refusal_info(enum refusal refusal);
/* For the label of a metric. NULL: REFUSAL_NONE. */
extern const char *const refusal_names[REFUSALS];

#endif
