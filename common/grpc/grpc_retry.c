#include "common/grpc/grpc_retry.h"

#include <string.h>

#include "common/base64.h"
#include "common/format/protobuf.h"
#include "common/format/protobuf_write.h"

#define TYPE "google.rpc.RetryInfo"
#define TYPE_URL "type.googleapis.com/" TYPE
#define TEXT_MAX_BYTES 512
#define STATUS_MAX_BYTES 640
#define INFO_MAX_BYTES 64

/* google.rpc.RetryInfo { 1 retry_delay { 1 seconds } }, as google.protobuf.Any { 1 type, 2 value } */
static void put_info(struct protobuf_out *any, uint32_t seconds)
{
	char room[2][INFO_MAX_BYTES];
	struct protobuf_out duration = { .data = room[0], .size = INFO_MAX_BYTES };
	struct protobuf_out info = { .data = room[1], .size = INFO_MAX_BYTES };

	protobuf_put_number(&duration, 1, seconds);
	protobuf_put_bytes(&info, 1, duration.data, duration.len);
	protobuf_put_bytes(any, 1, TYPE_URL, sizeof(TYPE_URL) - 1);
	protobuf_put_bytes(any, 2, info.data, info.len);
}

/* google.rpc.Status { 1 code, 2 message, 3 details } */
void grpc_retry_write(struct buf *out, enum grpc_code code, const char *text, uint32_t seconds)
{
	char room[STATUS_MAX_BYTES], any_room[2 * INFO_MAX_BYTES];
	struct protobuf_out status = { .data = room, .size = sizeof(room) };
	struct protobuf_out any = { .data = any_room, .size = sizeof(any_room) };

	protobuf_put_number(&status, 1, code);
	protobuf_put_bytes(&status, 2, text, strnlen(text, TEXT_MAX_BYTES));
	put_info(&any, seconds);
	protobuf_put_bytes(&status, 3, any.data, any.len);
	assert(!status.is_full && !any.is_full);
	for (size_t i = 0; i < status.len; i += 3) {
		size_t n = status.len - i < 3 ? status.len - i : 3;
		char four[4];

		base64_write(status.data + i, n, four);
		buf_append(out, four, n + 1);
	}
}

/* The last field of bytes with this number; none: of no bytes. False: the message is malformed. */
static bool find(struct protobuf_cursor c, uint32_t number, struct protobuf_cursor *foundp)
{
	struct protobuf_field field;

	*foundp = (struct protobuf_cursor){ c.end, c.end };
	while (c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return false;
		if (field.number == number && field.wire == PROTOBUF_BYTES)
			*foundp = protobuf_open(field.data, field.len);
	}
	return true;
}

static bool is_retry_info(struct protobuf_cursor any)
{
	static const char type[] = "/" TYPE;
	struct protobuf_cursor url;
	size_t n = sizeof(type) - 1;

	return find(any, 1, &url) && (size_t)(url.end - url.at) >= n &&
	       memcmp(url.end - n, type, n) == 0;
}

/* google.protobuf.Duration { 1 seconds, 2 nanos } */
static bool read_duration(struct protobuf_cursor c, uint32_t *secondsp)
{
	uint64_t seconds = 0, nanos = 0;
	struct protobuf_field field;

	while (c.at < c.end) {
		if (protobuf_next(&c, &field) != 0)
			return false;
		if (field.number == 1 && field.wire == PROTOBUF_VARINT)
			seconds = field.value;
		else if (field.number == 2 && field.wire == PROTOBUF_VARINT)
			nanos = field.value;
	}
	if (seconds > INT32_MAX || nanos > INT32_MAX)
		return false;
	*secondsp = (uint32_t)seconds + (nanos > 0);
	return true;
}

bool grpc_retry_read(const char *value, uint32_t *secondsp)
{
	char room[GRPC_DETAILS_MAX_BYTES];
	size_t n = base64_read(value, strlen(value), room, sizeof(room));
	struct protobuf_cursor c = protobuf_open(room, n), any, info, delay;
	struct protobuf_field field;

	while (c.at < c.end && protobuf_next(&c, &field) == 0) {
		any = protobuf_open(field.data, field.len);
		if (field.number == 3 && field.wire == PROTOBUF_BYTES && is_retry_info(any))
			return find(any, 2, &info) && find(info, 1, &delay) &&
			       read_duration(delay, secondsp);
	}
	return false;
}
