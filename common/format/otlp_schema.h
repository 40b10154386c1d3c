#ifndef WEIR_COMMON_OTLP_SCHEMA_H
#define WEIR_COMMON_OTLP_SCHEMA_H
/*
 * The messages of OTLP's logs as tables, for what reads them as protobuf and what writes them so:
 * opentelemetry-proto 1.5, with the names of its JSON.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/format/protobuf.h"

enum otlp_kind {
	OTLP_TEXT,
	OTLP_HEX,    /* bytes */
	OTLP_BASE64, /* bytes */
	OTLP_BOOL,
	OTLP_INT64,   /* a varint, as a string */
	OTLP_UINT32,  /* a varint, as a number */
	OTLP_FIXED32, /* as a number */
	OTLP_FIXED64, /* as a string */
	OTLP_DOUBLE,
	OTLP_MESSAGE
};

struct otlp_row {
	uint32_t number;
	enum otlp_kind kind;
	const char *name;
	const struct otlp_message *message; /* OTLP_MESSAGE */
	bool is_repeated;
	bool is_counted; /* each of them is a message of a packet */
};

#define OTLP_MAX_ROWS 12

struct otlp_message {
	const struct otlp_row *rows;
	size_t n_rows;
	bool is_oneof; /* of its fields the last one counts */
};

/* ExportLogsServiceRequest */
extern const struct otlp_message otlp_request;
/* The enum protobuf_wire of each kind. */
extern const uint8_t otlp_wires[];

#endif
