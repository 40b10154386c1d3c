#include "common/format/format.h"

#include <string.h>

#include "common/format/format_sink.h"

const char *const format_names[] = {
	[FORMAT_JSON] = "json",
	[FORMAT_JSON_LINES] = "json-lines",
	[FORMAT_TEXT] = "text",
	[FORMAT_FORM] = "form",
	[FORMAT_MSGPACK] = "msgpack",
	[FORMAT_OTLP_JSON] = "otlp-json",
	[FORMAT_OTLP_PROTO] = "otlp-proto",
	[FORMAT_LOKI_JSON] = "loki-json",
	[FORMAT_LOKI_PROTO] = "loki-proto",
	[FORMAT_HEC] = "hec",
	[FORMAT_HEC_RAW] = "hec-raw",
	[FORMAT_BULK] = "bulk",
	[FORMAT_GELF] = "gelf",
	[FORMAT_JOURNAL] = "journal",
	[FORMAT_KAFKAREST] = "kafkarest",
	[FORMAT_SYSLOG] = "syslog",
	[FORMAT_FORWARD] = "forward",
	[FORMAT_OTLP_GRPC] = "otlp-grpc",
};
static_assert(ARRAY_LEN(format_names) == FORMATS, "every format has a name");

#define READS(fn) .read = fn
static const struct format formats[] = {
	[FORMAT_JSON] = { "application/json", true, false, FORMAT_ANSWER_WEIR,
			  READS(format_read_json) },
	[FORMAT_JSON_LINES] = { "application/x-ndjson", false, false, FORMAT_ANSWER_WEIR,
				READS(format_read_json_lines) },
	[FORMAT_TEXT] = { "text/plain", false, false, FORMAT_ANSWER_WEIR, READS(format_read_text) },
	[FORMAT_FORM] = { "application/x-www-form-urlencoded", false, false, FORMAT_ANSWER_WEIR,
			  READS(format_read_form) },
	[FORMAT_MSGPACK] = { "application/msgpack", false, false, FORMAT_ANSWER_WEIR,
			     READS(format_read_msgpack) },
	[FORMAT_OTLP_JSON] = { "application/json", true, true, FORMAT_ANSWER_OTLP_JSON,
			       READS(format_read_otlp_json) },
	[FORMAT_OTLP_PROTO] = { "application/x-protobuf", false, true, FORMAT_ANSWER_OTLP_PROTO,
				READS(format_read_otlp_proto) },
	[FORMAT_LOKI_JSON] = { "application/json", true, true, FORMAT_ANSWER_LOKI,
			       READS(format_read_loki_json) },
	[FORMAT_LOKI_PROTO] = { "application/x-protobuf", false, true, FORMAT_ANSWER_LOKI,
				READS(format_read_loki_proto) },
	[FORMAT_HEC] = { "application/json", false, false, FORMAT_ANSWER_HEC,
			 READS(format_read_objects) },
	[FORMAT_HEC_RAW] = { "text/plain", false, false, FORMAT_ANSWER_HEC,
			     READS(format_read_hec_raw) },
	[FORMAT_BULK] = { "application/x-ndjson", false, false, FORMAT_ANSWER_BULK,
			  READS(format_read_bulk) },
	[FORMAT_GELF] = { "application/json", false, false, FORMAT_ANSWER_GELF,
			  READS(format_read_objects) },
	[FORMAT_JOURNAL] = { "application/vnd.fdo.journal", false, true, FORMAT_ANSWER_JOURNAL,
			     READS(format_read_journal) },
	[FORMAT_KAFKAREST] = { "application/vnd.kafka.json.v2+json", true, false,
			       FORMAT_ANSWER_KAFKAREST, READS(format_read_kafkarest) },
	[FORMAT_SYSLOG] = { "application/syslog", false, false, FORMAT_ANSWER_WEIR,
			    READS(format_read_syslog) },
	[FORMAT_FORWARD] = { "application/msgpack", false, false, FORMAT_ANSWER_WEIR,
			     READS(format_read_forward) },
	[FORMAT_OTLP_GRPC] = { "application/grpc", false, true, FORMAT_ANSWER_OTLP_PROTO,
			       READS(format_read_otlp_proto) },
};
static_assert(ARRAY_LEN(formats) == FORMATS, "every format has a row");

const struct format *format_get(enum format_id id)
{
	assert(id < FORMATS);
	return &formats[id];
}

enum format_id format_find(const char *name)
{
	enum format_id id = 0;

	while (id < FORMATS && strcmp(format_names[id], name) != 0)
		id++;
	return id;
}

int format_read(enum format_id id, const struct format_body *body, struct format_sink *sink)
{
	sink->n_messages = 0;
	sink->is_full = false;
	return formats[id].read(body, sink);
}

/* A line of raw events gets what the query says, an action the index in the path, an event the tag. */
size_t format_json_bound(enum format_id id, const struct format_body *body)
{
	size_t factor = 48;

	if (formats[id].is_json)
		return body->len;
	if (id == FORMAT_HEC_RAW)
		factor += 6 * body->query.len;
	if (id == FORMAT_BULK)
		factor += body->path.len;
	if (id == FORMAT_FORWARD)
		factor += 3 * body->len;
	return 64 + factor * (body->len + 1);
}
