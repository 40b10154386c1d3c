#include "node/ingest/answer_grpc.h"

#include "common/grpc/grpc_frame.h"
#include "common/grpc/grpc_health.h"
#include "common/grpc/grpc_retry.h"

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
	if (info->status == 503 || info->status == 429) {
		buf_append_str(out, "Grpc-Status-Details-Bin: ");
		grpc_retry_write(out, code, info->detail, a->retry_after_s);
		buf_append_str(out, "\r\n");
	}
	buf_append_str(out, "\r\n");
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

	grpc_health_write_serving(message, a->status == 200 ? GRPC_SERVING : GRPC_NOT_SERVING);
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
