#ifndef WEIR_COMMON_GRPC_CODE_H
#define WEIR_COMMON_GRPC_CODE_H
/*
 * How calls of gRPC end, and the status of HTTP that says the same: one table for what is served and
 * for what is delivered. Pure.
 */
#include <stdbool.h>

/* google.rpc.Code. One row each: X(id, value, name, HTTP status of an answer that ended so). */
/* clang-format off */
#define GRPC_CODE_TABLE(X) \
	X(GRPC_OK, 0, "OK", 200) \
	X(GRPC_CANCELLED, 1, "CANCELLED", 500) \
	X(GRPC_UNKNOWN_ERROR, 2, "UNKNOWN", 500) \
	X(GRPC_INVALID_ARGUMENT, 3, "INVALID_ARGUMENT", 400) \
	X(GRPC_DEADLINE_EXCEEDED, 4, "DEADLINE_EXCEEDED", 504) \
	X(GRPC_NOT_FOUND, 5, "NOT_FOUND", 404) \
	X(GRPC_ALREADY_EXISTS, 6, "ALREADY_EXISTS", 409) \
	X(GRPC_PERMISSION_DENIED, 7, "PERMISSION_DENIED", 403) \
	X(GRPC_RESOURCE_EXHAUSTED, 8, "RESOURCE_EXHAUSTED", 413) \
	X(GRPC_FAILED_PRECONDITION, 9, "FAILED_PRECONDITION", 508) \
	X(GRPC_ABORTED, 10, "ABORTED", 500) \
	X(GRPC_OUT_OF_RANGE, 11, "OUT_OF_RANGE", 500) \
	X(GRPC_UNIMPLEMENTED, 12, "UNIMPLEMENTED", 501) \
	X(GRPC_INTERNAL, 13, "INTERNAL", 500) \
	X(GRPC_UNAVAILABLE, 14, "UNAVAILABLE", 503) \
	X(GRPC_DATA_LOSS, 15, "DATA_LOSS", 500) \
	X(GRPC_UNAUTHENTICATED, 16, "UNAUTHENTICATED", 401)
/* clang-format on */

enum grpc_code {
#define GRPC_ID(id, value, name, status) id = value,
	GRPC_CODE_TABLE(GRPC_ID)
#undef GRPC_ID
		GRPC_CODES
};

/* "UNAVAILABLE" */
const char *grpc_code_name(enum grpc_code code);
/* What ends like this over gRPC, where HTTP says that. Every status has one. */
enum grpc_code grpc_code_of_status(int status);
/*
 * Where gRPC says that, what HTTP says. With a RetryInfo (may_retry), RESOURCE_EXHAUSTED is 429: the
 * server is busy. Without one the message is larger than the server takes it.
 */
int grpc_code_status(enum grpc_code code, bool may_retry);
/* The value of a grpc-status; false: it is no code. */
bool grpc_code_read(const char *text, enum grpc_code *codep);

#endif
