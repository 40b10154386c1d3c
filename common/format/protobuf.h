#ifndef WEIR_COMMON_PROTOBUF_H
#define WEIR_COMMON_PROTOBUF_H
/*
 * Reads the fields of a protobuf message, one after the other, and copies nothing. What is inside a
 * field of bytes is read with a cursor of its own. Groups, which nothing writes any more, are
 * refused. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define PROTOBUF_E_SYNTAX 1

enum protobuf_wire {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5
};

struct protobuf_cursor {
	const char *at, *end;
};

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;   /* of a number */
	const char *data; /* of bytes; borrowed */
	size_t len;
};

/* data may be NULL where len is 0. */
static inline struct protobuf_cursor protobuf_open(const char *data, size_t len)
{
	return (struct protobuf_cursor){ data, len ? data + len : data };
}

int protobuf_read_long_varint(struct protobuf_cursor *c, uint64_t *valuep) MUST_CHECK;

/* Most numbers need one byte, and lengths one or two. */
static inline MUST_CHECK int protobuf_read_varint(struct protobuf_cursor *c, uint64_t *valuep)
{
	const unsigned char *at = (const unsigned char *)c->at;
	size_t left = (size_t)(c->end - c->at);

	if (left >= 1 && at[0] < 0x80) {
		*valuep = at[0];
		c->at++;
		return 0;
	}
	if (left >= 2 && at[1] < 0x80) {
		*valuep = (at[0] & 0x7fu) | (unsigned)at[1] << 7;
		c->at += 2;
		return 0;
	}
	return protobuf_read_long_varint(c, valuep);
}

int protobuf_read_field(struct protobuf_cursor *c, struct protobuf_field *field) MUST_CHECK;

/* The cursor is before its end. Most fields are short texts or messages, with a number below 16. */
static inline MUST_CHECK int protobuf_next(struct protobuf_cursor *c, struct protobuf_field *field)
{
	const unsigned char *at = (const unsigned char *)c->at;
	size_t left = (size_t)(c->end - c->at);

	if (left < 2 || (at[0] & 0x87) != PROTOBUF_BYTES || at[0] < 8 || at[1] >= 0x80 ||
	    at[1] > left - 2)
		return protobuf_read_field(c, field);
	*field = (struct protobuf_field){ .number = at[0] >> 3,
					  .wire = PROTOBUF_BYTES,
					  .value = at[1],
					  .data = c->at + 2,
					  .len = at[1] };
	c->at += 2 + field->len;
	return 0;
}

#endif
