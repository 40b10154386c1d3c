#include "node/ingest/answer_format.h"

#include <stdio.h>
#include <string.h>

#include "common/http/web_answer.h"
#include "node/ingest/grpc.h"

#define JSON "application/json"
#define TEXT "text/plain; charset=utf-8"

static void set(struct answer_shape *shape, const char *media_type, const char *data)
{
	shape->media_type = media_type;
	shape->data = data;
	shape->len = strlen(data);
}

/* What Elasticsearch's own clients call their JSON, in the version that they asked for. */
static const char *elastic_type(const struct answer_style *style)
{
	switch (style->compatible_with) {
	case 7:
		return "application/vnd.elasticsearch+json; compatible-with=7";
	case 8:
		return "application/vnd.elasticsearch+json; compatible-with=8";
	case 9:
		return "application/vnd.elasticsearch+json; compatible-with=9";
	default:
		return JSON;
	}
}

void answer_format_accepted(const struct answer_style *style, struct answer_shape *shape)
{
	shape->status = 200;
	switch (style->format) {
	case FORMAT_ANSWER_OTLP_JSON:
		set(shape, JSON, "{}");
		return;
	case FORMAT_ANSWER_OTLP_PROTO:
		set(shape, "application/x-protobuf", "");
		return;
	case FORMAT_ANSWER_LOKI:
		shape->status = 204;
		return;
	case FORMAT_ANSWER_HEC:
		set(shape, JSON, "{\"text\":\"Success\",\"code\":0}");
		return;
	case FORMAT_ANSWER_BULK:
		set(shape, elastic_type(style), "{\"took\":1,\"errors\":false,\"items\":[");
		return;
	case FORMAT_ANSWER_GELF:
		shape->status = 202;
		set(shape, TEXT, "");
		return;
	case FORMAT_ANSWER_JOURNAL:
		shape->status = 202;
		set(shape, TEXT, "OK.\n");
		return;
	default:
		set(shape, JSON, "{\"offsets\":[]}");
		return;
	}
}

/* google.rpc.Status: 1 code, 2 message. */
static void write_status(struct answer_shape *shape, enum refusal refusal)
{
	const char *detail = refusal_info(refusal)->detail;
	size_t len = strlen(detail), n = 0;

	assert(len < 1u << 14 && len + 8 < sizeof(shape->room));
	shape->room[n++] = 0x08;
	shape->room[n++] = (char)grpc_code_of(refusal);
	shape->room[n++] = 0x12;
	if (len > 127)
		shape->room[n++] = (char)(len | 0x80);
	shape->room[n++] = (char)(len > 127 ? len >> 7 : len);
	memcpy(shape->room + n, detail, len);
	shape->media_type = "application/x-protobuf";
	shape->data = shape->room;
	shape->len = n + len;
}

static void print(struct answer_shape *shape, const char *media_type, int n)
{
	assert(n > 0 && (size_t)n < sizeof(shape->room));
	shape->media_type = media_type;
	shape->data = shape->room;
	shape->len = (size_t)n;
}

static void write_hec(const struct answer_style *style, enum refusal refusal, uint32_t n_before,
		      struct answer_shape *shape)
{
	switch (refusal) {
	case REFUSAL_UNAUTHORIZED:
		shape->status = style->had_token ? 403 : 401;
		set(shape, JSON,
		    style->had_token ? "{\"text\":\"Invalid token\",\"code\":4}"
				     : "{\"text\":\"Token is required\",\"code\":2}");
		return;
	case REFUSAL_NO_MESSAGES:
		set(shape, JSON, "{\"text\":\"No data\",\"code\":5}");
		return;
	case REFUSAL_BAD_FORMAT:
		print(shape, JSON,
		      snprintf(shape->room, sizeof(shape->room),
			       "{\"text\":\"Invalid data format\",\"code\":6,"
			       "\"invalid-event-number\":%u}",
			       n_before));
		return;
	case REFUSAL_ACKS_ARE_OFF:
		set(shape, JSON, "{\"text\":\"ACK is disabled\",\"code\":14}");
		return;
	default:
		break;
	}
	if (shape->status == 503 || shape->status == 429)
		set(shape, JSON, "{\"text\":\"Server is busy\",\"code\":9}");
	else
		print(shape, JSON,
		      snprintf(shape->room, sizeof(shape->room), "{\"text\":\"%s\",\"code\":6}",
			       refusal_info(refusal)->detail));
}

static const char *elastic_error(int status)
{
	switch (status) {
	case 503:
	case 429:
		return "es_rejected_execution_exception";
	case 401:
		return "security_exception";
	case 413:
		return "content_too_long_exception";
	default:
		return "illegal_argument_exception";
	}
}

void answer_format_refused(const struct answer_style *style, enum refusal refusal,
			   uint32_t n_before, struct answer_shape *shape)
{
	const struct http_refusal_info *info = refusal_info(refusal);

	shape->status = info->status;
	switch (style->format) {
	case FORMAT_ANSWER_OTLP_PROTO:
		write_status(shape, refusal);
		return;
	case FORMAT_ANSWER_HEC:
		write_hec(style, refusal, n_before, shape);
		return;
	case FORMAT_ANSWER_LOKI:
	case FORMAT_ANSWER_JOURNAL:
		print(shape, TEXT,
		      snprintf(shape->room, sizeof(shape->room), "%s\n", info->detail));
		return;
	case FORMAT_ANSWER_OTLP_JSON:
		print(shape, JSON,
		      snprintf(shape->room, sizeof(shape->room), "{\"code\":%d,\"message\":\"%s\"}",
			       (int)grpc_code_of(refusal), info->detail));
		return;
	case FORMAT_ANSWER_BULK:
		print(shape, elastic_type(style),
		      snprintf(shape->room, sizeof(shape->room),
			       "{\"error\":{\"root_cause\":[],\"type\":\"%s\",\"reason\":\"%s\"},"
			       "\"status\":%d}",
			       elastic_error(info->status), info->detail, info->status));
		return;
	case FORMAT_ANSWER_KAFKAREST:
		print(shape, JSON,
		      snprintf(shape->room, sizeof(shape->room),
			       "{\"error_code\":%d,\"message\":\"%s\"}", info->status,
			       info->detail));
		return;
	default:
		print(shape, "application/problem+json",
		      snprintf(shape->room, sizeof(shape->room),
			       "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
			       "\"code\":\"%s\",\"detail\":\"%s\"}",
			       web_status_text(info->status), info->status, info->name,
			       info->detail));
		return;
	}
}
