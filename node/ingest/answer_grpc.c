#include "node/ingest/answer_grpc.h"

#include "common/base64.h"
#include "node/ingest/grpc_frame.h"

#define RETRY_INFO "type.googleapis.com/google.rpc.RetryInfo"
#define STATUS_MAX_BYTES 640
#define LENGTH_DELIMITED 2
#define VARINT 0

/* A protobuf message of less than 16 KiB. */
struct message {
	char bytes[STATUS_MAX_BYTES];
	size_t len;
};

static void put_number(struct message *m, uint32_t value)
{
	for (; value > 127; value >>= 7)
		m->bytes[m->len++] = (char)(value | 0x80);
	m->bytes[m->len++] = (char)value;
}

static void put_varint(struct message *m, unsigned field, uint32_t value)
{
	put_number(m, field << 3 | VARINT);
	put_number(m, value);
}

static void put_bytes(struct message *m, unsigned field, const char *bytes, size_t len)
{
	assert(m->len + len + 16 < sizeof(m->bytes));
	put_number(m, field << 3 | LENGTH_DELIMITED);
	put_number(m, (uint32_t)len);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static void put_message(struct message *m, unsigned field, const struct message *inner)
{
	put_bytes(m, field, inner->bytes, inner->len);
}

/* google.rpc.RetryInfo { 1 retry_delay { 1 seconds } }, as google.protobuf.Any { 1 type, 2 value } */
static void put_retry_info(struct message *any, uint32_t seconds)
{
	struct message duration = { .len = 0 }, info = { .len = 0 };

	put_varint(&duration, 1, seconds);
	put_message(&info, 1, &duration);
	put_bytes(any, 1, RETRY_INFO, sizeof(RETRY_INFO) - 1);
	put_message(any, 2, &info);
}

/* google.rpc.Status { 1 code, 2 message, 3 details }, in base64 without padding. */
static void write_details(struct buf *out, enum grpc_code code, const char *detail,
			  uint32_t seconds)
{
	struct message status = { .len = 0 }, any = { .len = 0 };

	put_varint(&status, 1, code);
	put_bytes(&status, 2, detail, strlen(detail));
	put_retry_info(&any, seconds);
	put_message(&status, 3, &any);
	buf_append_str(out, "Grpc-Status-Details-Bin: ");
	for (size_t i = 0; i < status.len; i += 3) {
		size_t n = status.len - i < 3 ? status.len - i : 3;
		char four[4];

		base64_write(status.bytes + i, n, four);
		buf_append(out, four, n + 1);
	}
	buf_append_str(out, "\r\n");
}

static void write_head(struct buf *out, const struct answer_date *date)
{
	buf_append_str(out, "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nDate: ");
	buf_append_str(out, date->text);
	buf_append_str(out, "\r\n");
}

static void write_refused(struct buf *out, const struct answer *a)
{
	const struct http_refusal_info *info = refusal_info(a->refusal);
	enum grpc_code code = grpc_code_of(a->refusal);

	buf_printf(out, "Grpc-Status: %d\r\nGrpc-Message: ", (int)code);
	grpc_write_message(out, info->detail);
	buf_append_str(out, "\r\n");
	if (a->refusal == REFUSAL_GRPC_ENCODING)
		buf_append_str(out, "Grpc-Accept-Encoding: identity,gzip\r\n");
	if (info->status == 503 || info->status == 429)
		write_details(out, code, info->detail, a->retry_after_s);
	buf_append_str(out, "\r\n");
}

void answer_grpc_write_serving(char message[GRPC_SERVING_BYTES], enum grpc_serving serving)
{
	grpc_frame_write_prefix(message, GRPC_SERVING_BYTES - GRPC_PREFIX_BYTES);
	message[GRPC_PREFIX_BYTES] = 1 << 3 | VARINT;
	message[GRPC_PREFIX_BYTES + 1] = (char)serving;
}

static void write_accepted(struct buf *out, const struct answer *a)
{
	char empty[GRPC_PREFIX_BYTES];

	if (a->analyzer[0])
		buf_printf(out, "Weir-Analyzer: %s\r\n", a->analyzer);
	buf_append_str(out, "\r\n");
	grpc_frame_write_prefix(empty, 0);
	buf_append(out, empty, sizeof(empty));
}

static void write_health(struct buf *out, const struct answer *a)
{
	char message[GRPC_SERVING_BYTES];

	answer_grpc_write_serving(message, a->status == 200 ? GRPC_SERVING : GRPC_NOT_SERVING);
	buf_append_str(out, "\r\n");
	buf_append(out, message, sizeof(message));
}

void answer_grpc_write(struct buf *out, const struct answer *a, const struct answer_date *date)
{
	write_head(out, date);
	switch (a->kind) {
	case ANSWER_ACCEPTED:
		write_accepted(out, a);
		return;
	case ANSWER_REFUSED:
		write_refused(out, a);
		return;
	default:
		assert(a->kind == ANSWER_TEXT);
		write_health(out, a);
	}
}
