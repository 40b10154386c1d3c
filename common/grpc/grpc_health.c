#include "common/grpc/grpc_health.h"

/* HealthCheckResponse { 1 status } */
void grpc_health_write_serving(char message[GRPC_SERVING_BYTES], enum grpc_serving serving)
{
	grpc_frame_write_prefix(message, GRPC_SERVING_BYTES - GRPC_PREFIX_BYTES);
	message[GRPC_PREFIX_BYTES] = 1 << 3 | PROTOBUF_VARINT;
	message[GRPC_PREFIX_BYTES + 1] = (char)serving;
}

int grpc_health_read_serving(const char *data, size_t len, enum grpc_serving *servingp)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field field;

	*servingp = GRPC_SERVING_UNKNOWN;
	while (c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return PROTOBUF_E_SYNTAX;
		if (field.number == 1 && field.wire == PROTOBUF_VARINT)
			*servingp = field.value <= GRPC_SERVICE_UNKNOWN
					    ? (enum grpc_serving)field.value
					    : GRPC_SERVING_UNKNOWN;
	}
	return 0;
}

/* HealthCheckRequest { 1 service } */
int grpc_health_read_service(const char *data, size_t len, struct http_slice *servicep)
{
	struct protobuf_cursor c = protobuf_open(data, len);
	struct protobuf_field field;

	*servicep = (struct http_slice){ "", 0 };
	while (c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return PROTOBUF_E_SYNTAX;
		if (field.number == 1 && field.wire == PROTOBUF_BYTES)
			*servicep = (struct http_slice){ field.data, field.len };
	}
	return 0;
}
