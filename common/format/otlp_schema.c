#include "common/format/otlp_schema.h"

/* A field, and how its JSON begins behind another one. */
#define ROW(number, kind, name, ...)                                                               \
	{                                                                                          \
		number, kind, name, ",\"" name "\":", sizeof(name) + 3, __VA_ARGS__                \
	}

#define MESSAGE(rows)                                                                              \
	{                                                                                          \
		rows, ARRAY_LEN(rows), false                                                       \
	}

static const struct otlp_message any_value;
static const struct otlp_message key_value;

static const struct otlp_row array_rows[] = {
	ROW(1, OTLP_MESSAGE, "values", &any_value, true, false),
};
static const struct otlp_message array_value = MESSAGE(array_rows);
static const struct otlp_row list_rows[] = {
	ROW(1, OTLP_MESSAGE, "values", &key_value, true, false),
};
static const struct otlp_message key_value_list = MESSAGE(list_rows);

static const struct otlp_row any_value_rows[] = {
	ROW(1, OTLP_TEXT, "stringValue", NULL, false, false),
	ROW(2, OTLP_BOOL, "boolValue", NULL, false, false),
	ROW(3, OTLP_INT64, "intValue", NULL, false, false),
	ROW(4, OTLP_DOUBLE, "doubleValue", NULL, false, false),
	ROW(5, OTLP_MESSAGE, "arrayValue", &array_value, false, false),
	ROW(6, OTLP_MESSAGE, "kvlistValue", &key_value_list, false, false),
	ROW(7, OTLP_BASE64, "bytesValue", NULL, false, false),
};
static const struct otlp_message any_value = { any_value_rows, ARRAY_LEN(any_value_rows), true };

static const struct otlp_row key_value_rows[] = {
	ROW(1, OTLP_TEXT, "key", NULL, false, false),
	ROW(2, OTLP_MESSAGE, "value", &any_value, false, false),
};
static const struct otlp_message key_value = MESSAGE(key_value_rows);

static const struct otlp_row record_rows[] = {
	ROW(1, OTLP_FIXED64, "timeUnixNano", NULL, false, false),
	ROW(11, OTLP_FIXED64, "observedTimeUnixNano", NULL, false, false),
	ROW(2, OTLP_UINT32, "severityNumber", NULL, false, false),
	ROW(3, OTLP_TEXT, "severityText", NULL, false, false),
	ROW(5, OTLP_MESSAGE, "body", &any_value, false, false),
	ROW(6, OTLP_MESSAGE, "attributes", &key_value, true, false),
	ROW(7, OTLP_UINT32, "droppedAttributesCount", NULL, false, false),
	ROW(8, OTLP_FIXED32, "flags", NULL, false, false),
	ROW(9, OTLP_HEX, "traceId", NULL, false, false),
	ROW(10, OTLP_HEX, "spanId", NULL, false, false),
	ROW(12, OTLP_TEXT, "eventName", NULL, false, false),
};
static const struct otlp_message record = MESSAGE(record_rows);

static const struct otlp_row scope_rows[] = {
	ROW(1, OTLP_TEXT, "name", NULL, false, false),
	ROW(2, OTLP_TEXT, "version", NULL, false, false),
	ROW(3, OTLP_MESSAGE, "attributes", &key_value, true, false),
	ROW(4, OTLP_UINT32, "droppedAttributesCount", NULL, false, false),
};
static const struct otlp_message scope = MESSAGE(scope_rows);

static const struct otlp_row scope_logs_rows[] = {
	ROW(1, OTLP_MESSAGE, "scope", &scope, false, false),
	ROW(2, OTLP_MESSAGE, "logRecords", &record, true, true),
	ROW(3, OTLP_TEXT, "schemaUrl", NULL, false, false),
};
static const struct otlp_message scope_logs = MESSAGE(scope_logs_rows);

static const struct otlp_row resource_rows[] = {
	ROW(1, OTLP_MESSAGE, "attributes", &key_value, true, false),
	ROW(2, OTLP_UINT32, "droppedAttributesCount", NULL, false, false),
};
static const struct otlp_message resource = MESSAGE(resource_rows);

static const struct otlp_row resource_logs_rows[] = {
	ROW(1, OTLP_MESSAGE, "resource", &resource, false, false),
	ROW(2, OTLP_MESSAGE, "scopeLogs", &scope_logs, true, false),
	ROW(3, OTLP_TEXT, "schemaUrl", NULL, false, false),
};
static const struct otlp_message resource_logs = MESSAGE(resource_logs_rows);

static const struct otlp_row request_rows[] = {
	ROW(1, OTLP_MESSAGE, "resourceLogs", &resource_logs, true, false),
};
const struct otlp_message otlp_request = MESSAGE(request_rows);

const uint8_t otlp_wires[] = {
	[OTLP_TEXT] = PROTOBUF_BYTES,      [OTLP_HEX] = PROTOBUF_BYTES,
	[OTLP_BASE64] = PROTOBUF_BYTES,    [OTLP_BOOL] = PROTOBUF_VARINT,
	[OTLP_INT64] = PROTOBUF_VARINT,    [OTLP_UINT32] = PROTOBUF_VARINT,
	[OTLP_FIXED32] = PROTOBUF_FIXED32, [OTLP_FIXED64] = PROTOBUF_FIXED64,
	[OTLP_DOUBLE] = PROTOBUF_FIXED64,  [OTLP_MESSAGE] = PROTOBUF_BYTES,
};

const struct otlp_row *otlp_search(const struct otlp_message *message, uint32_t number,
				   const struct otlp_row *near)
{
	const struct otlp_row *end = message->rows + message->n_rows, *row = near;

	do {
		if (++row == end)
			row = message->rows;
		if (row->number == number)
			return row;
	} while (row != near);
	return NULL;
}
