#ifndef WEIR_NODE_GRPC_H
#define WEIR_NODE_GRPC_H
/*
 * The words of gRPC over HTTP/2: its content type, the methods that are served here, its deadlines,
 * and its status for each refusal. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/http/http.h"
#include "node/http/refusal.h"

/* What a request calls. */
enum grpc_method {
	GRPC_NONE,    /* the request is not of gRPC */
	GRPC_UNKNOWN, /* a method that is not served here */
	GRPC_EXPORT,  /* of OTLP: a packet of log records */
	GRPC_CHECK,   /* of grpc.health.v1 */
	GRPC_WATCH,
	GRPC_METHODS
};

/* google.rpc.Code: those that are used here. */
enum grpc_code {
	GRPC_OK = 0,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_FAILED_PRECONDITION = 9,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
	GRPC_UNAUTHENTICATED = 16
};

/* "application/grpc", also with a "+proto" or a parameter behind it. Not "application/grpc-web". */
bool grpc_is_type(struct http_slice content_type);
/* Never GRPC_NONE. */
enum grpc_method grpc_find_method(struct http_slice path);
/* Static; NULL: the method has no path of its own. */
const char *grpc_path(enum grpc_method method);
/* "20S", "500m": 1 to 8 digits and a unit. False: it is none. */
bool grpc_read_timeout(struct http_slice value, uint64_t *usp);

enum grpc_code grpc_code_of(enum refusal refusal);
/* Appends a grpc-message: bytes that are no visible ASCII, and the percent sign, become %XX. */
void grpc_write_message(struct buf *out, const char *text);

#endif
