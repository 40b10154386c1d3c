#include "common/grpc/grpc_answer.h"

#include <stdio.h>
#include <string.h>

#include "common/grpc/grpc_code.h"
#include "common/grpc/grpc_frame.h"
#include "common/grpc/grpc_retry.h"
#include "common/grpc/grpc_text.h"

#define MESSAGE_BYTES 240 /* of the words */

/* One line for a log: what is not visible ASCII becomes a question mark. */
static void make_visible(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	text[len] = '\0';
}

static void write_words(struct grpc_answer *answer, enum grpc_code code, const char *message)
{
	char text[MESSAGE_BYTES + 1];
	size_t n = message ? grpc_read_message(message, text, MESSAGE_BYTES) : 0;

	make_visible(text, n);
	snprintf(answer->words, sizeof(answer->words), "%s%s%s", grpc_code_name(code),
		 n ? ": " : "", text);
}

/*
 * Whatever stands between may answer with HTTP alone. Its 400, 415 and 422 say nothing of packets, as
 * it knows no calls.
 */
static int read_http(const struct grpc_stream *stream, struct grpc_answer *answer,
		     const char **whyp)
{
	int status = stream->http_status;

	if (status < 300) {
		*whyp = "the answer has no grpc-status";
		return GRPC_ANSWER_E_BROKEN;
	}
	snprintf(answer->words, sizeof(answer->words), "HTTP %d without a grpc-status", status);
	answer->status = status == 400 || status == 415 || status == 422 ? 502 : status;
	return 0;
}

/* Exactly one message, not compressed. */
static const char *read_body(const struct grpc_stream *stream, struct grpc_answer *answer)
{
	struct http_slice input = { stream->body, stream->body_len }, bytes;
	struct grpc_frame frame = { .n_prefix = 0 };

	if (!stream->is_whole)
		return "the answer is cut off";
	if (grpc_frame_feed(&frame, &input, &bytes) != GRPC_FRAME_BEGINS)
		return "the answer has no message";
	if (frame.is_compressed)
		return "the answer is compressed";
	if (stream->n_body_bytes - GRPC_PREFIX_BYTES != frame.len)
		return "the answer is not one message of the length that it tells";
	if (input.len == frame.len) {
		answer->message = input.data;
		answer->message_len = input.len;
	}
	return NULL;
}

/* A refusal counts however its stream ended. */
int grpc_answer_read(const struct grpc_stream *stream, struct grpc_answer *answer,
		     const char **whyp)
{
	enum grpc_code code;
	uint32_t seconds = 0;
	bool may_retry;

	*answer = (struct grpc_answer){ .retry_after_s = -1 };
	*whyp = NULL;
	if (!stream->status)
		return read_http(stream, answer, whyp);
	if (!grpc_code_read(stream->status, &code))
		code = GRPC_UNKNOWN_ERROR;
	if (code == GRPC_OK) {
		answer->status = 200;
		*whyp = read_body(stream, answer);
		return *whyp ? GRPC_ANSWER_E_BROKEN : 0;
	}
	may_retry = stream->details && grpc_retry_read(stream->details, &seconds);
	answer->status = grpc_code_status(code, may_retry);
	if (may_retry)
		answer->retry_after_s = (int32_t)(seconds < INT32_MAX ? seconds : INT32_MAX);
	write_words(answer, code, stream->message);
	return 0;
}
