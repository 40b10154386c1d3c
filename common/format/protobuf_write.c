#include "common/format/protobuf_write.h"

#include <string.h>

#include "common/format/protobuf.h"

size_t protobuf_varint_bytes(uint64_t value)
{
	size_t n = 1;

	for (; value > 0x7f; value >>= 7)
		n++;
	return n;
}

void protobuf_put_raw(struct protobuf_out *out, const void *bytes, size_t len)
{
	out->is_full |= len > out->size - out->len;
	if (out->is_full || len == 0)
		return;
	memcpy(out->data + out->len, bytes, len);
	out->len += len;
}

void protobuf_put_varint(struct protobuf_out *out, uint64_t value)
{
	char bytes[PROTOBUF_VARINT_BYTES];
	size_t n = 0;

	for (; value > 0x7f; value >>= 7)
		bytes[n++] = (char)(value | 0x80);
	bytes[n++] = (char)value;
	protobuf_put_raw(out, bytes, n);
}

static void put_tag(struct protobuf_out *out, uint32_t field, enum protobuf_wire wire)
{
	protobuf_put_varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_put_number(struct protobuf_out *out, uint32_t field, uint64_t value)
{
	put_tag(out, field, PROTOBUF_VARINT);
	protobuf_put_varint(out, value);
}

static void put_fixed(struct protobuf_out *out, unsigned n_bytes, uint64_t value)
{
	char bytes[8];

	for (unsigned i = 0; i < n_bytes; i++)
		bytes[i] = (char)(value >> 8 * i);
	protobuf_put_raw(out, bytes, n_bytes);
}

void protobuf_put_fixed32(struct protobuf_out *out, uint32_t field, uint32_t value)
{
	put_tag(out, field, PROTOBUF_FIXED32);
	put_fixed(out, 4, value);
}

void protobuf_put_fixed64(struct protobuf_out *out, uint32_t field, uint64_t value)
{
	put_tag(out, field, PROTOBUF_FIXED64);
	put_fixed(out, 8, value);
}

void protobuf_put_head(struct protobuf_out *out, uint32_t field, uint64_t len)
{
	put_tag(out, field, PROTOBUF_BYTES);
	protobuf_put_varint(out, len);
}

void protobuf_put_bytes(struct protobuf_out *out, uint32_t field, const void *bytes, size_t len)
{
	protobuf_put_head(out, field, len);
	protobuf_put_raw(out, bytes, len);
}
