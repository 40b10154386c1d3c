#ifndef WEIR_COMMON_PROTOBUF_WRITE_H
#define WEIR_COMMON_PROTOBUF_WRITE_H
/*
 * Writes the fields of a protobuf message into memory of the caller. What does not fit sets `is_full`,
 * and nothing is written from then on: check it once, at the end. Pure.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOBUF_VARINT_BYTES 10 /* at most */
#define PROTOBUF_HEAD_BYTES 15   /* at most, of a field of bytes: its tag and its length */

struct protobuf_out {
	char *data; /* borrowed */
	size_t len, size;
	bool is_full;
};

size_t protobuf_varint_bytes(uint64_t value);
void protobuf_put_varint(struct protobuf_out *out, uint64_t value);
void protobuf_put_raw(struct protobuf_out *out, const void *bytes, size_t len);
/* Fields: the number is from 1 on. */
void protobuf_put_number(struct protobuf_out *out, uint32_t field, uint64_t value);
void protobuf_put_fixed32(struct protobuf_out *out, uint32_t field, uint32_t value);
void protobuf_put_fixed64(struct protobuf_out *out, uint32_t field, uint64_t value);
void protobuf_put_bytes(struct protobuf_out *out, uint32_t field, const void *bytes, size_t len);
/* The bytes of the field itself follow, by the caller. */
void protobuf_put_head(struct protobuf_out *out, uint32_t field, uint64_t len);

#endif
