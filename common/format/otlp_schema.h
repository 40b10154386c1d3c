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

#define OTLP_MEMBER_BYTES 32 /* a constant is copied with two instructions */

struct otlp_row {
	uint32_t number;
	enum otlp_kind kind;
	const char *name;
	char member[OTLP_MEMBER_BYTES];     /* ,"name": */
	uint8_t n_member;                   /* bytes of it that count */
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

const struct otlp_row *otlp_search(const struct otlp_message *message, uint32_t number,
				   const struct otlp_row *near);

/* The row of a field; NULL: none, or one of another type. `near`: the row where the search begins. */
static inline const struct otlp_row *otlp_find(const struct otlp_message *message,
					       const struct protobuf_field *field,
					       const struct otlp_row *near)
{
	const struct otlp_row *row = near;

	if (row->number != field->number)
		row = otlp_search(message, field->number, near);
	return row && otlp_wires[row->kind] == field->wire ? row : NULL;
}

#endif
