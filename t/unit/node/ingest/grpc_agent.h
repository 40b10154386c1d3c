#ifndef WEIR_T_UNIT_NODE_INGEST_GRPC_AGENT_H
#define WEIR_T_UNIT_NODE_INGEST_GRPC_AGENT_H
/* Calls of gRPC by the client of h2_agent.h. */
#include "t/unit/node/ingest/h2_agent.h"

#define EXPORT "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"
#define RECORD "\x0a\x06\x12\x04\x12\x02\x10\x09"
#define PREFIX_OF_RECORD "\0\0\0\0\x08"
/* A question about the health of a service. */
#define ASK(service) "\0\0\0\0" service
#define BODY(bytes, is_last)                                                                       \
	{                                                                                          \
		bytes, is_last, sizeof(bytes) - 1                                                  \
	}

static int32_t UNUSED call_with(struct agent *a, const char *path, struct body *body,
				const char *name, const char *value)
{
	const nghttp2_nv nvs[] = { FIELD(":method", "POST"),
				   FIELD(":scheme", "http"),
				   FIELD(":path", path),
				   FIELD(":authority", "w"),
				   FIELD("content-type", "application/grpc"),
				   FIELD(name, value) };
	nghttp2_data_provider provider = { .source.ptr = body, .read_callback = on_body };
	int32_t id = nghttp2_submit_request(a->session, NULL, nvs, ARRAY_LEN(nvs), &provider, NULL);

	assert_true(id > 0);
	return id;
}

static int32_t UNUSED call(struct agent *a, const char *path, struct body *body)
{
	return call_with(a, path, body, "te", "trailers");
}

static void UNUSED connect_caller(struct agent *a, struct agent_bench *b)
{
	connect_agent(a, b);
	a->hears_data = true;
	speak_in_pieces(a, SIZE_MAX / 4);
	hear(a);
}

static void UNUSED pass_time(struct agent *a, uint64_t us)
{
	a->b->shared.now_us += us;
	assert_true(exchange_h2_look(a->h));
}

static void UNUSED assert_heard(struct agent *a, const char *what)
{
	if (!strstr(a->heard, what))
		fail_msg("%s is not in %s", what, a->heard);
}

#endif
