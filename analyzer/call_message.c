#include "analyzer/call_message.h"

#include <strings.h>

#include "analyzer/request_body.h"
#include "common/codec/codec_limits.h"
#include "common/grpc/grpc_frame.h"

static bool is_gzip(const struct front_request *rq)
{
	const char *encoding = rq->fields[FIELD_CONTENT_ENCODING];

	return encoding && strcasecmp(encoding, "gzip") == 0;
}

static bool is_known(const struct front_request *rq)
{
	const char *encoding = rq->fields[FIELD_CONTENT_ENCODING];

	return !encoding || is_gzip(rq) || strcasecmp(encoding, "identity") == 0;
}

/* The body is one frame, and nothing else. */
static enum refusal find(const struct front_request *rq, struct grpc_frame *frame,
			 struct http_slice *bytes)
{
	struct http_slice input = { rq->body.data, rq->body.len };
	enum grpc_frame_event event;

	do
		event = grpc_frame_feed(frame, &input, bytes);
	while (event == GRPC_FRAME_BEGINS || event == GRPC_FRAME_BYTES);
	return event == GRPC_FRAME_MORE && grpc_frame_is_whole(frame) ? REFUSED_NOT : REFUSED_FRAME;
}

static enum refusal unpack(struct call_message *message, struct http_slice packed, size_t max_bytes)
{
	const struct codec_names announced = { 1, { CODEC_GZIP } };
	struct codec_bytes bytes;
	enum refusal refusal;

	message->codec = codec_new(&(struct codec_memory){ 0 });
	if (!message->codec)
		return REFUSED_MEMORY;
	refusal = request_body_refusal(codec_unpack(message->codec, packed.data, packed.len,
						    &announced, max_bytes, &bytes),
				       REFUSED_FRAME);
	if (refusal)
		return refusal;
	message->data = bytes.len > 0 ? bytes.data : "";
	message->len = bytes.len;
	return REFUSED_NOT;
}

enum refusal call_message_read(const struct front_request *rq, size_t max_bytes,
			       struct call_message *message)
{
	struct grpc_frame frame = { .n_prefix = 0 };
	struct http_slice bytes = { "", 0 };
	enum refusal refusal;

	*message = (struct call_message){ 0 };
	if (!is_known(rq))
		return REFUSED_ENCODING;
	refusal = find(rq, &frame, &bytes);
	if (refusal)
		return refusal;
	if (frame.is_compressed)
		return is_gzip(rq) ? unpack(message, bytes, max_bytes) : REFUSED_FRAME;
	if (bytes.len > max_bytes)
		return REFUSED_TOO_LARGE;
	message->data = bytes.data;
	message->len = bytes.len;
	return REFUSED_NOT;
}

void call_message_deinit(struct call_message *message)
{
	if (message->codec)
		codec_release(message->codec);
	codec_free(message->codec);
	*message = (struct call_message){ 0 };
}
