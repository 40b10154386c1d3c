#include "common/format/otlp_schema.h"

#define MESSAGE(rows)                                                                              \
	{                                                                                          \
		rows, ARRAY_LEN(rows), false                                                       \
	}

static const struct otlp_message any_value;
static const struct otlp_message key_value;

static const struct otlp_row array_rows[] = { { 1, OTLP_MESSAGE, "values", &any_value, true,
						false } };
static const struct otlp_message array_value = MESSAGE(array_rows);
static const struct otlp_row list_rows[] = { { 1, OTLP_MESSAGE, "values", &key_value, true,
					       false } };
static const struct otlp_message key_value_list = MESSAGE(list_rows);

static const struct otlp_row any_value_rows[] = {
	{ 1, OTLP_TEXT, "stringValue", NULL, false, false },
	{ 2, OTLP_BOOL, "boolValue", NULL, false, false },
	{ 3, OTLP_INT64, "intValue", NULL, false, false },
	{ 4, OTLP_DOUBLE, "doubleValue", NULL, false, false },
	{ 5, OTLP_MESSAGE, "arrayValue", &array_value, false, false },
	{ 6, OTLP_MESSAGE, "kvlistValue", &key_value_list, false, false },
	{ 7, OTLP_BASE64, "bytesValue", NULL, false, false },
};
static const struct otlp_message any_value = { any_value_rows, ARRAY_LEN(any_value_rows), true };

static const struct otlp_row key_value_rows[] = {
	{ 1, OTLP_TEXT, "key", NULL, false, false },
	{ 2, OTLP_MESSAGE, "value", &any_value, false, false },
};
static const struct otlp_message key_value = MESSAGE(key_value_rows);

static const struct otlp_row record_rows[] = {
	{ 1, OTLP_FIXED64, "timeUnixNano", NULL, false, false },
	{ 11, OTLP_FIXED64, "observedTimeUnixNano", NULL, false, false },
	{ 2, OTLP_UINT32, "severityNumber", NULL, false, false },
	{ 3, OTLP_TEXT, "severityText", NULL, false, false },
	{ 5, OTLP_MESSAGE, "body", &any_value, false, false },
	{ 6, OTLP_MESSAGE, "attributes", &key_value, true, false },
	{ 7, OTLP_UINT32, "droppedAttributesCount", NULL, false, false },
	{ 8, OTLP_FIXED32, "flags", NULL, false, false },
	{ 9, OTLP_HEX, "traceId", NULL, false, false },
	{ 10, OTLP_HEX, "spanId", NULL, false, false },
	{ 12, OTLP_TEXT, "eventName", NULL, false, false },
};
static const struct otlp_message record = MESSAGE(record_rows);

static const struct otlp_row scope_rows[] = {
	{ 1, OTLP_TEXT, "name", NULL, false, false },
	{ 2, OTLP_TEXT, "version", NULL, false, false },
	{ 3, OTLP_MESSAGE, "attributes", &key_value, true, false },
	{ 4, OTLP_UINT32, "droppedAttributesCount", NULL, false, false },
};
static const struct otlp_message scope = MESSAGE(scope_rows);

static const struct otlp_row scope_logs_rows[] = {
	{ 1, OTLP_MESSAGE, "scope", &scope, false, false },
	{ 2, OTLP_MESSAGE, "logRecords", &record, true, true },
	{ 3, OTLP_TEXT, "schemaUrl", NULL, false, false },
};
static const struct otlp_message scope_logs = MESSAGE(scope_logs_rows);

static const struct otlp_row resource_rows[] = {
	{ 1, OTLP_MESSAGE, "attributes", &key_value, true, false },
	{ 2, OTLP_UINT32, "droppedAttributesCount", NULL, false, false },
};
static const struct otlp_message resource = MESSAGE(resource_rows);

static const struct otlp_row resource_logs_rows[] = {
	{ 1, OTLP_MESSAGE, "resource", &resource, false, false },
	{ 2, OTLP_MESSAGE, "scopeLogs", &scope_logs, true, false },
	{ 3, OTLP_TEXT, "schemaUrl", NULL, false, false },
};
static const struct otlp_message resource_logs = MESSAGE(resource_logs_rows);

static const struct otlp_row request_rows[] = {
	{ 1, OTLP_MESSAGE, "resourceLogs", &resource_logs, true, false },
};
const struct otlp_message otlp_request = MESSAGE(request_rows);

const uint8_t otlp_wires[] = {
	[OTLP_TEXT] = PROTOBUF_BYTES,      [OTLP_HEX] = PROTOBUF_BYTES,
	[OTLP_BASE64] = PROTOBUF_BYTES,    [OTLP_BOOL] = PROTOBUF_VARINT,
	[OTLP_INT64] = PROTOBUF_VARINT,    [OTLP_UINT32] = PROTOBUF_VARINT,
	[OTLP_FIXED32] = PROTOBUF_FIXED32, [OTLP_FIXED64] = PROTOBUF_FIXED64,
	[OTLP_DOUBLE] = PROTOBUF_FIXED64,  [OTLP_MESSAGE] = PROTOBUF_BYTES,
};
