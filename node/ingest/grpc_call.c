#include "node/ingest/grpc_call.h"

#include <assert.h>
#include <strings.h>

#include "common/codec/codec.h"
#include "common/http/http_text.h"

struct grpc_call *grpc_call_new(const struct h2_head *head, uint64_t now_us)
{
	struct http_slice encoding = h2_head_part(head, head->grpc_encoding);
	struct http_slice timeout = h2_head_part(head, head->grpc_timeout);
	struct grpc_call *call = calloc(1, sizeof(*call));
	uint64_t timeout_us;

	if (!call)
		return NULL;
	call->method = grpc_find_method(h2_head_part(head, head->path));
	call->is_announced = encoding.len > 0 && !HTTP_IS_WORD(encoding, "identity");
	call->deadline_us = UINT64_MAX;
	if (grpc_read_timeout(timeout, &timeout_us))
		call->deadline_us = now_us + timeout_us;
	else
		call->is_malformed = timeout.len > 0;
	return call;
}

static enum refusal check_prefix(const struct grpc_call *call, uint64_t max_bytes)
{
	bool is_question = call->method == GRPC_CHECK || call->method == GRPC_WATCH;

	if (call->frame.is_compressed && !call->is_announced)
		return REFUSAL_GRPC_FRAME;
	if (is_question && max_bytes > GRPC_QUESTION_BYTES)
		max_bytes = GRPC_QUESTION_BYTES;
	return call->frame.len > max_bytes ? (enum refusal)HTTP_BODY_TOO_LARGE : REFUSAL_NONE;
}

enum refusal grpc_call_take(struct grpc_call *call, uint64_t max_bytes, struct http_slice *inputp,
			    struct http_slice *bytesp)
{
	struct http_slice bytes;

	*bytesp = (struct http_slice){ "", 0 };
	switch (grpc_frame_feed(&call->frame, inputp, &bytes)) {
	case GRPC_FRAME_BAD:
		return REFUSAL_GRPC_FRAME;
	case GRPC_FRAME_BEGINS:
		return check_prefix(call, max_bytes);
	case GRPC_FRAME_MORE:
		return REFUSAL_NONE;
	default:
		break;
	}
	if (call->method == GRPC_EXPORT) {
		*bytesp = bytes;
		return REFUSAL_NONE;
	}
	assert(bytes.len <= sizeof(call->question) - call->n_question);
	memcpy(call->question + call->n_question, bytes.data, bytes.len);
	call->n_question += bytes.len;
	return REFUSAL_NONE;
}

/* ---- questions about health ---- */

/* The whole node has the name "". */
static bool is_known(const struct http_slice *service)
{
	const char *path = grpc_path(GRPC_EXPORT) + 1;
	size_t n = strcspn(path, "/");

	return service->len == 0 || (service->len == n && memcmp(service->data, path, n) == 0);
}

static enum refusal answer_question(struct grpc_call *call, const char *data, size_t len)
{
	struct http_slice service;

	if (grpc_health_read_service(data, len, &service) != 0)
		return REFUSAL_BAD_FORMAT;
	if (is_known(&service))
		return REFUSAL_NONE;
	if (call->method == GRPC_CHECK)
		return REFUSAL_UNKNOWN_SERVICE;
	call->serving = GRPC_SERVICE_UNKNOWN;
	return REFUSAL_NONE;
}

static bool take(void *memory, size_t n_bytes)
{
	return memory_take(memory, n_bytes);
}

static void give(void *memory, size_t n_bytes)
{
	memory_give(memory, n_bytes);
}

/* Some clients compress whatever they send. */
static enum refusal unpack_question(struct grpc_call *call, struct memory *memory)
{
	struct codec_names announced = { 1, { CODEC_GZIP } };
	struct codec *codec = codec_new(&(struct codec_memory){ take, give, memory });
	enum refusal refusal = REFUSAL_BAD_ENCODING;
	struct codec_bytes bytes;

	if (!codec)
		return REFUSAL_NO_MEMORY;
	if (codec_unpack(codec, call->question, call->n_question, &announced, GRPC_QUESTION_BYTES,
			 &bytes) == 0)
		refusal = answer_question(call, bytes.data, bytes.len);
	codec_free(codec);
	return refusal;
}

enum refusal grpc_call_end(struct grpc_call *call, struct memory *memory, uint64_t now_us)
{
	if (!grpc_frame_is_whole(&call->frame))
		return REFUSAL_GRPC_FRAME;
	if (now_us >= call->deadline_us)
		return REFUSAL_DEADLINE;
	if (call->method == GRPC_EXPORT)
		return REFUSAL_NONE;
	return call->frame.is_compressed ? unpack_question(call, memory)
					 : answer_question(call, call->question, call->n_question);
}
