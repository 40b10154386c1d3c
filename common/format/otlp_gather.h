#ifndef WEIR_COMMON_OTLP_GATHER_H
#define WEIR_COMMON_OTLP_GATHER_H
/*
 * Writes OTLP's protobuf as JSON, whatever the order of its fields: it finds where each of them stands
 * in a message, and then reads them again. Of a field that comes twice where one is wanted, the last counts.
 */
#include "common/format/format_sink.h"
#include "common/format/otlp_schema.h"

/* 0, FORMAT_E_SYNTAX, FORMAT_E_TOO_LARGE. depth: levels of JSON that may still be opened. */
int otlp_gather(struct format_sink *sink, const struct otlp_message *message, const char *data,
		size_t len, unsigned depth) MUST_CHECK;

#endif
