#ifndef WEIR_COMMON_GRPC_HEALTH_H
#define WEIR_COMMON_GRPC_HEALTH_H
/*
 * The messages of grpc.health.v1.Health. A request for the health of the whole server has no bytes.
 * Pure.
 */
#include "common/format/protobuf.h"
#include "common/grpc/grpc_frame.h"

/* HealthCheckResponse.ServingStatus */
enum grpc_serving {
	GRPC_SERVING_UNKNOWN = 0,
	GRPC_SERVING = 1,
	GRPC_NOT_SERVING = 2,
	GRPC_SERVICE_UNKNOWN = 3
};

#define GRPC_SERVING_BYTES 7
/* A response, with its prefix. */
void grpc_health_write_serving(char message[GRPC_SERVING_BYTES], enum grpc_serving serving);
/* A response, without its prefix. GRPC_SERVING_UNKNOWN: it does not say. PROTOBUF_E_SYNTAX. */
int grpc_health_read_serving(const char *data, size_t len, enum grpc_serving *servingp) MUST_CHECK;
/* A request, without its prefix: its service, borrowed; of no bytes: the whole server. PROTOBUF_E_SYNTAX. */
int grpc_health_read_service(const char *data, size_t len, struct http_slice *servicep) MUST_CHECK;

#endif
