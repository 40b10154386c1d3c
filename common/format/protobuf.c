#include "common/format/protobuf.h"

#include <endian.h>
#include <string.h>

#define MAX_FIELD_NUMBER ((1u << 29) - 1)

int protobuf_read_long_varint(struct protobuf_cursor *c, uint64_t *valuep)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70 && c->at < c->end; shift += 7) {
		uint64_t byte = (unsigned char)*c->at++;

		if (shift == 63 && byte > 1)
			return PROTOBUF_E_SYNTAX;
		value |= (byte & 0x7f) << shift;
		if (byte < 0x80) {
			*valuep = value;
			return 0;
		}
	}
	return PROTOBUF_E_SYNTAX;
}

static int read_fixed64(struct protobuf_cursor *c, uint64_t *valuep)
{
	uint64_t value;

	if ((size_t)(c->end - c->at) < sizeof(value))
		return PROTOBUF_E_SYNTAX;
	memcpy(&value, c->at, sizeof(value));
	c->at += sizeof(value);
	*valuep = le64toh(value);
	return 0;
}

static int read_fixed32(struct protobuf_cursor *c, uint64_t *valuep)
{
	uint32_t value;

	if ((size_t)(c->end - c->at) < sizeof(value))
		return PROTOBUF_E_SYNTAX;
	memcpy(&value, c->at, sizeof(value));
	c->at += sizeof(value);
	*valuep = le32toh(value);
	return 0;
}

static int read_bytes(struct protobuf_cursor *c, struct protobuf_field *field)
{
	int r = protobuf_read_varint(c, &field->value);

	if (r || field->value > (uint64_t)(c->end - c->at))
		return PROTOBUF_E_SYNTAX;
	field->data = c->at;
	field->len = (size_t)field->value;
	c->at += field->len;
	return 0;
}

int protobuf_read_field(struct protobuf_cursor *c, struct protobuf_field *field)
{
	uint64_t tag;

	*field = (struct protobuf_field){ 0 };
	if (protobuf_read_varint(c, &tag) || tag >> 3 == 0 || tag >> 3 > MAX_FIELD_NUMBER)
		return PROTOBUF_E_SYNTAX;
	field->number = (uint32_t)(tag >> 3);
	field->wire = (enum protobuf_wire)(tag & 7);
	switch (tag & 7) {
	case PROTOBUF_VARINT:
		return protobuf_read_varint(c, &field->value);
	case PROTOBUF_FIXED64:
		return read_fixed64(c, &field->value);
	case PROTOBUF_BYTES:
		return read_bytes(c, field);
	case PROTOBUF_FIXED32:
		return read_fixed32(c, &field->value);
	default:
		return PROTOBUF_E_SYNTAX;
	}
}
