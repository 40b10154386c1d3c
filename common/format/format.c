#include "common/format/format.h"

#include <string.h>

#include "common/format/format_sink.h"

#define READS(fn) .read = fn
static const struct format formats[] = {
	[FORMAT_JSON] = { "json", "application/json", true, false, FORMAT_ANSWER_WEIR,
			  READS(format_read_json) },
	[FORMAT_JSON_LINES] = { "json-lines", "application/x-ndjson", false, false,
				FORMAT_ANSWER_WEIR, READS(format_read_json_lines) },
	[FORMAT_TEXT] = { "text", "text/plain", false, false, FORMAT_ANSWER_WEIR,
			  READS(format_read_text) },
	[FORMAT_FORM] = { "form", "application/x-www-form-urlencoded", false, false,
			  FORMAT_ANSWER_WEIR, READS(format_read_form) },
	[FORMAT_MSGPACK] = { "msgpack", "application/msgpack", false, false, FORMAT_ANSWER_WEIR,
			     READS(format_read_msgpack) },
	[FORMAT_OTLP_JSON] = { "otlp-json", "application/json", true, true, FORMAT_ANSWER_OTLP_JSON,
			       READS(format_read_otlp_json) },
	[FORMAT_OTLP_PROTO] = { "otlp-proto", "application/x-protobuf", false, true,
				FORMAT_ANSWER_OTLP_PROTO, READS(format_read_otlp_proto) },
	[FORMAT_LOKI_JSON] = { "loki-json", "application/json", true, true, FORMAT_ANSWER_LOKI,
			       READS(format_read_loki_json) },
	[FORMAT_LOKI_PROTO] = { "loki-proto", "application/x-protobuf", false, true,
				FORMAT_ANSWER_LOKI, READS(format_read_loki_proto) },
	[FORMAT_HEC] = { "hec", "application/json", false, false, FORMAT_ANSWER_HEC,
			 READS(format_read_hec) },
	[FORMAT_HEC_RAW] = { "hec-raw", "text/plain", false, false, FORMAT_ANSWER_HEC,
			     READS(format_read_hec_raw) },
	[FORMAT_BULK] = { "bulk", "application/x-ndjson", false, false, FORMAT_ANSWER_BULK,
			  READS(format_read_bulk) },
	[FORMAT_GELF] = { "gelf", "application/json", false, false, FORMAT_ANSWER_GELF,
			  READS(format_read_json_lines) },
	[FORMAT_JOURNAL] = { "journal", "application/vnd.fdo.journal", false, false,
			     FORMAT_ANSWER_JOURNAL, READS(format_read_journal) },
	[FORMAT_KAFKAREST] = { "kafkarest", "application/vnd.kafka.json.v2+json", true, false,
			       FORMAT_ANSWER_KAFKAREST, READS(format_read_kafkarest) },
};
static_assert(ARRAY_LEN(formats) == FORMATS, "every format has a row");

const struct format *format_get(enum format_id id)
{
	assert(id < FORMATS);
	return &formats[id];
}

const struct format *format_find(const char *name, size_t len)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strlen(formats[i].name) == len && memcmp(formats[i].name, name, len) == 0)
			return &formats[i];
	return NULL;
}

int format_read(enum format_id id, const struct format_body *body, struct format_sink *sink)
{
	sink->n_messages = 0;
	sink->is_full = false;
	return formats[id].read(body, sink);
}
