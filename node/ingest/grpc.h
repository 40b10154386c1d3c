#ifndef WEIR_NODE_GRPC_H
#define WEIR_NODE_GRPC_H
/*
 * The methods of gRPC that are served at the ingest ports, and the code of gRPC for each refusal. Pure.
 */
#include "common/grpc/grpc_code.h"
#include "common/grpc/grpc_text.h"
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

/* Never GRPC_NONE. */
enum grpc_method grpc_find_method(struct http_slice path);
/* Static; NULL: the method has no path of its own. */
const char *grpc_path(enum grpc_method method);

enum grpc_code grpc_code_of(enum refusal refusal);

#endif
